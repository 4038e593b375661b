//! Erasure: the keys of a subject are destroyed, and the rows by which it could be found are removed.
//!
//! First one transaction takes away all that leads to the subject, records who erased it, and notes which keys may
//! never come back; then the keys are destroyed; then the traces are removed in slices between the batches. A crash in
//! between is found again at the next start, before anybody is served.

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::oneshot;
use unefois_core::{Caller, ErasureScope, Identifier, Reason};
use unefois_ledger::{Change, EntryKind, Outcome, PersonalPart, PublicPart};
use unefois_store::{ErasureNumber, Reach, Transaction};
use unefois_vault::KeyUse;
use uuid::Uuid;

use crate::{
    entry::{Draft, Placed},
    failure::Failure,
    hub::Hub,
    keys::OpenKey,
    recorder::{Act, Effect, Performed, Place},
    subject::{one_subject, pseudonym},
};

/// What an erasure did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Erased {
    /// The entry that records it.
    pub exchange_id: Uuid,
    /// How many records are gone.
    pub records: u64,
    /// How many entries lost their personal part.
    pub traces: u64,
}

/// How many traces one slice removes.
const SLICE: u32 = 1_000;
/// How many destroyed keys are looked at in one go when the hub starts.
const KEYS_SLICE: u32 = 10_000;

impl Hub {
    /// Erases what the hub keeps of a subject, in all the files that were joined to it. When this returns the keys are
    /// destroyed and the rows are gone.
    ///
    /// # Errors
    /// `SUBJECT_UNKNOWN` for one that the hub does not know, or not any more.
    pub async fn erase(
        &self,
        caller: &Caller,
        subject: &Identifier,
        scope: ErasureScope,
        case_reference: &str,
    ) -> Result<Erased, Failure> {
        let (answer, answered) = oneshot::channel();
        let act = Erase {
            hub: self.clone(),
            caller: caller.clone(),
            pseudonym: pseudonym(&self.pseudonyms, subject),
            scope,
            case_reference: case_reference.to_owned(),
            begun: None,
            answer: Some(answer),
        };
        let (exchange_id, begun) = self.recorder.perform(Box::new(act), answered).await?;
        // A task of its own: a caller that hangs up must not leave an erasure half done until the next start.
        let hub = self.clone();
        let purging = tokio::spawn(async move { hub.purge(begun.number).await });
        let traces = begun.traces + purging.await.map_err(Failure::internal)??;
        Ok(Erased { exchange_id, records: begun.records, traces })
    }

    /// Finishes what a crash left undone: destroys keys that an erasure, or a restored key store, has left, and removes
    /// the traces that were not removed yet.
    pub(crate) async fn erasures_finish(&self) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let keys = self.store.erased_keys_list(after, KEYS_SLICE).await?;
            let Some(last) = keys.last() else { break };
            after = Some(*last);
            self.keys.destroy_stored(&keys).await?;
        }
        for number in self.store.erasures_open_list().await? {
            let traces = self.purge(number).await?;
            tracing::info!(traces, "an erasure that was interrupted is done");
        }
        Ok(())
    }

    /// Removes the traces of an erasure, slice by slice. Gives how many.
    async fn purge(&self, number: ErasureNumber) -> Result<u64, Failure> {
        let mut traces = 0;
        loop {
            let (answer, answered) = oneshot::channel();
            let slice = Purge { number, removed: 0, answer: Some(answer) };
            self.recorder.act_when_there_is_room(Box::new(slice)).await?;
            match answered.await.unwrap_or_else(|_closed| Err(Failure::stopping()))? {
                0 => return Ok(traces),
                removed => traces += removed,
            }
        }
    }
}

/// The erasure as it was committed.
#[derive(Debug, Clone)]
struct Begun {
    number: ErasureNumber,
    keys: Vec<[u8; 16]>,
    records: u64,
    traces: u64,
}

/// Takes away all that leads to a subject, then destroys its keys.
struct Erase {
    hub: Hub,
    caller: Caller,
    pseudonym: [u8; 32],
    scope: ErasureScope,
    case_reference: String,
    begun: Option<Begun>,
    answer: Option<oneshot::Sender<Result<(Uuid, Begun), Failure>>>,
}

