//! Minimising: copying the granted fields of canonical bytes, without decoding them.

use prost::encoding::{DecodeContext, WireType, decode_key, skip_field};

use crate::{dataset::Dataset, field_set::FieldSet};

/// Stored bytes that are not canonical: something other than this hub wrote them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a stored record of dataset `{dataset}` is malformed")]
pub struct MalformedRecord {
    /// The dataset.
    pub dataset: String,
    /// What the decoder said.
    #[source]
    pub(crate) source: prost::DecodeError,
}

impl Dataset {
    /// The canonical bytes of the granted fields only. They are canonical themselves, because the order of the fields
    /// stays.
    ///
    /// # Errors
    /// The bytes are not canonical.
    pub fn minimise(&self, canonical: &[u8], granted: FieldSet) -> Result<Vec<u8>, MalformedRecord> {
        let mut kept = Vec::with_capacity(canonical.len());
        self.each_field(canonical, |number, bytes| {
            if granted.contains(number) {
                kept.extend_from_slice(bytes);
            }
        })?;
        Ok(kept)
    }

    /// The fields that canonical bytes have.
    pub(crate) fn fields_in(&self, canonical: &[u8]) -> Result<FieldSet, MalformedRecord> {
        let mut found = FieldSet::default();
        self.each_field(canonical, |number, _| {
            if number <= FieldSet::NUMBER_MAX {
                found.insert(number);
            }
        })?;
        Ok(found)
    }

    fn each_field(&self, canonical: &[u8], mut take: impl FnMut(u32, &[u8])) -> Result<(), MalformedRecord> {
        let malformed = |source| MalformedRecord { dataset: self.id.clone(), source };
        let mut rest = canonical;
        while !rest.is_empty() {
            let field = rest;
            let (number, wire_type) = decode_key(&mut rest).map_err(malformed)?;
            skip(wire_type, number, &mut rest).map_err(malformed)?;
            take(number, &field[..field.len() - rest.len()]);
        }
        Ok(())
    }
}

pub(crate) fn skip(wire_type: WireType, number: u32, rest: &mut &[u8]) -> Result<(), prost::DecodeError> {
    skip_field(wire_type, number, rest, DecodeContext::default())
}
