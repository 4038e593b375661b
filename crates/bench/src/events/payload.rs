//! What the other servers carry in place of an event: its number, and as many bytes as the hub tells.

use anyhow::Context;
use bytes::Bytes;

const NUMBER_BYTES: usize = size_of::<u64>();

/// The event of that number.
pub(crate) fn of(number: u64, bytes: usize) -> Bytes {
    let mut payload = vec![b'e'; bytes.max(NUMBER_BYTES)];
    payload[..NUMBER_BYTES].copy_from_slice(&number.to_be_bytes());
    Bytes::from(payload)
}

/// Its number.
pub(crate) fn number_of(payload: &[u8]) -> anyhow::Result<u64> {
    let number = payload.first_chunk().context("an event is too short")?;
    Ok(u64::from_be_bytes(*number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_as_long_as_it_should_be_and_tells_its_number() {
        let payload = of(70_000, 300);
        assert_eq!((payload.len(), number_of(&payload).unwrap()), (300, 70_000));
        assert!(number_of(b"short").is_err());
    }
}
