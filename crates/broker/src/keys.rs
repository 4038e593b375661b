//! Open keys: made once, committed before use, cached.

use std::{collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use unefois_core::Reason;
use unefois_store::{KeyRow, KeyStore};
use unefois_vault::{KeyId, KeyUse, Keyring, SubjectKey, WrappedKey};

use crate::{failure::Failure, limits::Limits, metrics::KeyMetrics, readiness::Readiness};

/// A key that is ready for use.
pub(crate) type OpenKey = Arc<SubjectKey>;

/// Whose key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Owner {
    /// A subject.
    Subject([u8; 16]),
    /// The ledger, for entries about nobody, in one month (`2026-11`).
    Ledger(String),
}

/// The keys of the hub. The key store holds them wrapped; the cache holds them open.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    store: KeyStore,
    keyring: Arc<Keyring>,
    by_id: Arc<Cache<[u8; 16], OpenKey>>,
    by_owner: Arc<Cache<(Owner, u8), [u8; 16]>>,
    /// The keys that were destroyed lately, and when: what was opened or sealed with one before must not go on.
    destroyed: Arc<ArcSwap<HashMap<[u8; 16], Timestamp>>>,
    metrics: KeyMetrics,
    storage: Readiness,
}

/// How long a destroyed key is remembered: far longer than any call lives that could have opened it.
const DESTROYED_REMEMBERED: SignedDuration = SignedDuration::from_hours(1);

impl Keys {
    pub(crate) fn new(
        store: KeyStore,
        keyring: Arc<Keyring>,
        limits: &Limits,
        storage: Readiness,
        metrics: KeyMetrics,
    ) -> Self {
        let by_id = Arc::new(Cache::new(limits.key_cache_max));
        let by_owner = Arc::new(Cache::new(limits.key_cache_max));
        Self { store, keyring, by_id, by_owner, destroyed: Arc::default(), storage, metrics }
    }

    /// Destroys keys: from the cache, and from the key store for good.
    pub(crate) async fn destroy(&self, ids: &[[u8; 16]], now: Timestamp) -> Result<(), Failure> {
        self.forget(ids, now);
        self.destroy_stored(ids).await
    }

    /// Forgets keys that were destroyed, by this node or another.
    pub(crate) fn forget(&self, ids: &[[u8; 16]], now: Timestamp) {
        if ids.is_empty() {
            return;
        }
        self.destroyed.rcu(|remembered| {
            let mut remembered = HashMap::clone(remembered);
            remembered.retain(|_, at| now.duration_since(*at) < DESTROYED_REMEMBERED);
            remembered.extend(ids.iter().map(|id| (*id, now)));
            remembered
        });
        ids.iter().for_each(|id| drop(self.by_id.remove(id)));
    }

    /// Destroys keys that nobody has opened since the hub started.
    pub(crate) async fn destroy_stored(&self, ids: &[[u8; 16]]) -> Result<(), Failure> {
        Ok(self.store.keys_destroy(ids).await?)
    }

    /// Whether that key was destroyed lately.
    pub(crate) fn is_destroyed(&self, id: &[u8; 16]) -> bool {
        self.destroyed.load().contains_key(id)
    }

    /// The identifiers of a subject's keys for one use.
    pub(crate) async fn ids_of_subject(&self, subject: [u8; 16], usage: KeyUse) -> Result<Vec<[u8; 16]>, Failure> {
        Ok(self.store.key_ids_of_subject_list(subject, usage.number()).await?)
    }

    /// The key of that identifier.
    pub(crate) async fn open(&self, id: [u8; 16]) -> Result<OpenKey, Failure> {
        if let Some(key) = self.by_id.get(&id) {
            self.metrics.found.inc();
            return Ok(key);
        }
        if self.is_destroyed(&id) {
            return Err(Failure::new(Reason::RecordErased));
        }
        let row = self.storage.within(async { Ok(self.store.key_fetch(id).await?) }).await?;
        let row = row.ok_or_else(|| Failure::internal(MissingKey))?;
        self.unwrap(&row)
    }

    /// The keys of these owners for one use, in their order; those that are missing are made. A new key is committed,
    /// then re-read, before anything is sealed with it.
    pub(crate) async fn ensure(
        &self,
        owners: &[Owner],
        usage: KeyUse,
        now: Timestamp,
    ) -> Result<Vec<OpenKey>, Failure> {
        let mut found = self.find(owners, usage).await?;
        if found.iter().any(Option::is_none) {
            let missing = owners.iter().zip(&found).filter(|(_, key)| key.is_none());
            let rows: Vec<KeyRow> = missing.map(|(owner, _)| self.wrap_new(owner, usage, now)).collect();
            self.insert(rows).await?;
            found = self.find(owners, usage).await?;
        }
        found.into_iter().map(|key| key.ok_or_else(|| Failure::internal(MissingKey))).collect()
    }

