//! Kinds of events on the wire.

use unefois_core::EventKind;

use crate::pb;

/// A number that names no kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not one of the kinds of events")]
pub struct UnknownEventKind;

/// A kind of event, from the wire.
///
/// # Errors
/// The number names none, or is 0.
pub fn event_kind_from_wire(wire: i32) -> Result<EventKind, UnknownEventKind> {
    use pb::subscription::v1::EventKind as Wire;
    match Wire::try_from(wire) {
        Ok(Wire::Created) => Ok(EventKind::Created),
        Ok(Wire::Revised) => Ok(EventKind::Revised),
        Ok(Wire::Corrected) => Ok(EventKind::Corrected),
        Ok(Wire::Ended) => Ok(EventKind::Ended),
        Ok(Wire::Unspecified) | Err(_) => Err(UnknownEventKind),
    }
}

/// A kind of event, to the wire.
#[must_use]
pub fn event_kind_to_wire(kind: EventKind) -> pb::subscription::v1::EventKind {
    use pb::subscription::v1::EventKind as Wire;
    match kind {
        EventKind::Created => Wire::Created,
        EventKind::Revised => Wire::Revised,
        EventKind::Corrected => Wire::Corrected,
        EventKind::Ended => Wire::Ended,
    }
}

#[cfg(test)]
mod tests {
    use super::{EventKind, UnknownEventKind, event_kind_from_wire, event_kind_to_wire};

    #[test]
    fn kinds_survive_the_wire_and_nothing_else_is_one() {
        for kind in EventKind::ALL {
            assert_eq!(event_kind_from_wire(event_kind_to_wire(kind).into()), Ok(kind));
        }
        assert_eq!([0, 5].map(event_kind_from_wire), [Err(UnknownEventKind); 2]);
    }
}
