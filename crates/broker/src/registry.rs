//! The registry: read from the store, changed by operators, each change an entry.

use std::{collections::BTreeMap, sync::Arc};

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_core::{Agreement, Caller, Change, Effect as ChangeEffect, Noun, Reason, Registry, RegistryFile};
use unefois_ledger::{EntryKind, Outcome, PublicPart};
use unefois_store::{Reach, RegistryItemRow, RegistryVersionRow, Store, Transaction};
use uuid::Uuid;

use crate::{
    entry::{Draft, Placed},
    failure::{Failure, Violation},
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
};

/// What applying a registry file did, or would do.
#[derive(Debug, Clone)]
pub struct Applied {
    /// The changes, each with the identifier of its entry; a dry run has none.
    pub changes: Vec<(Change, Option<Uuid>)>,
    /// The version of the registry afterwards.
    pub version: u64,
}

/// Whether a registry file is applied or only tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplyMode {
    /// Say what would change.
    DryRun,
    /// Change it.
    Apply,
}

/// The registry of the store.
pub(crate) async fn load(store: &Store) -> Result<Registry, Failure> {
    let (version, items) = store.registry_fetch().await?;
    Ok(Registry::of(version, file_of(items)?))
}

/// The registry as a transaction sees it.
pub(crate) async fn load_in_tx(tx: &mut Transaction<'_>) -> Result<Registry, Failure> {
    let (version, items) = tx.registry_fetch_in_tx().await?;
    Ok(Registry::of(version, file_of(items)?))
}

impl Hub {
    /// The registry in force.
    #[must_use]
    pub fn registry(&self) -> Arc<Registry> {
        Arc::clone(&self.authority.load().registry)
    }

    /// Applies a registry file: all of it or nothing.
    ///
    /// # Errors
    /// `REGISTRY_INVALID` with every rule that is broken.
    pub async fn registry_apply(
        &self,
        caller: &Caller,
        file: RegistryFile,
        mode: ApplyMode,
    ) -> Result<Applied, Failure> {
        if mode == ApplyMode::DryRun {
            // As it is stored: another node may have applied something a moment ago.
            let registry = load(&self.store).await?;
            let changes = self.registry_plan(&registry, &file)?;
            let changes = changes.into_iter().map(|change| (change, None)).collect();
            return Ok(Applied { changes, version: registry.version() });
        }
        let (answer, answered) = oneshot::channel();
        let act = Apply {
            hub: self.clone(),
            caller: caller.clone(),
            file,
            changes: Vec::new(),
            next: None,
            answer: Some(answer),
        };
        self.recorder.perform(Box::new(act), answered).await
    }

    fn registry_plan(&self, registry: &Registry, file: &RegistryFile) -> Result<Vec<Change>, Failure> {
        let catalogued = |agreement: &Agreement| self.catalogued(agreement);
        registry.plan(file, &catalogued).map_err(|broken| {
            let violations = broken.into_iter().map(|rule| Violation { field: rule.path, rule: rule.rule }).collect();
            Failure { violations, ..Failure::new(Reason::RegistryInvalid) }
        })
    }

    /// Whether the catalogue has the dataset and the fields that an agreement grants.
    fn catalogued(&self, agreement: &Agreement) -> Result<(), String> {
        let dataset = self
            .catalog
            .version(agreement.dataset.as_str(), agreement.dataset_major)
            .ok_or_else(|| format!("there is no dataset `{}` of that major version", agreement.dataset))?;
        let fields = agreement.fields.iter().map(|field| field.as_str());
        dataset.field_set(fields).map(drop).map_err(|unknown| unknown.to_string())
    }
}

/// Puts a file into force.
struct Apply {
    hub: Hub,
    caller: Caller,
    file: RegistryFile,
    changes: Vec<Change>,
    next: Option<Arc<Registry>>,
    answer: Option<oneshot::Sender<Result<Applied, Failure>>>,
}