    /// Commits new keys. A key store that cannot be written stops the hub, like the database.
    async fn insert(&self, rows: Vec<KeyRow>) -> Result<(), Failure> {
        self.storage.admit()?;
        let committed = self.storage.within(async { Ok(self.store.keys_insert(rows).await?) }).await;
        committed.inspect_err(|failure| {
            if failure.is_storage_failure() {
                self.storage.fail(failure);
            }
        })
    }

    /// The key under which entries about nobody are sealed in the month of `now`.
    pub(crate) async fn of_ledger(&self, now: Timestamp) -> Result<OpenKey, Failure> {
        let label = now.strftime("%Y-%m").to_string();
        let mut keys = self.ensure(&[Owner::Ledger(label)], KeyUse::Ledger, now).await?;
        Ok(keys.pop().expect("one owner was asked for"))
    }

    /// The keys of these owners, of each that has one: from the cache, or all others in one trip.
    async fn find(&self, owners: &[Owner], usage: KeyUse) -> Result<Vec<Option<OpenKey>>, Failure> {
        let mut found: Vec<Option<OpenKey>> = owners.iter().map(|owner| self.cached(owner, usage)).collect();
        let missing: Vec<&Owner> =
            owners.iter().zip(&found).filter(|(_, key)| key.is_none()).map(|(of, _)| of).collect();
        if missing.is_empty() {
            return Ok(found);
        }
        let mut read: HashMap<Owner, OpenKey> = HashMap::new();
        for row in self.storage.within(async { Ok(self.read(&missing, usage).await?) }).await? {
            let key = self.unwrap(&row)?;
            if let Some(owner) = owner_of(&row) {
                self.by_owner.insert((owner.clone(), usage.number()), key.id().0);
                read.insert(owner, key);
            }
        }
        for (owner, found) in owners.iter().zip(&mut found).filter(|(_, key)| key.is_none()) {
            *found = read.get(owner).map(Arc::clone);
        }
        Ok(found)
    }

    fn cached(&self, owner: &Owner, usage: KeyUse) -> Option<OpenKey> {
        let key = self.by_owner.get(&(owner.clone(), usage.number())).and_then(|id| self.by_id.get(&id))?;
        self.metrics.found.inc();
        Some(key)
    }

    async fn read(&self, owners: &[&Owner], usage: KeyUse) -> Result<Vec<KeyRow>, unefois_store::Error> {
        let mut subjects = Vec::new();
        let mut rows = Vec::new();
        for owner in owners {
            match owner {
                Owner::Subject(subject) => subjects.push(*subject),
                Owner::Ledger(label) => rows.extend(self.store.key_of_label_fetch(label, usage.number()).await?),
            }
        }
        if !subjects.is_empty() {
            rows.extend(self.store.keys_of_subjects_list(&subjects, usage.number()).await?);
        }
        Ok(rows)
    }

    fn wrap_new(&self, owner: &Owner, usage: KeyUse, now: Timestamp) -> KeyRow {
        let id = KeyId(unefois_vault::fill::<16>());
        let (_key, wrapped) = self.keyring.new_key(id, usage);
        let (subject, label) = match owner {
            Owner::Subject(subject) => (Some(*subject), None),
            Owner::Ledger(label) => (None, Some(label.clone())),
        };
        KeyRow {
            id: id.0,
            subject,
            label,
            usage: usage.number(),
            master_epoch: wrapped.master_epoch,
            wrapped: wrapped.bytes,
            created_at: now.as_microsecond(),
        }
    }

    fn unwrap(&self, row: &KeyRow) -> Result<OpenKey, Failure> {
        let wrapped = WrappedKey {
            id: KeyId(row.id),
            key_use: KeyUse::try_from(row.usage).map_err(Failure::internal)?,
            master_epoch: row.master_epoch,
            bytes: row.wrapped.clone(),
        };
        self.metrics.missed.inc();
        let key = self.keyring.unwrap(&wrapped).map_err(Failure::internal)?;
        let open = Arc::new(key);
        self.by_id.insert(row.id, Arc::clone(&open));
        if self.is_destroyed(&row.id) {
            // Read before it was destroyed: it must not come back by way of the cache.
            self.by_id.remove(&row.id);
            return Err(Failure::new(Reason::RecordErased));
        }
        Ok(open)
    }
}

fn owner_of(row: &KeyRow) -> Option<Owner> {
    row.subject.map(Owner::Subject).or_else(|| row.label.clone().map(Owner::Ledger))
}

/// A key that something is sealed under is not in the key store.
#[derive(Debug, thiserror::Error)]
#[error("a key is missing from the key store: restore the key store that belongs to this database")]
pub(crate) struct MissingKey;
