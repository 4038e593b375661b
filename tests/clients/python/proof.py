"""What a receipt commits to, hashed again with the standard library alone."""

import hashlib
from base64 import b64decode

from unefois.ledger.v1 import entry_pb2, receipt_pb2


def proves(receipt: receipt_pb2.ExchangeReceipt, data: bytes) -> bool:
    """Whether the receipt is about these bytes, and its entry is in the tree of its checkpoint.

    What is left to whoever keeps the hub's public key is the Ed25519 signature of the checkpoint.
    """
    entry = entry_pb2.Entry.FromString(receipt.entry)
    personal = entry_pb2.PersonalPart.FromString(receipt.personal_part)
    return (
        _sha256(personal.payload_blind + data) == personal.payload_commitment
        and _sha256(receipt.personal_blind + receipt.personal_part) == entry.personal_hash
        and _is_in_tree(receipt)
    )


def keeps(acknowledgement, data: bytes) -> bool:
    """Whether the acknowledgement is about these bytes, and its entry is in the tree of its checkpoint."""
    item = entry_pb2.PublishedItem(
        record_id=bytes.fromhex(acknowledgement.record_id.replace("-", "")),
        revision=acknowledgement.revision,
        commitment=_sha256(acknowledgement.blind + data),
    )
    entry = entry_pb2.Entry.FromString(acknowledgement.receipt.entry)
    publication = entry_pb2.PublicPart.FromString(entry.public_part).publication
    leaf = _leaf(item.SerializeToString(deterministic=True))
    root = _root(leaf, acknowledgement.item_index, publication.count, acknowledgement.item_path)
    return root == publication.root and _is_in_tree(acknowledgement.receipt)


def _is_in_tree(receipt: receipt_pb2.ExchangeReceipt) -> bool:
    _origin, size, root = receipt.checkpoint.split("\n")[:3]
    return _root(_leaf(receipt.entry), receipt.index, int(size), receipt.inclusion_path) == b64decode(root)


def _root(node: bytes, index: int, size: int, path) -> bytes | None:
    """The root that an inclusion path leads to (RFC 9162, 2.1.3.2); None when the path has another length."""
    last = size - 1
    if not 0 <= index <= last:
        return None
    for sibling in path:
        if last == 0:
            return None
        if index % 2 == 1 or index == last:
            node = _node(sibling, node)
            while index % 2 == 0 and index != 0:
                index, last = index >> 1, last >> 1
        else:
            node = _node(node, sibling)
        index, last = index >> 1, last >> 1
    return node if last == 0 else None


def _leaf(entry: bytes) -> bytes:
    return _sha256(b"\x00" + entry)


def _node(left: bytes, right: bytes) -> bytes:
    return _sha256(b"\x01" + left + right)


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
