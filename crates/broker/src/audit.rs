//! Auditing: searching the ledger, exporting it, proving it. Searches and exports are entries themselves.

mod page;
mod search;

use unefois_core::{Caller, Reason};
use unefois_ledger::{EntryKind, Hash, Outcome, PersonalPart, PublicPart};
use unefois_store::LeafRow;
use uuid::Uuid;

use crate::{
    entry::Draft,
    failure::Failure,
    hub::Hub,
    recorder::{Head, Pending, Recorded},
    subject::Known,
    tree,
};

pub(crate) use page::PagePlace;
pub use search::{AuditSearch, FoundEntry, OutcomeCount, SearchPage};

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

/// An export that has begun: it covers the entries below the size of its checkpoint.
#[derive(Debug, Clone)]
pub struct Export {
    hub: Hub,
    next: u64,
    head: Head,
}

impl Hub {
    /// The newest checkpoint, and the public key that verifies it.
    #[must_use]
    pub fn checkpoint(&self) -> (String, String) {
        (self.recorder.head().checkpoint.to_string(), self.verifying_key.to_string())
    }

    /// Proves that the entry at `index` is in the tree of `tree_size`, or of the newest when it is 0.
    ///
    /// # Errors
    /// `ARGUMENT_INVALID` when that tree has no such entry.
    pub async fn inclusion_proof(&self, index: u64, tree_size: u64) -> Result<InclusionProof, Failure> {
        let head = self.recorder.head();
        let tree_size = if tree_size == 0 { head.size } else { tree_size };
        if index >= tree_size || tree_size > head.size {
            let rule = format!("the newest tree has {} entries", head.size);
            return Err(Failure::field(Reason::ArgumentInvalid, "index", rule));
        }
        let entry = self.store.entry_fetch(self.slot, index).await?.ok_or_else(|| Failure::new(Reason::NotFound))?;
        let path = tree::inclusion_path(&self.store, self.slot, index, tree_size).await?;
        Ok(InclusionProof { leaf: entry.leaf, path, tree_size, checkpoint: head.checkpoint.to_string() })
    }

    /// Proves that the tree of `to_size`, or the newest when it is 0, continues the tree of `from_size`.
    ///
    /// # Errors
    /// `ARGUMENT_INVALID` when the sizes are not those of two trees, the smaller first.
    pub async fn consistency_proof(&self, from_size: u64, to_size: u64) -> Result<ConsistencyProof, Failure> {
        let head = self.recorder.head();
        let to_size = if to_size == 0 { head.size } else { to_size };
        if from_size == 0 || from_size > to_size || to_size > head.size {
            let rule = format!("1 to {}, the smaller first", head.size);
            return Err(Failure::field(Reason::ArgumentInvalid, "from_size", rule));
        }
        let path = tree::consistency_path(&self.store, self.slot, from_size, to_size).await?;
        Ok(ConsistencyProof { path, to_size, checkpoint: head.checkpoint.to_string() })
    }

    /// Begins an export from `from_index` on. It is an entry, which the export covers.
    ///
    /// # Errors
    /// The store cannot be written.
    pub async fn export(
        &self,
        caller: &Caller,
        from_index: u64,
        case_reference: &str,
        query: Vec<u8>,
    ) -> Result<Export, Failure> {
        let personal = PersonalPart { case_reference: case_reference.to_owned(), query, ..PersonalPart::default() };
        self.record_query(caller, None, "/unefois.audit.v1.AuditService/ExportEntries", personal).await?;
        Ok(Export { hub: self.clone(), next: from_index, head: self.recorder.head() })
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
        let draft = Draft::new(public, Uuid::now_v7()).sealed(&personal, &key, &self.origin);
        self.record_draft(draft).await
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
        let rows = self.hub.store.leaves_list(self.hub.slot, self.next, self.head.size, count).await?;
        if let Some(last) = rows.last() {
            self.next = last.index + 1;
        }
        Ok(rows)
    }

    /// The checkpoint that covers the export.
    #[must_use]
    pub fn checkpoint(&self) -> &str {
        &self.head.checkpoint
    }
}
