//! JSON of an answer, parsed no further than it is looked at: numbers keep their digits as written.

use std::fmt;

use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

use super::path::Path;
use crate::failure::InvalidAnswer;

/// One well-formed value, not null.
#[derive(Clone, Copy)]
pub(super) struct Node<'a>(&'a RawValue);

impl<'a> Node<'a> {
    /// The whole body.
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, InvalidAnswer> {
        serde_json::from_slice(body)
            .map(Self)
            .map_err(|error| InvalidAnswer::Shape { line: error.line(), column: error.column() })
    }

    /// Its text, as JSON.
    pub(super) fn json(self) -> &'a str {
        self.0.get()
    }

    /// The value that the names lead to; `None` where it is missing or null, or what it would be in is.
    pub(super) fn get(self, path: &Path) -> Result<Option<Self>, InvalidAnswer> {
        let mut node = self;
        for name in path.names() {
            let Ok(Members(members)) = serde_json::from_str(node.json()) else {
                return Err(InvalidAnswer::Kind { field: path.to_string(), expected: "in an object" });
            };
            let mut named = members.into_iter().filter(|(member, _)| member == name);
            let (Some((_, value)), other) = (named.next(), named.next()) else { return Ok(None) };
            if other.is_some() {
                return Err(InvalidAnswer::Contradiction { field: path.to_string() });
            }
            if value.get() == "null" {
                return Ok(None);
            }
            node = Self(value);
        }
        Ok(Some(node))
    }

    /// The same, where it must be there.
    pub(super) fn require(self, path: &Path) -> Result<Self, InvalidAnswer> {
        self.get(path)?.ok_or_else(|| InvalidAnswer::Missing { field: path.to_string() })
    }

    /// Its text, when it is one.
    pub(super) fn text(self) -> Option<String> {
        serde_json::from_str(self.json()).ok()
    }

    /// Its text, or what stands for it: the digits of a number.
    pub(super) fn plain(self) -> String {
        self.text().unwrap_or_else(|| self.json().to_owned())
    }

    /// Its items, when it is a list.
    pub(super) fn items(self) -> Option<Vec<Self>> {
        let items: Vec<&RawValue> = serde_json::from_str(self.json()).ok()?;
        Some(items.into_iter().map(Node).collect())
    }
}

/// The members of an object, those of one name included: which is meant is not ours to guess.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = Members<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Each)
    }
}
