//! Auditing: searching the ledger, exporting it, proving it. Searches and exports are entries themselves.

mod merge;
pub(crate) mod page;
mod search;
mod shards;

use unefois_core::{Caller, Reason};
use unefois_ledger::{EntryKind, Hash, Outcome, PersonalPart, PublicPart};
use unefois_store::LeafRow;
use uuid::Uuid;

use crate::{
    entry::Draft,
    failure::Failure,
    hub::Hub,
    recorder::{Pending, Recorded},
    subject::Known,
    tree,
};

pub(crate) use page::PagePlace;
pub use search::{AuditSearch, FoundEntry, OutcomeCount, SearchPage};
pub use shards::ShardHead;

/// The proof that an entry is in the tree.
#[derive(Debug, Clone)]
pub struct InclusionProof {
    /// The bytes of the entry.
    pub leaf: Vec<u8>,
    /// The path, from the leaf upwards.
    pub path: Vec<Hash>,
    /// The size of the tree.
    pub tree_size: u64,
    /// The newest checkpoint.
    pub checkpoint: String,
}

/// The proof that one tree continues another.
#[derive(Debug, Clone)]
pub struct ConsistencyProof {
    /// The path.
    pub path: Vec<Hash>,
    /// The size of the larger tree.
    pub to_size: u64,
    /// The newest checkpoint.
    pub checkpoint: String,
}

/// An export of one shard that has begun: it covers the entries below the size of its checkpoint.
#[derive(Debug, Clone)]
pub struct Export {
    hub: Hub,
    next: u64,
    shard: ShardHead,
}

impl Hub {
    /// Proves that the entry at `index` of a shard is in its tree of `tree_size`, or in the newest when that is 0. An
    /// empty `origin` is that of slot 0.
    ///
    /// # Errors
    /// `ARGUMENT_INVALID` when that tree has no such entry, or there is no such shard.
    pub async fn inclusion_proof(&self, origin: &str, index: u64, tree_size: u64) -> Result<InclusionProof, Failure> {
        let ShardHead { slot, size, checkpoint, .. } = self.shard(origin).await?;
        let tree_size = if tree_size == 0 { size } else { tree_size };
        if index >= tree_size || tree_size > size {
            let rule = format!("the newest tree has {size} entries");
            return Err(Failure::field(Reason::ArgumentInvalid, "index", rule));
        }
        let entry = self.store.entry_fetch(slot, index).await?.ok_or_else(|| Failure::new(Reason::NotFound))?;
        let path = tree::inclusion_path(&self.store, slot, index, tree_size).await?;
        Ok(InclusionProof { leaf: entry.leaf, path, tree_size, checkpoint: checkpoint.to_string() })
    }

    /// Proves that the tree of `to_size` of a shard, or the newest when that is 0, continues its tree of `from_size`. An
    /// empty `origin` is that of slot 0.
    ///
    /// # Errors
    /// `ARGUMENT_INVALID` when the sizes are not those of two trees, the smaller first, or there is no such shard.
    pub async fn consistency_proof(
        &self,
        origin: &str,
        from_size: u64,
        to_size: u64,
    ) -> Result<ConsistencyProof, Failure> {
        let ShardHead { slot, size, checkpoint, .. } = self.shard(origin).await?;
        let to_size = if to_size == 0 { size } else { to_size };
        if from_size == 0 || from_size > to_size || to_size > size {
            let rule = format!("1 to {size}, the smaller first");
            return Err(Failure::field(Reason::ArgumentInvalid, "from_size", rule));
        }
        let path = tree::consistency_path(&self.store, slot, from_size, to_size).await?;
        Ok(ConsistencyProof { path, to_size, checkpoint: checkpoint.to_string() })
    }

    /// Begins an export of a shard from `from_index` on; an empty `origin` is that of slot 0. It is an entry of this
    /// node's shard, and covered where that is the one exported.
    ///
    /// # Errors
    /// `ARGUMENT_INVALID` when there is no such shard, or nothing in it that a checkpoint could cover; or the store cannot
    /// be written.
    pub async fn export(
        &self,
        caller: &Caller,
        origin: &str,
        from_index: u64,
        case_reference: &str,
        query: Vec<u8>,
    ) -> Result<Export, Failure> {
        let shard = self.shard(origin).await?;
        if shard.size == 0 && shard.slot != self.slot {
            return Err(Failure::field(Reason::ArgumentInvalid, "origin", "the origin of a shard that holds entries"));
        }
        let personal = PersonalPart { case_reference: case_reference.to_owned(), query, ..PersonalPart::default() };
        self.record_query(caller, None, "/unefois.audit.v1.AuditService/ExportEntries", personal).await?;
        Ok(Export { hub: self.clone(), next: from_index, shard: self.shard_in(shard.slot).await? })
    }

    /// Records a look at what concerns one subject.
    pub(crate) async fn record_view(
        &self,
        caller: &Caller,
        known: &Known,
        case_reference: &str,
        method: &str,
    ) -> Result<Uuid, Failure> {
        let personal = PersonalPart {
            subject_pseudonym: self.pseudonyms.subject_for_consumer(known.root, caller.agency.as_str()).to_vec(),
            case_reference: case_reference.to_owned(),
            ..PersonalPart::default()
        };
        self.record_act(caller, Some(known), EntryKind::SubjectView, method, personal).await
    }

    /// Records an auditor's query, under the key of the subject that it is about, or of the ledger.
    pub(crate) async fn record_query(
        &self,
        caller: &Caller,
        about: Option<&Known>,
        method: &str,
        personal: PersonalPart,
    ) -> Result<Uuid, Failure> {
        self.record_act(caller, about, EntryKind::AuditQuery, method, personal).await
    }

    async fn record_act(
        &self,
        caller: &Caller,
        about: Option<&Known>,
        kind: EntryKind,
        method: &str,
        personal: PersonalPart,
    ) -> Result<Uuid, Failure> {
        let key = match about {
            Some(known) => self.keys.open(known.trace_key).await?,
            None => self.keys.of_ledger(self.clock.now()).await?,
        };
        let public = PublicPart {
            kind: kind.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: caller.agency.to_string(),
            caller_system: caller.system.clone(),
            method: method.to_owned(),
            ..PublicPart::default()
        };
        let draft =
            Draft::new(public, Uuid::now_v7()).sealed(&personal, &key, about.map(|known| known.root), &self.origin);
        let id = self.record_draft(draft).await?;
        // The recorder has caught up with what other nodes put in force: nothing is shown to a certificate that one of
        // them had revoked.
        if self.registry().is_revoked(&caller.certificate) {
            return Err(Failure::new(Reason::CertificateRevoked).recorded_as(id));
        }
        Ok(id)
    }

    /// Records an entry that depends on no agreement.
    pub(crate) async fn record_draft(&self, draft: Draft) -> Result<Uuid, Failure> {
        let epoch = self.authority.load().epoch;
        match self.recorder.record(Pending { draft: Box::new(draft), epoch, release: None }).await? {
            Recorded::Placed { placed, .. } => Ok(placed.id),
            Recorded::AlreadyClaimed => Err(Failure::new(Reason::Internal)),
        }
    }
}

impl Export {
    /// The next entries, in order; empty when all are exported.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn next(&mut self) -> Result<Vec<LeafRow>, Failure> {
        let count = self.hub.limits.export_chunk_entries;
        let rows = self.hub.store.leaves_list(self.shard.slot, self.next, self.shard.size, count).await?;
        if let Some(last) = rows.last() {
            self.next = last.index + 1;
        }
        Ok(rows)
    }

    /// The checkpoint that covers the export.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.shard.checkpoint
    }
}
