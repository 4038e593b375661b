//! Subjects: found by any of their identifiers, known from their first mention, merged by an operator.

use std::{collections::HashMap, sync::Arc};

use futures::future::BoxFuture;
use jiff::Timestamp;
use quick_cache::sync::Cache;
use tokio::sync::oneshot;
use unefois_core::{Caller, Identifier, Reason, SubjectKind};
use unefois_ledger::{Change, EntryKind, Outcome, PersonalPart, PublicPart};
use unefois_store::{Reach, SubjectRow, SubjectWithIdentifiers, Transaction};
use unefois_vault::{KeyUse, Pseudonyms};
use uuid::Uuid;

use crate::{
    entry::{Draft, Placed},
    failure::Failure,
    hub::Hub,
    keys::{Keys, OpenKey, Owner},
    recorder::{Act, Effect, Performed, Place},
};

/// A subject that the hub knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    /// The subject, after merging.
    pub(crate) root: [u8; 16],
    /// The key that seals its traces.
    pub(crate) trace_key: [u8; 16],
    /// The pseudonyms by which it was found.
    pub(crate) pseudonyms: Vec<[u8; 32]>,
}

/// The pseudonym of an identifier.
pub(crate) fn pseudonym(pseudonyms: &Pseudonyms, identifier: &Identifier) -> [u8; 32] {
    let (kind, issuer, text) = identifier.canonical();
    pseudonyms.identifier(kind, issuer, &text)
}

/// Of which kind a subject is: what its dataset says, and where that is about either, what its identifiers name. A
/// self-employed person has a SIREN too, and counts as a company under it alone: an agreement on persons alone does not
/// follow companies.
pub(crate) fn kind_of_subject(of_dataset: unefois_catalog::SubjectKind, identifiers: &[Identifier]) -> SubjectKind {
    let names_a_person = |identifier: &Identifier| match identifier {
        Identifier::Siren(_) | Identifier::Siret(_) => false,
        Identifier::Nir(_) | Identifier::Spi(_) | Identifier::Local { .. } => true,
    };
    match of_dataset {
        unefois_catalog::SubjectKind::NaturalPerson => SubjectKind::NaturalPerson,
        unefois_catalog::SubjectKind::Company => SubjectKind::Company,
        unefois_catalog::SubjectKind::Either if identifiers.iter().any(names_a_person) => SubjectKind::NaturalPerson,
        unefois_catalog::SubjectKind::Either => SubjectKind::Company,
    }
}

/// The identifier as the catalogue's key fields hold it; a local one stands in for nothing.
pub(crate) fn catalogued_identifier(identifier: &Identifier) -> Option<(unefois_catalog::IdentifierKind, String)> {
    use unefois_catalog::IdentifierKind as Kind;
    match identifier {
        Identifier::Nir(nir) => Some((Kind::Nir, nir.as_str().to_owned())),
        Identifier::Siren(siren) => Some((Kind::Siren, siren.as_str().to_owned())),
        Identifier::Siret(siret) => Some((Kind::Siret, siret.as_str().to_owned())),
        Identifier::Spi(spi) => Some((Kind::Spi, spi.as_str().to_owned())),
        Identifier::Local { .. } => None,
    }
}

impl Hub {
    /// The subject of these identifiers. One that is mentioned for the first time is added, with its trace key,
    /// before anything is recorded about it.
    ///
    /// # Errors
    /// `IDENTITY_CONFLICT` when the identifiers belong to two subjects.
    pub(crate) async fn subject_known(&self, identifiers: &[Identifier], now: Timestamp) -> Result<Known, Failure> {
        let pseudonyms: Vec<[u8; 32]> =
            identifiers.iter().map(|identifier| pseudonym(&self.pseudonyms, identifier)).collect();
        if let [single] = pseudonyms.as_slice()
            && let Some(known) = self.subjects.get(single)
        {
            return Ok(known);
        }
        let epoch = self.authority.load().epoch;
        let found = self.store.subjects_list(&pseudonyms).await?;
        let known = match one_subject(found.iter().map(|(_, subject)| *subject))? {
            Some(subject) => Known { root: subject.root, trace_key: subject.trace_key, pseudonyms },
            None => self.subject_mention(pseudonyms, now).await?,
        };
        if let [single] = known.pseudonyms.as_slice() {
            self.remember(*single, known.clone(), epoch);
        }
        Ok(known)
    }

