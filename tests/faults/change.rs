//! What somebody does to the database of a hub behind its back, on either backend.

use unefois_testkit::{House, sql};

/// One change, in the words of each backend.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) sqlite: &'static str,
    pub(crate) postgres: &'static str,
}

impl Change {
    /// Words that both backends understand.
    pub(crate) const fn of(words: &'static str) -> Self {
        Self { sqlite: words, postgres: words }
    }

    pub(crate) fn made_in(&self, house: &House) {
        match house.postgres() {
            Some(postgres) => drop(postgres.runs_sql("hub", self.postgres)),
            None => sql(&house.data().join("hub.db"), self.sqlite),
        }
    }
}
