package org.unefois.example;

import com.google.protobuf.ByteString;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import org.unefois.ledger.v1.Entry;
import org.unefois.ledger.v1.ExchangeReceipt;
import org.unefois.ledger.v1.PersonalPart;
import org.unefois.ledger.v1.PublicPart;
import org.unefois.ledger.v1.Publication;
import org.unefois.ledger.v1.PublishedItem;
import org.unefois.publication.v1.Acknowledgement;

/** What a receipt commits to, hashed again with the JDK alone. */
final class Proof {
  private static final ByteString LEAF = ByteString.copyFrom(new byte[] {0});
  private static final ByteString NODE = ByteString.copyFrom(new byte[] {1});

  private Proof() {}

  /**
   * Whether the receipt is about these bytes, and its entry is in the tree of its checkpoint. What is left to whoever
   * keeps the hub's public key is the Ed25519 signature of the checkpoint.
   */
  static boolean proves(ExchangeReceipt receipt, ByteString data) throws Exception {
    Entry entry = Entry.parseFrom(receipt.getEntry());
    PersonalPart personal = PersonalPart.parseFrom(receipt.getPersonalPart());
    return sha256(personal.getPayloadBlind(), data).equals(personal.getPayloadCommitment())
        && sha256(receipt.getPersonalBlind(), receipt.getPersonalPart()).equals(entry.getPersonalHash())
        && isInTree(receipt);
  }

  /** Whether the acknowledgement is about these bytes, and its entry is in the tree of its checkpoint. */
  static boolean keeps(Acknowledgement kept, ByteString data) throws Exception {
    PublishedItem item = PublishedItem.newBuilder()
        .setRecordId(Words.bytesOf(kept.getRecordId()))
        .setRevision(kept.getRevision())
        .setCommitment(sha256(kept.getBlind(), data))
        .build();
    Entry entry = Entry.parseFrom(kept.getReceipt().getEntry());
    Publication publication = PublicPart.parseFrom(entry.getPublicPart()).getPublication();
    ByteString leaf = sha256(LEAF, item.toByteString());
    ByteString root = root(leaf, kept.getItemIndex(), publication.getCount(), kept.getItemPathList());
    return publication.getRoot().equals(root) && isInTree(kept.getReceipt());
  }

  private static boolean isInTree(ExchangeReceipt receipt) throws Exception {
    String[] lines = receipt.getCheckpoint().split("\n");
    ByteString leaf = sha256(LEAF, receipt.getEntry());
    long size = Long.parseUnsignedLong(lines[1]);
    ByteString root = root(leaf, receipt.getIndex(), size, receipt.getInclusionPathList());
    return ByteString.copyFrom(Base64.getDecoder().decode(lines[2])).equals(root);
  }

  /** The root that an inclusion path leads to (RFC 9162, 2.1.3.2); null when the path has another length. */
  private static ByteString root(ByteString leaf, long index, long size, List<ByteString> path) throws Exception {
    ByteString node = leaf;
    long last = size - 1;
    if (index < 0 || index > last) {
      return null;
    }
    for (ByteString sibling : path) {
      if (last == 0) {
        return null;
      }
      if (index % 2 == 1 || index == last) {
        node = sha256(NODE, sibling, node);
        while (index % 2 == 0 && index != 0) {
          index >>= 1;
          last >>= 1;
        }
      } else {
        node = sha256(NODE, node, sibling);
      }
      index >>= 1;
      last >>= 1;
    }
    return last == 0 ? node : null;
  }

  private static ByteString sha256(ByteString... parts) throws Exception {
    MessageDigest digest = MessageDigest.getInstance("SHA-256");
    for (ByteString part : parts) {
      digest.update(part.asReadOnlyByteBuffer());
    }
    return ByteString.copyFrom(digest.digest());
  }
}
