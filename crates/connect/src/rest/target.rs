//! The address and the headers of a question: the interface's templates, filled in.

use std::borrow::Cow;
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
        let mut address = base.url.clone();
        self.push_path(&mut address, question)?;
        for (place, (name, template)) in self.query.iter().enumerate() {
            address.push(if place == 0 { '?' } else { '&' });
            push_encoded(&mut address, name);
            address.push('=');
            for part in template.parts() {
                push_encoded(&mut address, &self.text(part, question)?);
            }
        }
        // Too long for an address, whatever it is: the provider cannot know it.
        address.parse().map_err(|_too_long| InvalidAnswer::Unaskable.into())
    }

    fn push_path(&self, address: &mut String, question: &Question<'_>) -> Result<(), ProviderFailure> {
        let unfit = |hole: &Hole, rule| ProviderFailure::Unfit { value: hole.to_string(), rule };
        let (mut path, mut blank) = (String::new(), None);
        for part in self.path.parts() {
            let text = self.text(part, question)?;
            match part {
                Part::Text(_) => path.push_str(&text),
                Part::Hole(hole) if is_led_astray_by(&text) => {
                    return Err(unfit(hole, "it has `/`, `\\`, `%` or a control character"));
                }
                Part::Hole(hole) => {
                    blank = if is_blank(&text) { Some(hole) } else { blank };
                    push_encoded(&mut path, &text);
                }
            }
        }
        // No such segment is in the interface: what filled a hole made it.
        let is_segment = |segment| !matches!(segment, "" | "." | "..");
        match blank {
            Some(hole) if !path.split('/').skip(1).all(is_segment) => Err(unfit(hole, "it is empty, `.` or `..`")),
            Some(_) | None => {
                address.push_str(&path);
                Ok(())
            }
        }
    }

    fn text<'a>(&'a self, part: &'a Part, question: &'a Question<'_>) -> Result<Cow<'a, str>, ProviderFailure> {
        match part {
            Part::Text(text) => Ok(Cow::Borrowed(text)),
            Part::Hole(Hole::Parameter(parameter)) => Ok(Cow::Borrowed(&self.parameters[parameter])),
            Part::Hole(hole) => question.value(hole),
        }
    }
}

/// Whether a server that decodes an address once more than it should would take the text for a way elsewhere.
fn is_led_astray_by(text: &str) -> bool {
    text.contains(|c: char| matches!(c, '/' | '\\' | '%') || c.is_control())
}

/// Whether a segment could be empty, `.` or `..` by it.
fn is_blank(text: &str) -> bool {
    text.bytes().all(|byte| byte == b'.')
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
    for hole in interface.path().holes() {
        if let Hole::Parameter(name) = hole
            && (is_led_astray_by(&given[name]) || is_blank(&given[name]))
        {
            return Err(InvalidRestSettings::ParameterInPath(name.clone()));
        }
    }
    Ok(given.clone())
}
