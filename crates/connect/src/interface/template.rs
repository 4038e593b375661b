//! Texts with holes, such as `/etablissements/{key.siret}`.

use std::fmt;

use unefois_core::IdentifierKind;

use super::path::Path;

/// A text with holes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Template(Vec<Part>);

/// A piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Part {
    /// Stands as it is.
    Text(String),
    /// Is filled in.
    Hole(Hole),
}

/// What fills a hole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Hole {
    /// `{key.…}`: a field of the natural key.
    Key(Path),
    /// `{subject.nir}`: the identifier of the subject, of that kind.
    Subject(IdentifierKind),
    /// `{parameter.…}`: a setting of the connector.
    Parameter(String),
    /// `{secret}`: the secret of the connector.
    Secret,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// The rule that the text breaks.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (hole, behind) = after.split_once('}').ok_or_else(|| "a `{` has no `}`".to_owned())?;
            parts.push(Part::Text(before.to_owned()));
            parts.push(Part::Hole(Hole::parse(hole)?));
            rest = behind;
        }
        parts.push(Part::Text(rest.to_owned()));
        parts.retain(|part| !matches!(part, Part::Text(text) if text.is_empty()));
        if parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains('}'))) {
            return Err("a `}` has no `{`".to_owned());
        }
        Ok(Self(parts))
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.0
    }

    pub(crate) fn holes(&self) -> impl Iterator<Item = &Hole> {
        self.0.iter().filter_map(|part| match part {
            Part::Hole(hole) => Some(hole),
            Part::Text(_) => None,
        })
    }

    /// What stands in it as it is.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|part| match part {
            Part::Text(text) => Some(text.as_str()),
            Part::Hole(_) => None,
        })
    }
}

impl Hole {
    fn parse(text: &str) -> Result<Self, String> {
        let unknown = || format!("`{{{text}}}` is not `{{key.…}}`, `{{subject.…}}`, `{{parameter.…}}` or `{{secret}}`");
        if text == "secret" {
            return Ok(Self::Secret);
        }
        let (kind, name) = text.split_once('.').ok_or_else(unknown)?;
        match kind {
            "key" => Path::parse(name).map(Self::Key).ok_or_else(unknown),
            "subject" => IdentifierKind::from_code(name)
                .map(Self::Subject)
                .ok_or_else(|| format!("`{name}` is not a kind of identifier")),
            "parameter" if !name.is_empty() => Ok(Self::Parameter(name.to_owned())),
            _ => Err(unknown()),
        }
    }
}

/// As it is written, without its braces.
impl fmt::Display for Hole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(path) => write!(formatter, "key.{path}"),
            Self::Subject(kind) => write!(formatter, "subject.{}", kind.code()),
            Self::Parameter(name) => write!(formatter, "parameter.{name}"),
            Self::Secret => formatter.write_str("secret"),
        }
    }
}
