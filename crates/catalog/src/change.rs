//! What a revision changed: the top-level fields in which two canonical records differ.

use std::collections::BTreeMap;

use prost::encoding::decode_key;

use crate::{
    dataset::Dataset,
    field_set::FieldSet,
    minimise::{MalformedRecord, skip},
};

impl Dataset {
    /// The top-level fields whose canonical bytes differ between two revisions, set in one of them only included. Where
    /// there was no revision before, `old` is empty: all that `new` sets.
    ///
    /// # Errors
    /// One of the two is not canonical.
    pub fn changed_fields(&self, old: &[u8], new: &[u8]) -> Result<FieldSet, MalformedRecord> {
        let (old, new) = (self.field_bytes(old)?, self.field_bytes(new)?);
        let mut changed = FieldSet::default();
        let differing = old.keys().chain(new.keys()).filter(|number| old.get(number) != new.get(number));
        // A dataset has no larger number: such a field never leaves, and nobody is told of it.
        for number in differing.filter(|number| **number <= FieldSet::NUMBER_MAX) {
            changed.insert(*number);
        }
        Ok(changed)
    }

    /// The bytes of each top-level field: all its occurrences, which stand beside each other in canonical bytes.
    fn field_bytes<'a>(&self, canonical: &'a [u8]) -> Result<BTreeMap<u32, &'a [u8]>, MalformedRecord> {
        let malformed = |source| MalformedRecord { dataset: self.id.clone(), source };
        let mut fields = BTreeMap::new();
        let (mut rest, mut run) = (canonical, canonical);
        let mut last = None;
        while !rest.is_empty() {
            let field = rest;
            let (number, wire_type) = decode_key(&mut rest).map_err(malformed)?;
            skip(wire_type, number, &mut rest).map_err(malformed)?;
            if last.replace(number) != Some(number) {
                run = field;
            }
            fields.insert(number, &run[..run.len() - rest.len()]);
        }
        Ok(fields)
    }
}
