// What a receipt commits to, hashed again with Node's own SHA-256.

const { createHash } = require("node:crypto");

const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

const sha256 = (...parts) => createHash("sha256").update(Buffer.concat(parts)).digest();

/** Whether the receipt is about these bytes, and its entry is in the tree of its checkpoint. */
function proves(decode, receipt, data) {
  const entry = decode("unefois.ledger.v1.Entry", receipt.entry);
  const personal = decode("unefois.ledger.v1.PersonalPart", receipt.personal_part);
  return (
    sha256(personal.payload_blind, data).equals(personal.payload_commitment) &&
    sha256(receipt.personal_blind, receipt.personal_part).equals(entry.personal_hash) &&
    isInTree(receipt)
  );
}

/** Whether the acknowledgement is about these bytes, and its entry is in the tree of its checkpoint. */
function keeps({ decode, encode }, kept, data) {
  const item = encode("unefois.ledger.v1.PublishedItem", {
    record_id: Buffer.from(kept.record_id.replaceAll("-", ""), "hex"),
    revision: kept.revision,
    commitment: sha256(kept.blind, data),
  });
  const entry = decode("unefois.ledger.v1.Entry", kept.receipt.entry);
  const { publication } = decode("unefois.ledger.v1.PublicPart", entry.public_part);
  const root = rootOf(sha256(LEAF, item), kept.item_index, publication.count, kept.item_path);
  return root !== null && root.equals(publication.root) && isInTree(kept.receipt);
}

function isInTree(receipt) {
  const [, size, root] = receipt.checkpoint.split("\n");
  const found = rootOf(sha256(LEAF, receipt.entry), receipt.index, Number(size), receipt.inclusion_path);
  return found !== null && found.equals(Buffer.from(root, "base64"));
}

/** The root that an inclusion path leads to (RFC 9162, 2.1.3.2); null when the path has another length. */
function rootOf(leaf, index, size, path) {
  let node = leaf;
  let last = size - 1;
  if (index < 0 || index > last) return null;
  for (const sibling of path) {
    if (last === 0) return null;
    if (index % 2 === 1 || index === last) {
      node = sha256(NODE, sibling, node);
      while (index % 2 === 0 && index !== 0) {
        index = Math.floor(index / 2);
        last = Math.floor(last / 2);
      }
    } else {
      node = sha256(NODE, node, sibling);
    }
    index = Math.floor(index / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? node : null;
}

module.exports = { proves, keeps };
