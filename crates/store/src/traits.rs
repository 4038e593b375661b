//! Traits by which homonyms are found: those of the people of records, as pseudonyms, beside the records.

use crate::{backend::at_once, error::Error, writer::Transaction};

/// Traits, and whose they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TraitsFirst {
    /// What stands for the traits.
    pub traits: [u8; 32],
    /// The subject, after merging, whose record has stated them longest.
    pub root: [u8; 16],
}

/// A record, and what stands for the traits that it states.
pub type TraitsStated = ([u8; 16], [u8; 32]);

/// Traits that a record states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraitsRow {
    /// The record.
    pub record: [u8; 16],
    /// What stands for the traits.
    pub traits: [u8; 32],
    /// Since when, in microseconds since 1970: kept where the record states them already.
    pub since: i64,
}

impl Transaction<'_> {
    /// Has records that are there state traits, instead of those that they stated. Each is there once.
    ///
    /// # Errors
    /// The storage failed, or a record is not there.
    pub async fn traits_insert_in_tx(&mut self, rows: &[TraitsRow]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.traits_insert_in_tx(rows))
    }

    /// Whose each of these traits are; those that no record states are absent.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn traits_first_list_in_tx(&mut self, traits: &[[u8; 32]]) -> Result<Vec<TraitsFirst>, Error> {
        at_once!(&mut self.0, it => it.traits_first_list_in_tx(traits))
    }

    /// The traits that each of these records states; those that state none are absent.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn traits_stated_list_in_tx(&mut self, records: &[[u8; 16]]) -> Result<Vec<TraitsStated>, Error> {
        at_once!(&mut self.0, it => it.traits_stated_list_in_tx(records))
    }
}
