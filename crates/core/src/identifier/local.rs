//! Local identifiers: what one agency calls a subject, unique in its own scope only.

use super::{IdentifierKind, InvalidIdentifier, hidden_text};

/// What identifies a subject in the scope of one agency: 1 to 64 visible ASCII characters, compared as they are.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LocalValue(String);

hidden_text!(LocalValue, "local");

const LENGTH_MAX: usize = 64;

impl LocalValue {
    /// Parses a local value. Nothing is dropped: what a space means is the agency's affair, so it is refused.
    ///
    /// # Errors
    /// It is not 1 to 64 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, InvalidIdentifier> {
        if (1..=LENGTH_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidIdentifier { kind: IdentifierKind::Local, rule: "it has 1 to 64 visible ASCII characters" })
    }
}
