//! Opening dossiers, one or many: slice by slice, each a transaction with an entry for every dossier that it opens.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_core::{Caller, DossierTerms, Reason, paris_day_ends};
use unefois_store::{DossierFound, DossierRow, SubjectRow, SubjectWithIdentifiers, Transaction};
use unefois_vault::KeyUse;
use uuid::Uuid;

use super::{Declaration, Declared, DossierEntries, is_open};
use crate::{
    entry::{Draft, Placed},
    failure::Failure,
    hub::Hub,
    keys::Owner,
    recorder::{Act, Effect, Performed, Place},
    subject::pseudonym,
};

impl Hub {
    /// Opens dossiers of the caller's agency, or gives open ones new terms. Gives what became of each, in their order.
    ///
    /// # Errors
    /// The storage failed: some of them may be open. Declaring them again does no harm.
    pub async fn dossiers_open(
        &self,
        caller: &Caller,
        declarations: Vec<Declaration>,
        case_reference: &str,
    ) -> Result<Vec<Declared>, Failure> {
        let mut declared = Vec::with_capacity(declarations.len());
        let mut rest = declarations.into_iter().peekable();
        while rest.peek().is_some() {
            let slice = rest.by_ref().take(self.limits.dossier_slice_max.max(1)).collect();
            declared.extend(self.dossiers_open_slice(caller, slice, case_reference).await?);
        }
        Ok(declared)
    }

    async fn dossiers_open_slice(
        &self,
        caller: &Caller,
        declarations: Vec<Declaration>,
        case_reference: &str,
    ) -> Result<Vec<Declared>, Failure> {
        let now = self.clock.now();
        let mut items = Vec::with_capacity(declarations.len());
        let mut refused = Vec::with_capacity(declarations.len());
        for Declaration { subject, terms } in declarations {
            let checked = terms.check(now, self.limits.dossier_days_max);
            refused.push(checked.err().map(|reason| self.term_refused(reason)));
            if checked.is_ok() {
                items.push(Item { pseudonym: pseudonym(&self.pseudonyms, &subject), terms });
            }
        }
        let mut opened = if items.is_empty() {
            Vec::new().into_iter()
        } else {
            let newcomers = self.dossier_newcomers(&items).await?;
            let (answer, answered) = oneshot::channel();
            let act = Open {
                hub: self.clone(),
                caller: caller.clone(),
                case_reference: case_reference.to_owned(),
                items,
                newcomers,
                fates: Vec::new(),
                answer: Some(answer),
            };
            self.recorder.perform(Box::new(act), answered).await?.into_iter()
        };
        let next = |refused: Option<Failure>| match refused {
            Some(failure) => Err(failure),
            None => Ok(opened.next().flatten()),
        };
        Ok(refused.into_iter().map(next).collect())
    }

    fn term_refused(&self, reason: Reason) -> Failure {
        let rule = format!("from today to {} days ahead", self.limits.dossier_days_max);
        Failure::field(reason, "last_day", rule)
    }

    /// Subjects for the identifiers that nobody has mentioned yet. The keys that the slice needs are made and opened
    /// before the transaction, all in one trip.
    async fn dossier_newcomers(&self, items: &[Item]) -> Result<Newcomers, Failure> {
        let all: BTreeSet<[u8; 32]> = items.iter().map(|item| item.pseudonym).collect();
        let found = self.store.subjects_list(&all.iter().copied().collect::<Vec<_>>()).await?;
        let known: HashMap<[u8; 32], [u8; 16]> = found.into_iter().map(|(of, subject)| (of, subject.root)).collect();
        let unknown = all.into_iter().filter(|pseudonym| !known.contains_key(pseudonym));
        let newcomers: Newcomers = unknown.map(|pseudonym| (pseudonym, *Uuid::new_v4().as_bytes())).collect();
        let roots: BTreeSet<[u8; 16]> = known.into_values().chain(newcomers.values().copied()).collect();
        let owners: Vec<Owner> = roots.into_iter().map(Owner::Subject).collect();
        self.keys.ensure(&owners, KeyUse::Trace, self.clock.now()).await?;
        Ok(newcomers)
    }
}

/// Subjects that are not stored yet, by the pseudonym of their identifier. Their keys exist.
type Newcomers = BTreeMap<[u8; 32], [u8; 16]>;

struct Item {
    pseudonym: [u8; 32],
    terms: DossierTerms,
}

/// The open dossiers of an agency, by what their subjects are merged into.
#[derive(Default)]
struct Held {
    /// Those on these subjects themselves.
    own: BTreeMap<[u8; 16], DossierRow>,
    /// The subjects of whom another one, merged into them, has one.
    absorbed: BTreeSet<[u8; 16]>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Opened,
    Unchanged,
}

struct Open {
    hub: Hub,
    caller: Caller,
    case_reference: String,
    items: Vec<Item>,
    newcomers: Newcomers,
    fates: Vec<Fate>,
    answer: Option<oneshot::Sender<Result<Vec<Option<Uuid>>, Failure>>>,
}