impl Apply {
    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        // Planned again: another file may have been applied while this one waited, by this node or another.
        let registry = load_in_tx(tx).await?;
        self.changes = self.hub.registry_plan(&registry, &self.file)?;
        let next = registry.with(&self.file);
        let version = RegistryVersionRow {
            version: next.version(),
            applied_at: place.now.as_microsecond(),
            applied_by: format!("{}/{}", self.caller.agency, self.caller.system),
        };
        let bodies = bodies(&self.file)?;
        let changed = self.changes.iter().map(|change| (change.noun.code(), change.id.clone()));
        let mut items = Vec::new();
        let mut entries = Vec::new();
        for (change, place) in self.changes.iter().zip(changed) {
            let body = bodies.get(&place).cloned().ok_or_else(|| Failure::new(Reason::Internal))?;
            entries.push(self.entry(change, next.version(), &body));
            items.push(RegistryItemRow { noun: change.noun.code().to_owned(), id: change.id.clone(), body });
        }
        if items.is_empty() {
            self.next = Some(Arc::new(registry));
            return Ok(Performed { entries, effect: Effect::Keeps });
        }
        tx.registry_apply_in_tx(&version, &items).await?;
        self.next = Some(Arc::new(next));
        let removes = self.changes.iter().any(|change| change.effect == ChangeEffect::RemovesAuthority);
        Ok(Performed { entries, effect: if removes { Effect::Removes } else { Effect::Keeps } })
    }

    fn entry(&self, change: &Change, version: u64, body: &str) -> Draft {
        let public = PublicPart {
            kind: EntryKind::Registry.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: self.caller.agency.to_string(),
            caller_system: self.caller.system.clone(),
            change: Some(unefois_ledger::Change {
                noun: change.noun.code().to_owned(),
                id: change.id.clone(),
                verb: change.verb.code().to_owned(),
                version,
                digest: unefois_ledger::sha256(body.as_bytes()).to_vec(),
            }),
            ..PublicPart::default()
        };
        Draft::new(public, Uuid::now_v7())
    }
}

impl Act for Apply {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    /// Whether something is removed is known only once it is planned.
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

    fn registry(&self) -> Option<Arc<Registry>> {
        self.next.clone()
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let applied = outcome.map(|placed| {
            let version = self.hub.registry().version();
            let ids = placed.iter().map(|placed| Some(placed.id));
            Applied { changes: std::mem::take(&mut self.changes).into_iter().zip(ids).collect(), version }
        });
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(applied);
        }
    }
}

/// Each item of a file as the store keeps it, by noun and identifier.
fn bodies(file: &RegistryFile) -> Result<BTreeMap<(&'static str, String), String>, Failure> {
    fn body(item: &impl serde::Serialize) -> Result<String, Failure> {
        serde_json::to_string(item).map_err(Failure::internal)
    }
    let mut bodies = BTreeMap::new();
    for agency in &file.agencies {
        bodies.insert((Noun::Agency.code(), agency.code.to_string()), body(agency)?);
    }
    for agreement in &file.agreements {
        bodies.insert((Noun::Agreement.code(), agreement.id.to_string()), body(agreement)?);
    }
    for revocation in &file.revocations {
        bodies.insert((Noun::Revocation.code(), revocation.id()), body(revocation)?);
    }
    Ok(bodies)
}

fn file_of(items: Vec<RegistryItemRow>) -> Result<RegistryFile, Failure> {
    let mut file = RegistryFile::default();
    for RegistryItemRow { noun, id: _, body } in items {
        let known = [Noun::Agency, Noun::Agreement, Noun::Revocation];
        match known.into_iter().find(|known| known.code() == noun) {
            Some(Noun::Agency) => file.agencies.push(serde_json::from_str(&body).map_err(Failure::internal)?),
            Some(Noun::Agreement) => file.agreements.push(serde_json::from_str(&body).map_err(Failure::internal)?),
            Some(Noun::Revocation) => file.revocations.push(serde_json::from_str(&body).map_err(Failure::internal)?),
            None => return Err(Failure::new(Reason::Internal)),
        }
    }
    Ok(file)
}
