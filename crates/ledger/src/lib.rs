//! The tamper-evident log: entries and their bytes, the Merkle tree over them, checkpoints, proofs and their
//! verification.
//!
//! This room is pure: it reads no storage, no clock and no random source. `store` keeps what it makes, and gives back
//! what it asks for; a verifier needs nothing but this room and the hub's public key.
//!
//! The way of an entry, file by file:
//!
//! 1. [`Entry::leaf_bytes`] makes its bytes, once (`entry`, `commitment`);
//! 2. [`leaf_hash`] and [`Tree::append`] put it in the tree, in memory (`hash`, `tree`, `tile`);
//! 3. [`SigningKey::sign`] signs the new head as a C2SP checkpoint (`checkpoint`);
//! 4. [`Receipt`] carries all of it to the caller, whose [`Receipt::verify`] needs no hub (`receipt`);
//! 5. [`ProofPlan`] proves it again later, from stored tiles (`proof`);
//! 6. [`verify_export`] checks a whole shard from a file, and names the entry that was changed (`export`).
//!
//! What is deliberately absent: storage, network, and the sealing of personal parts (`vault`).

mod batch;
mod checkpoint;
mod commitment;
mod entry;
mod export;
mod hash;
mod proof;
mod receipt;
mod tile;
mod tree;

pub use batch::{BatchTree, root_of};
pub use checkpoint::{Checkpoint, InvalidCheckpoint, InvalidKey, SigningKey, VerifyingKey, shard_origin, shard_slot};
pub use commitment::{Blind, commit, sha256};
pub use entry::{
    Change, Delivery, DossierTerms, ENTRY_FORMAT, Entry, EntryKind, InvalidEntry, Operation, Outcome, PersonalOpening,
    PersonalPart, PublicPart, Publication, PublishedItem, Purpose, Source, decode_leaf, decode_personal,
};
pub use export::{EXPORT_LINE_BYTES_MAX, ExportWriter, Finding, Report, verify_export, verify_export_of_hub};
pub use hash::{Hash, InvalidHash, TreeHead, empty_root, leaf_hash};
pub use proof::{InvalidProof, ProofPlan, UnprovableRequest, WrongTiles, check_consistency, check_inclusion};
pub use receipt::{InvalidPayload, InvalidReceipt, Receipt, Verified};
pub use tile::{InvalidTile, TILE_WIDTH, Tile, TileNeed, TileSource, tile_hashes, tile_root};
pub use tree::{Appended, InvalidEdge, TREE_SIZE_MAX, Tree};
