//! What is asked of a provider and how its answer is read: a file in a small language, checked when it is loaded.
//!
//! `deploy/providers.md` describes the language to those who write such files.

mod check;
mod convert;
mod file;
mod json;
mod link;
mod path;
mod question;
mod read;
mod rule;
mod subject;
mod template;
mod unknown;

use std::collections::BTreeSet;

use unefois_catalog::Dataset;

pub use self::check::InvalidInterface;
use self::file::InterfaceFile;
pub(crate) use self::link::Link;
use self::path::Path;
pub use self::question::Question;
use self::rule::{Fields, Rows};
use self::subject::Named;
pub(crate) use self::template::{Hole, Part, Template};
pub(crate) use self::unknown::Unknown;
use crate::failure::ProviderFailure;

/// One interface of one provider, for one dataset.
#[derive(Debug, Clone)]
pub struct Interface {
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
    rows: Option<Rows>,
    fields: Fields,
    /// The values of the key that the answer is not read for: they are those of the question.
    key_of_question: Vec<Path>,
    named: Named,
    unknown: Option<Unknown>,
}

impl Interface {
    /// Reads the file and checks it against the dataset that it says it is for, which `find` finds.
    ///
    /// # Errors
    /// [`InvalidInterface`] names the place in the file and the rule that it breaks.
    pub fn load<'a>(
        text: &str,
        find: impl FnOnce(&str) -> Option<&'a Dataset>,
    ) -> Result<(Self, &'a Dataset), InvalidInterface> {
        let file: InterfaceFile =
            toml::from_str(text).map_err(|error| InvalidInterface::new("file", error.to_string()))?;
        let unknown = || InvalidInterface::new("dataset", format!("there is no dataset `{}`", file.dataset));
        let dataset = find(&file.dataset).ok_or_else(unknown)?;
        let interface = check::interface(file, dataset)?;
        Ok((interface, dataset))
    }

    /// Whether the question is one that this interface asks.
    pub(crate) fn check(&self, question: &Question<'_>) -> Result<(), ProviderFailure> {
        self.named.check(question)
    }

    /// The answers that mean "not known"; without it, all with status 404.
    pub(crate) fn unknown(&self) -> Option<&Unknown> {
        self.unknown.as_ref()
    }

    pub(crate) fn path(&self) -> &Template {
        &self.path
    }

    pub(crate) fn query(&self) -> &[(String, Template)] {
        &self.query
    }

    pub(crate) fn headers(&self) -> &[(String, Template)] {
        &self.headers
    }

    /// The parameters that its templates name.
    pub(crate) fn parameters(&self) -> BTreeSet<&str> {
        let named = self.templates().flat_map(Template::holes).filter_map(|hole| match hole {
            Hole::Parameter(name) => Some(name.as_str()),
            Hole::Key(_) | Hole::Subject(_) | Hole::Secret => None,
        });
        named.collect()
    }

    fn templates(&self) -> impl Iterator<Item = &Template> {
        let named = self.query.iter().chain(&self.headers);
        std::iter::once(&self.path).chain(named.map(|(_, template)| template))
    }
}