    /// Of these pseudonyms those that are known, and whose they are as far as this node remembers: whoever relies on it reads
    /// again in a transaction.
    pub(crate) async fn subjects_remembered(
        &self,
        pseudonyms: &[[u8; 32]],
    ) -> Result<HashMap<[u8; 32], [u8; 16]>, Failure> {
        let (mut roots, mut others) = (HashMap::with_capacity(pseudonyms.len()), Vec::new());
        for pseudonym in pseudonyms {
            match self.subjects.get(pseudonym) {
                Some(known) => drop(roots.insert(*pseudonym, known.root)),
                None => others.push(*pseudonym),
            }
        }
        if others.is_empty() {
            return Ok(roots);
        }
        let epoch = self.authority.load().epoch;
        for (pseudonym, SubjectRow { root, trace_key, id: _ }) in self.store.subjects_list(&others).await? {
            roots.insert(pseudonym, root);
            self.remember(pseudonym, Known { root, trace_key, pseudonyms: vec![pseudonym] }, epoch);
        }
        Ok(roots)
    }

    /// Remembers a subject that was read under that epoch. A merge raises the epoch, then forgets what is remembered: what
    /// was read before it must not come after it.
    fn remember(&self, pseudonym: [u8; 32], known: Known, epoch: u64) {
        self.subjects.insert(pseudonym, known);
        if self.authority.load().epoch != epoch {
            self.subjects.remove(&pseudonym);
        }
    }

    /// The subject of an identifier that may be unknown.
    pub(crate) async fn subject_find(&self, identifier: &Identifier) -> Result<Option<Known>, Failure> {
        let pseudonym = pseudonym(&self.pseudonyms, identifier);
        let found = self.store.subjects_list(&[pseudonym]).await?;
        let known = |(_, subject): &([u8; 32], SubjectRow)| Known {
            root: subject.root,
            trace_key: subject.trace_key,
            pseudonyms: vec![pseudonym],
        };
        Ok(found.first().map(known))
    }

    /// The subject of that identifier of ours.
    pub(crate) async fn subject_of(&self, id: [u8; 16]) -> Result<Known, Failure> {
        let found = self.store.subject_fetch(id).await?.ok_or_else(|| Failure::new(Reason::SubjectUnknown))?;
        Ok(Known { root: found.root, trace_key: found.trace_key, pseudonyms: Vec::new() })
    }

    /// The search pseudonyms of a subject and of all that was merged into it.
    pub(crate) async fn subject_search_pseudonyms(&self, root: [u8; 16]) -> Result<Vec<[u8; 32]>, Failure> {
        let members = self.store.subject_members_list(root).await?;
        Ok(members.into_iter().map(|member| self.pseudonyms.search(member)).collect())
    }

    /// The key that seals the payloads of a subject.
    pub(crate) async fn payload_key(&self, subject: [u8; 16], now: Timestamp) -> Result<OpenKey, Failure> {
        let mut keys = self.keys.ensure(&[Owner::Subject(subject)], KeyUse::Payload, now).await?;
        Ok(keys.pop().expect("one owner was asked for"))
    }

    /// Joins two subjects that turn out to be one. Gives the identifier of the entry.
    ///
    /// # Errors
    /// `SUBJECT_UNKNOWN` when the hub does not know both; `ARGUMENT_INVALID` when they are one already.
    pub async fn merge(
        &self,
        caller: &Caller,
        kept: &Identifier,
        merged: &Identifier,
        case_reference: &str,
    ) -> Result<Uuid, Failure> {
        let unknown = || Failure::new(Reason::SubjectUnknown);
        let kept = self.subject_find(kept).await?.ok_or_else(unknown)?;
        let merged = self.subject_find(merged).await?.ok_or_else(unknown)?;
        if kept.root == merged.root {
            return Err(Failure::field(Reason::ArgumentInvalid, "merged", "the two are one subject already"));
        }
        let trace_key = self.keys.open(kept.trace_key).await?;
        let public = PublicPart {
            kind: EntryKind::Subject.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: caller.agency.to_string(),
            caller_system: caller.system.clone(),
            change: Some(Change { noun: "subject".to_owned(), verb: "merge".to_owned(), ..Change::default() }),
            ..PublicPart::default()
        };
        let personal = PersonalPart {
            subject_pseudonym: self.pseudonyms.subject_for_consumer(kept.root, caller.agency.as_str()).to_vec(),
            case_reference: case_reference.to_owned(),
            ..PersonalPart::default()
        };
        let draft = Draft::new(public, Uuid::now_v7()).sealed(&personal, &trace_key, Some(kept.root), &self.origin);
        let (answer, answered) = oneshot::channel();
        let subjects = self.subjects.clone();
        let act = Merge {
            caller: caller.clone(),
            kept: kept.root,
            merged: merged.root,
            subjects,
            draft,
            answer: Some(answer),
        };
        self.recorder.perform(Box::new(act), answered).await
    }

