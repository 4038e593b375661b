//! Proofs about a stored tree, and their verification.
//!
//! A proof is made in two steps, because this room reads no storage: [`ProofPlan`] says which tiles it needs, whoever
//! keeps them fetches them, and [`ProofPlan::prove`] makes the proof.

mod check;
mod plan;

pub use check::{InvalidProof, check_consistency, check_inclusion};
pub use plan::{ProofPlan, UnprovableRequest, WrongTiles};
