//! Cursors as subscribers hold them: opaque, and good for their subscription only.

use unefois_core::{Cursor, Reason, SubscriptionId, Telling, ToldCursor};
use unefois_vault::Pseudonyms;

use crate::{
    failure::Failure,
    token::{InvalidToken, TokenOf},
};

/// The number of the telling, then the positions.
const TELLING_BYTES: usize = 8;

fn of<'a>(agency: &'a str, subscription: &'a SubscriptionId) -> TokenOf<'a> {
    TokenOf { kind: "cursor of a subscription", agency, context: subscription.0.as_bytes() }
}

/// The text of a cursor.
pub(crate) fn cursor_text(
    pseudonyms: &Pseudonyms,
    agency: &str,
    subscription: SubscriptionId,
    cursor: &ToldCursor,
) -> String {
    let ToldCursor { through, telling } = cursor;
    let bytes = [&telling.0.to_be_bytes()[..], &through.to_bytes()].concat();
    of(agency, &subscription).sign(pseudonyms, &bytes)
}

/// Reads the text of a cursor.
///
/// # Errors
/// `CURSOR_INVALID`: it is not one of this subscription.
pub(crate) fn cursor_of_text(
    pseudonyms: &Pseudonyms,
    agency: &str,
    subscription: SubscriptionId,
    text: &str,
) -> Result<ToldCursor, Failure> {
    let read = || {
        let bytes = of(agency, &subscription).read(pseudonyms, text)?;
        let (telling, through) = bytes.split_first_chunk::<TELLING_BYTES>().ok_or(InvalidToken)?;
        let through = Cursor::from_bytes(through).map_err(|_length| InvalidToken)?;
        Ok(ToldCursor { through, telling: Telling(u64::from_be_bytes(*telling)) })
    };
    read().map_err(|_invalid: InvalidToken| Failure::new(Reason::CursorInvalid))
}

#[cfg(test)]
mod tests {
    use unefois_core::{Partition, Place, Position};
    use unefois_vault::Keyring;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_cursor_is_read_back_for_its_own_subscription_only() {
        let pseudonyms = Keyring::generate().pseudonyms();
        let [one, other] = [1, 2].map(|number| SubscriptionId(Uuid::from_u128(number)));
        let mut through = Cursor::BEGIN;
        through.raise_to(Place { partition: Partition::numbered(3).unwrap(), position: Position(u64::MAX) });
        let cursor = ToldCursor { through, telling: Telling(7) };
        let text = cursor_text(&pseudonyms, "cnaf", one, &cursor);
        assert_eq!(cursor_of_text(&pseudonyms, "cnaf", one, &text).unwrap(), cursor);
        for (agency, subscription, text) in
            [("cnav", one, text.as_str()), ("cnaf", other, &text), ("cnaf", one, &text[2..]), ("cnaf", one, "")]
        {
            let refused = cursor_of_text(&pseudonyms, agency, subscription, text).unwrap_err();
            assert_eq!(refused.reason, Reason::CursorInvalid);
        }
    }
}
