//! Which answers say that the provider has nothing of what was asked: the same status is that of a wrong address.

use super::json::Node;
use super::path::Path;
use crate::failure::{InvalidAnswer, ProviderFailure};

/// The answers that mean "not known".
#[derive(Debug, Clone)]
pub(crate) struct Unknown {
    pub(super) status: u16,
    /// The list whose items have codes; without it, the answer has one.
    pub(super) each: Option<Path>,
    pub(super) code: Path,
    pub(super) codes: Vec<String>,
}

impl Unknown {
    /// The status whose answers are looked at.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// What an answer of that status is.
    pub(crate) fn failure(&self, body: &[u8]) -> ProviderFailure {
        if self.is_stated(body).unwrap_or_default() {
            ProviderFailure::NotFound
        } else {
            InvalidAnswer::UnexpectedStatus(self.status).into()
        }
    }

    /// Whether one of the codes is there. An answer of another shape is one of somebody else, whatever it is.
    fn is_stated(&self, body: &[u8]) -> Result<bool, InvalidAnswer> {
        let answer = Node::parse(body)?;
        let items = match &self.each {
            Some(each) => answer.get(each)?.and_then(Node::items).unwrap_or_default(),
            None => vec![answer],
        };
        let mut codes = Vec::new();
        for item in items {
            codes.extend(item.get(&self.code)?.map(Node::plain));
        }
        Ok(codes.iter().any(|code| self.codes.contains(code)))
    }
}