    async fn subject_mention(&self, pseudonyms: Vec<[u8; 32]>, now: Timestamp) -> Result<Known, Failure> {
        let (answer, answered) = oneshot::channel();
        let act = Mention { keys: self.keys.clone(), pseudonyms, answer: Some(answer), known: None };
        let known = self.recorder.perform(Box::new(act), answered).await;
        tracing::debug!(at = %now, "a subject was mentioned for the first time");
        known
    }
}

/// The one subject among those found, after merging.
pub(crate) fn one_subject(found: impl Iterator<Item = SubjectRow>) -> Result<Option<SubjectRow>, Failure> {
    let mut one: Option<SubjectRow> = None;
    for subject in found {
        match one {
            Some(first) if first.root != subject.root => return Err(Failure::new(Reason::IdentityConflict)),
            Some(_) => {}
            None => one = Some(subject),
        }
    }
    Ok(one)
}

/// Adds a subject at its first mention.
struct Mention {
    keys: Keys,
    pseudonyms: Vec<[u8; 32]>,
    known: Option<Known>,
    answer: Option<oneshot::Sender<Result<Known, Failure>>>,
}

impl Act for Mention {
    fn pseudonyms(&self) -> Vec<[u8; 32]> {
        self.pseudonyms.clone()
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            let pseudonyms = self.pseudonyms.clone();
            let found = tx.subjects_list_in_tx(&pseudonyms).await?;
            let subject = match one_subject(found.iter().map(|(_, subject)| *subject))? {
                // Mentioned by another meanwhile.
                Some(subject) => Known { root: subject.root, trace_key: subject.trace_key, pseudonyms },
                None => {
                    let id = *Uuid::new_v4().as_bytes();
                    let trace = self.keys.ensure(&[Owner::Subject(id)], KeyUse::Trace, place.now).await?;
                    let trace_key = trace.first().map(|key| key.id().0).expect("one owner was asked for");
                    let added = SubjectWithIdentifiers { id, trace_key, pseudonyms: pseudonyms.clone() };
                    tx.subjects_insert_in_tx(&[added], place.now.as_microsecond()).await?;
                    Known { root: id, trace_key, pseudonyms }
                }
            };
            self.known = Some(subject);
            Ok(Performed { entries: Vec::new(), effect: Effect::Keeps })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let known = self.known.take().ok_or_else(|| Failure::new(Reason::Internal));
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(outcome.and(known));
        }
    }
}

/// Joins two subjects.
struct Merge {
    caller: Caller,
    kept: [u8; 16],
    merged: [u8; 16],
    /// What is remembered of subjects; forgotten even when the caller does not wait for the commit.
    subjects: Arc<Cache<[u8; 32], Known>>,
    draft: Draft,
    answer: Option<oneshot::Sender<Result<Uuid, Failure>>>,
}

impl Act for Merge {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn reach(&self) -> Reach {
        Reach::Every
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        _place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            for subject in [self.kept, self.merged] {
                if !tx.subject_exists_in_tx(subject).await? {
                    return Err(Failure::new(Reason::SubjectUnknown));
                }
            }
            tx.subject_merge_in_tx(self.kept, self.merged).await?;
            Ok(Performed { entries: vec![self.draft.clone()], effect: Effect::Removes })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if outcome.is_ok() {
            self.subjects.clear();
        }
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(crate::entry::single_id(outcome));
        }
    }
}
