//! Whose the traits are that the items of a batch state, as the items before left them.

use std::collections::HashMap;

use unefois_catalog::{Dataset, FindingKind};
use unefois_store::Transaction;

use super::{Prepared, newest::Newest};
use crate::failure::Failure;

/// Who is known by which traits, of those that the items state.
pub(super) struct Homonyms {
    /// The subjects that have stated traits longest, after merging, by the pseudonyms of the traits.
    first_with: HashMap<[u8; 32], [u8; 16]>,
    /// The traits that each record states.
    stated: HashMap<[u8; 16], [u8; 32]>,
}

/// How the record of an item is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// Not by the hub.
    None,
    /// Another subject is known by its traits.
    Homonym,
    /// As before traits stood with the records that state them: who was known by its traits then may not have stated them
    /// since, so that nobody is found by them.
    Kept,
}

impl Homonyms {
    /// Reads whose the traits of the items are, and what their records stated before.
    pub(super) async fn read(tx: &mut Transaction<'_>, items: &[Prepared], newest: &Newest) -> Result<Self, Failure> {
        let traits: Vec<[u8; 32]> = items.iter().filter_map(|item| item.traits).collect();
        if traits.is_empty() {
            return Ok(Self { first_with: HashMap::new(), stated: HashMap::new() });
        }
        let first_with = tx.traits_first_list_in_tx(&traits).await?;
        let first_with = first_with.into_iter().map(|first| (first.traits, first.root)).collect();
        let records: Vec<[u8; 16]> = newest.records().collect();
        let stated = tx.traits_stated_list_in_tx(&records).await?.into_iter().collect();
        Ok(Self { first_with, stated })
    }

    /// How the record of an item is to be marked, by what is held of it.
    pub(super) fn mark(
        &self,
        (item, root): (&Prepared, [u8; 16]),
        dataset: &Dataset,
        held: Option<([u8; 16], &[u8])>,
    ) -> Result<Mark, Failure> {
        if self.is_homonym(item, root) {
            return Ok(Mark::Homonym);
        }
        let from_before = held.filter(|(record, _)| item.traits.is_some() && !self.stated.contains_key(record));
        let Some((_, canonical)) = from_before else { return Ok(Mark::None) };
        let findings = dataset.findings(canonical).map_err(Failure::internal)?;
        let is_marked = findings.iter().any(|finding| finding.kind == FindingKind::Homonym);
        let traits = |canonical: &[u8]| dataset.traits(canonical).map_err(Failure::internal);
        let is_kept = is_marked && traits(canonical)? == traits(&item.canonical)?;
        Ok(if is_kept { Mark::Kept } else { Mark::None })
    }

    /// Whether a record of another subject stated the traits of the item's before.
    fn is_homonym(&self, item: &Prepared, root: [u8; 16]) -> bool {
        item.traits.and_then(|traits| self.first_with.get(&traits)).is_some_and(|first| *first != root)
    }

    /// Whether a record is not known to state these traits.
    pub(super) fn is_news(&self, record: [u8; 16], traits: [u8; 32]) -> bool {
        self.stated.get(&record) != Some(&traits)
    }

    /// Takes note of what a record of that subject states now: of several subjects the first is known by it. Gives the
    /// traits that were this subject's and may be nobody's any more, where the items ask for them.
    #[must_use]
    pub(super) fn states(&mut self, record: [u8; 16], root: [u8; 16], traits: Option<[u8; 32]>) -> Option<[u8; 32]> {
        let before = match traits {
            Some(traits) => {
                self.first_with.entry(traits).or_insert(root);
                self.stated.insert(record, traits)
            }
            None => self.stated.remove(&record),
        };
        before.filter(|before| Some(*before) != traits && self.first_with.get(before) == Some(&root))
    }

    /// Looks once more whose those traits are. What the items before state is written.
    pub(super) async fn look_again(&mut self, tx: &mut Transaction<'_>, traits: [u8; 32]) -> Result<(), Failure> {
        self.first_with.remove(&traits);
        let first = tx.traits_first_list_in_tx(&[traits]).await?;
        self.first_with.extend(first.into_iter().map(|first| (first.traits, first.root)));
        Ok(())
    }
}