impl Erase {
    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        let found = tx.subjects_list_in_tx(&[self.pseudonym]).await?;
        let subject = one_subject(found.into_iter().map(|(_, subject)| subject))?;
        let subject = subject.ok_or_else(|| Failure::new(Reason::SubjectUnknown))?;
        let members = tx.subject_members_in_tx(subject.root).await?;
        let (keys, search) = match self.scope {
            ErasureScope::Payload => (self.keys(&members, &[KeyUse::Payload]).await?, Vec::new()),
            ErasureScope::PayloadAndTrace => {
                let keys = self.keys(&members, &[KeyUse::Payload, KeyUse::Trace]).await?;
                (keys, members.iter().map(|member| self.hub.pseudonyms.search(*member)).collect())
            }
        };
        let number = tx.erasure_insert_in_tx(&keys, &search, place.now.as_microsecond()).await?;
        let records = tx.records_erase_in_tx(&members).await?;
        let mut traces = 0;
        if self.scope == ErasureScope::PayloadAndTrace {
            // The tail now: once the subject is gone, the follower cannot tell whose entries these are.
            traces = tx.tail_traces_erase_in_tx(&keys).await?;
            tx.subjects_erase_in_tx(&members).await?;
        }
        self.begun = Some(Begun { number, keys, records, traces });
        let entry = self.entry(subject.root, subject.trace_key, place.now).await?;
        // The epoch is raised: whatever was fetched before this is decided again before it leaves.
        Ok(Performed { entries: vec![entry], effect: Effect::Removes })
    }

    async fn keys(&self, members: &[[u8; 16]], uses: &[KeyUse]) -> Result<Vec<[u8; 16]>, Failure> {
        let mut keys = Vec::new();
        for member in members {
            for usage in uses {
                keys.extend(self.hub.keys.ids_of_subject(*member, *usage).await?);
            }
        }
        Ok(keys)
    }

    /// The entry. After a whole erasure it names nobody, and its reference is sealed for the ledger: the subject's own
    /// key is gone.
    async fn entry(&self, root: [u8; 16], trace_key: [u8; 16], now: Timestamp) -> Result<Draft, Failure> {
        let (caller, pseudonyms) = (&self.caller, &self.hub.pseudonyms);
        let (key, subject, subject_pseudonym): (OpenKey, Option<[u8; 16]>, Vec<u8>) = match self.scope {
            ErasureScope::Payload => (
                self.hub.keys.open(trace_key).await?,
                Some(root),
                pseudonyms.subject_for_consumer(root, caller.agency.as_str()).to_vec(),
            ),
            ErasureScope::PayloadAndTrace => (self.hub.keys.of_ledger(now).await?, None, Vec::new()),
        };
        let public = PublicPart {
            kind: EntryKind::Subject.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: caller.agency.to_string(),
            caller_system: caller.system.clone(),
            change: Some(Change {
                noun: "subject".to_owned(),
                verb: self.scope.verb().to_owned(),
                ..Change::default()
            }),
            ..PublicPart::default()
        };
        let case_reference = self.case_reference.clone();
        let personal = PersonalPart { subject_pseudonym, case_reference, ..PersonalPart::default() };
        Ok(Draft::new(public, Uuid::now_v7()).sealed(&personal, &key, subject, &self.hub.origin))
    }
}

impl Act for Erase {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn reach(&self) -> Reach {
        Reach::Every
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx, place))
    }

    fn committed(&mut self, now: Timestamp) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async move {
            let Some(begun) = &self.begun else { return Ok(()) };
            self.hub.subjects.clear();
            self.hub.keys.destroy(&begun.keys, now).await
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let begun = self.begun.take().ok_or_else(|| Failure::new(Reason::Internal));
        if let Some(answer) = self.answer.take() {
            let id = crate::entry::single_id(outcome);
            let _gone = answer.send(id.and_then(|id| Ok((id, begun?))));
        }
    }
}

/// Removes one slice of the traces of an erasure; the last, empty one ends it.
struct Purge {
    number: ErasureNumber,
    removed: u64,
    answer: Option<oneshot::Sender<Result<u64, Failure>>>,
}

impl Act for Purge {
    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            self.removed = tx.traces_erase_in_tx(self.number, SLICE).await?;
            if self.removed == 0 {
                tx.erasure_finish_in_tx(self.number, place.now.as_microsecond()).await?;
            }
            Ok(Performed { entries: Vec::new(), effect: Effect::Keeps })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(outcome.map(|_placed| self.removed));
        }
    }
}
