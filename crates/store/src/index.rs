//! The search indexes, which the follower builds behind the exchanges, and the searches in them.

use crate::{
    backend::{Backend, at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// What the follower reads of an entry.
#[derive(Debug, Clone)]
pub struct IndexSource {
    /// Its position.
    pub index: u64,
    /// The bytes that are hashed.
    pub leaf: Vec<u8>,
    /// The subject that it is about, when it is about somebody.
    pub subject: Option<[u8; 16]>,
}

/// What the search index holds of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRow {
    /// Its position.
    pub index: u64,
    /// When it was recorded, in microseconds since 1970.
    pub recorded_at: i64,
    /// The number of its kind.
    pub kind: i32,
    /// The number of its outcome.
    pub outcome: i32,
    /// Its reason.
    pub reason: String,
    /// The consumer.
    pub consumer: String,
    /// The provider.
    pub provider: String,
    /// The local body.
    pub local_body: String,
    /// The dataset.
    pub dataset: String,
    /// The number of its purpose.
    pub purpose: i32,
}

/// That an entry is about a subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubjectMark {
    /// The search pseudonym of the subject.
    pub search: [u8; 32],
    /// The position of the entry.
    pub index: u64,
}

/// What is searched for; an absent filter matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Recorded at or after, in microseconds since 1970.
    pub recorded_from: Option<i64>,
    /// Recorded before, in microseconds since 1970.
    pub recorded_before: Option<i64>,
    /// The kind.
    pub kind: Option<i32>,
    /// The outcome.
    pub outcome: Option<i32>,
    /// The purpose.
    pub purpose: Option<i32>,
    /// The reason.
    pub reason: Option<String>,
    /// The consumer.
    pub consumer: Option<String>,
    /// The provider.
    pub provider: Option<String>,
    /// The local body.
    pub local_body: Option<String>,
    /// The dataset.
    pub dataset: Option<String>,
    /// The search pseudonyms of the subject; one of them must match.
    pub subject: Option<Vec<[u8; 32]>>,
}

impl Search {
    /// The instants that are asked for: the comparison with `entry_index.recorded_at`, and the other side of it.
    pub(crate) fn instants(&self) -> impl Iterator<Item = (&'static str, i64)> {
        let asked = [(">=", self.recorded_from), ("<", self.recorded_before)];
        asked.into_iter().filter_map(|(comparison, instant)| Some((comparison, instant?)))
    }

    /// The numbers that are asked for, by column of `entry_index`.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&'static str, i32)> {
        let asked = [("kind", self.kind), ("outcome", self.outcome), ("purpose", self.purpose)];
        asked.into_iter().filter_map(|(column, number)| Some((column, number?)))
    }

    /// The texts that are asked for, by column of `entry_index`.
    pub(crate) fn texts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { reason, consumer, provider, local_body, dataset, .. } = self;
        let asked = [
            ("reason", reason),
            ("consumer", consumer),
            ("provider", provider),
            ("local_body", local_body),
            ("dataset", dataset),
        ];
        asked.into_iter().filter_map(|(column, text)| Some((column, text.as_deref()?)))
    }

    /// Whether an entry matches that is not indexed yet; the same conditions as in SQL.
    #[must_use]
    pub fn matches(&self, row: &IndexRow, search: Option<&[u8; 32]>) -> bool {
        let Self { recorded_from, recorded_before, kind, outcome, purpose, .. } = self;
        let Self { reason, consumer, provider, local_body, dataset, subject, .. } = self;
        let number = |wanted: Option<i32>, found: i32| wanted.is_none_or(|wanted| wanted == found);
        let text = |wanted: &Option<String>, found: &str| wanted.as_deref().is_none_or(|wanted| wanted == found);
        recorded_from.is_none_or(|from| row.recorded_at >= from)
            && recorded_before.is_none_or(|before| row.recorded_at < before)
            && number(*kind, row.kind)
            && number(*outcome, row.outcome)
            && number(*purpose, row.purpose)
            && text(reason, &row.reason)
            && text(consumer, &row.consumer)
            && text(provider, &row.provider)
            && text(local_body, &row.local_body)
            && text(dataset, &row.dataset)
            && subject.as_ref().is_none_or(|wanted| search.is_some_and(|found| wanted.contains(found)))
    }
}

impl Store {
    /// The position from which on entries are not indexed yet.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn index_position_fetch(&self, slot: u32) -> Result<u64, Error> {
        on!(&self.0, it => it.index_position_fetch(slot).await)
    }

    /// At most `count_max` entries from `from` on, with the subjects they are about.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn index_sources_list(&self, slot: u32, from: u64, count_max: u32) -> Result<Vec<IndexSource>, Error> {
        on!(&self.0, it => it.index_sources_list(slot, from, count_max).await)
    }

    /// The positions of indexed entries below `before` that match, newest first; at most `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn index_search(
        &self,
        slot: u32,
        search: &Search,
        before: u64,
        count_max: u32,
    ) -> Result<Vec<u64>, Error> {
        on!(&self.0, it => it.index_search(slot, search, before, count_max).await)
    }

    /// How many indexed entries below `before` match, by outcome and reason.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn index_count(&self, slot: u32, search: &Search, before: u64) -> Result<Vec<(i32, String, u64)>, Error> {
        on!(&self.0, it => it.index_count(slot, search, before).await)
    }
}

impl Transaction<'_> {
    /// Adds entries to the index and moves its position to `next`.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn index_insert_in_tx(
        &mut self,
        slot: u32,
        rows: &[IndexRow],
        marks: &[SubjectMark],
        next: u64,
    ) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.index_insert_in_tx(slot, rows, marks, next))
    }

    /// Makes what the index needs for the months to come. On SQLite it needs nothing.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn index_months_make_in_tx(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Backend::Sqlite(_) => Ok(()),
            Backend::Postgres(tx) => tx.index_months_make_in_tx().await,
        }
    }
}