impl Open {
    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        let subjects = self.subjects(tx, place).await?;
        let mut held = self.held(tx, &subjects, place).await?;
        let (mut written, mut replaced) = (BTreeMap::new(), Vec::new());
        let mut entries = Vec::new();
        self.fates.clear();
        for Item { pseudonym, terms } in &self.items {
            let subject = subjects.get(pseudonym).ok_or_else(|| Failure::new(Reason::Internal))?;
            let before = held.own.get(&subject.root);
            let until = paris_day_ends(terms.last_day).as_microsecond();
            let is_same = |row: &DossierRow| row.until == until && row.reason == terms.reason.as_str();
            if before.is_some_and(is_same) && !held.absorbed.contains(&subject.root) {
                self.fates.push(Fate::Unchanged);
                continue;
            }
            let row = DossierRow {
                agency: self.caller.agency.to_string(),
                subject: subject.root,
                reason: terms.reason.as_str().to_owned(),
                // Of one that is open already only the terms are new.
                opened_at: before.map_or(place.now.as_microsecond(), |before| before.opened_at),
                until,
                closed_at: None,
            };
            if held.absorbed.remove(&subject.root) {
                replaced.push(subject.root);
            }
            written.insert(subject.root, row.clone());
            held.own.insert(subject.root, row);
            entries.push(self.entry(subject, terms).await?);
            self.fates.push(Fate::Opened);
        }
        // What is declared last counts, and not what was declared of a subject that was merged into this one.
        tx.dossiers_close_in_tx(self.caller.agency.as_str(), &replaced, place.now.as_microsecond()).await?;
        tx.dossiers_upsert_in_tx(&written.into_values().collect::<Vec<_>>()).await?;
        Ok(Performed { entries, effect: Effect::Keeps })
    }

    /// The dossiers of the agency on these subjects that are open.
    async fn held(
        &self,
        tx: &mut Transaction<'_>,
        subjects: &HashMap<[u8; 32], SubjectRow>,
        place: Place,
    ) -> Result<Held, Failure> {
        let roots: BTreeSet<[u8; 16]> = subjects.values().map(|subject| subject.root).collect();
        let roots: Vec<[u8; 16]> = roots.into_iter().collect();
        let found = tx.dossiers_of_subjects_list_in_tx(self.caller.agency.as_str(), &roots).await?;
        let mut held = Held::default();
        for DossierFound { row, root } in found.into_iter().filter(|found| is_open(&found.row, place.now)) {
            if row.subject == root {
                held.own.insert(root, row);
            } else {
                held.absorbed.insert(root);
            }
        }
        Ok(held)
    }

    /// The subject of each identifier; those that nobody has mentioned yet are added.
    async fn subjects(&self, tx: &mut Transaction<'_>, place: Place) -> Result<HashMap<[u8; 32], SubjectRow>, Failure> {
        let all: BTreeSet<[u8; 32]> = self.items.iter().map(|item| item.pseudonym).collect();
        let all: Vec<[u8; 32]> = all.into_iter().collect();
        let mut known: HashMap<[u8; 32], SubjectRow> = tx.subjects_list_in_tx(&all).await?.into_iter().collect();
        let mut added = Vec::new();
        for pseudonym in all {
            if known.contains_key(&pseudonym) {
                continue;
            }
            // One that was erased meanwhile is mentioned for the first time again.
            let id = self.newcomers.get(&pseudonym).copied().unwrap_or_else(|| *Uuid::new_v4().as_bytes());
            let trace = self.hub.keys.ensure(&[Owner::Subject(id)], KeyUse::Trace, place.now).await?;
            let trace_key = trace.first().map(|key| key.id().0).ok_or_else(|| Failure::new(Reason::Internal))?;
            added.push(SubjectWithIdentifiers { id, trace_key, pseudonyms: vec![pseudonym] });
            known.insert(pseudonym, SubjectRow { id, root: id, trace_key });
        }
        tx.subjects_insert_in_tx(&added, place.now.as_microsecond()).await?;
        Ok(known)
    }

    async fn entry(&self, subject: &SubjectRow, terms: &DossierTerms) -> Result<Draft, Failure> {
        let Self { hub, caller, case_reference, .. } = self;
        let trace_key = hub.keys.open(subject.trace_key).await?;
        let of = DossierEntries { hub, caller, case_reference, verb: "open" };
        Ok(of.about(subject.root, &trace_key, Some(terms)))
    }
}

impl Act for Open {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    /// One after the other with whoever opens the same, or mentions the same for the first time, at another node.
    fn pseudonyms(&self) -> Vec<[u8; 32]> {
        self.items.iter().map(|item| item.pseudonym).collect()
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx, place))
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let fates = std::mem::take(&mut self.fates);
        let opened = outcome.map(|placed| {
            let mut ids = placed.into_iter().map(|placed| placed.id);
            let id_of = |fate| match fate {
                Fate::Opened => ids.next(),
                Fate::Unchanged => None,
            };
            fates.into_iter().map(id_of).collect()
        });
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(opened);
        }
    }
}
