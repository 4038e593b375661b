//! The address and the headers of a question: the interface's templates, filled in.

use std::collections::BTreeMap;

use http::Uri;
use http::header::{HeaderMap, HeaderName, HeaderValue};

use super::encode::push_encoded;
use super::settings::{Base, InvalidRestSettings, RestSettings};
use crate::failure::{InvalidAnswer, ProviderFailure};
use crate::interface::{Hole, Interface, Part, Question, Template};

/// Longest parameter: encoded, they fit any server's limit of an address.
const PARAMETER_SIZE_BYTES_MAX: usize = 512;

/// What differs between questions, and what does not.
pub(super) struct Target {
    path: Template,
    query: Vec<(String, Template)>,
    parameters: BTreeMap<String, String>,
    /// The same for every question. What holds the secret is marked sensitive: its `Debug` hides it.
    headers: HeaderMap,
}

impl Target {
    pub(super) fn new(interface: &Interface, settings: &RestSettings) -> Result<Self, InvalidRestSettings> {
        let parameters = parameters(interface, &settings.parameters)?;
        let secret = settings.secret.expose()?;
        let mut headers = HeaderMap::new();
        for (name, template) in interface.headers() {
            let unusable = || InvalidRestSettings::Header(name.clone());
            let mut value = String::new();
            for part in template.parts() {
                match part {
                    Part::Text(text) => value.push_str(text),
                    Part::Hole(Hole::Secret) => value.push_str(secret),
                    Part::Hole(Hole::Parameter(parameter)) => value.push_str(&parameters[parameter]),
                    Part::Hole(Hole::Key(_) | Hole::Subject(_)) => return Err(unusable()),
                }
            }
            let name: HeaderName = name.parse().map_err(|_not_a_header| unusable())?;
            let mut value = HeaderValue::try_from(value).map_err(|_not_a_value| unusable())?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(Self { path: interface.path().clone(), query: interface.query().to_vec(), parameters, headers })
    }

    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The address of one question.
    pub(super) fn of(&self, base: &Base, question: &Question<'_>) -> Result<Uri, ProviderFailure> {
        let mut path = String::new();
        self.fill(&mut path, &self.path, question)?;
        // Dots need no encoding, and a server would take such a segment for a way up.
        if path.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
            return Err(ProviderFailure::NotFound);
        }
        let mut address = format!("{}{path}", base.url);
        for (place, (name, template)) in self.query.iter().enumerate() {
            address.push(if place == 0 { '?' } else { '&' });
            push_encoded(&mut address, name);
            address.push('=');
            self.fill(&mut address, template, question)?;
        }
        // Too long for an address, whatever it is: the provider cannot know it.
        address.parse().map_err(|_too_long| InvalidAnswer::Unaskable.into())
    }

    fn fill(&self, out: &mut String, template: &Template, question: &Question<'_>) -> Result<(), ProviderFailure> {
        for part in template.parts() {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Hole(Hole::Parameter(parameter)) => push_encoded(out, &self.parameters[parameter]),
                Part::Hole(hole) => push_encoded(out, &question.value(hole)?),
            }
        }
        Ok(())
    }
}

/// The parameters that the interface names: all of them, and no others.
fn parameters(
    interface: &Interface,
    given: &BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, InvalidRestSettings> {
    let named = interface.parameters();
    if let Some(stranger) = given.keys().find(|name| !named.contains(name.as_str())) {
        return Err(InvalidRestSettings::ParameterUnknown(stranger.clone()));
    }
    for name in named {
        let usable = given.get(name).is_some_and(|text| (1..=PARAMETER_SIZE_BYTES_MAX).contains(&text.len()));
        if !usable {
            return Err(InvalidRestSettings::Parameter(name.to_owned()));
        }
    }
    Ok(given.clone())
}
