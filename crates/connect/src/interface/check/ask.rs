//! Whether `[ask]` makes a question that can be sent, leads nowhere else, and names the subject.

use std::collections::{BTreeMap, BTreeSet};

use http::header::{HeaderName, HeaderValue};
use serde_json::json;
use unefois_catalog::Dataset;

use super::{InvalidInterface, check_key};
use crate::interface::file::AskFile;
use crate::interface::template::{Hole, Part, Template};

/// Headers that are not an interface's: those of the connection (RFC 9110, section 7.6.1) and of the message, those by
/// which an answer would come in a form that the hub does not read, and the hub's own.
const HEADERS_NOT_ALLOWED: [&str; 16] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// The question, checked.
pub(super) struct Ask {
    pub(super) path: Template,
    pub(super) query: Vec<(String, Template)>,
    pub(super) headers: Vec<(String, Template)>,
}

pub(super) fn ask(file: &AskFile, dataset: &Dataset) -> Result<Ask, InvalidInterface> {
    let ask = Ask {
        path: template("ask.path", &file.path)?,
        query: templates("query", &file.query)?,
        headers: templates("headers", &file.headers)?,
    };
    check_path(&file.path, &ask.path)?;
    for (name, template) in &ask.query {
        check_query(name, template)?;
    }
    let mut names = BTreeSet::new();
    for (name, template) in &ask.headers {
        check_header(name, template)?;
        if !names.insert(name.to_ascii_lowercase()) {
            return Err(InvalidInterface::new(place("headers", name), "it stands there twice"));
        }
    }
    ask.check_holes(dataset)?;
    Ok(ask)
}

impl Ask {
    /// The holes that differ from question to question.
    pub(super) fn asked(&self) -> impl Iterator<Item = &Hole> {
        self.path.holes().chain(self.query.iter().flat_map(|(_, template)| template.holes()))
    }

    fn check_holes(&self, dataset: &Dataset) -> Result<(), InvalidInterface> {
        for hole in self.asked() {
            match hole {
                Hole::Key(path) => check_key("ask", path, dataset, &[json!(1), json!("x")])?,
                Hole::Secret => {
                    return Err(InvalidInterface::new("ask", "a secret is for headers: addresses are logged"));
                }
                Hole::Subject(_) | Hole::Parameter(_) => {}
            }
        }
        Ok(())
    }
}

/// A path is segments, none of which a server would take for a way elsewhere.
fn check_path(text: &str, path: &Template) -> Result<(), InvalidInterface> {
    if !text.starts_with('/') || path.texts().any(|text| text.contains(|c: char| !is_path_character(c))) {
        return Err(InvalidInterface::new("ask.path", "it begins with `/` and has no query: that is in `ask.query`"));
    }
    // What a hole is called has no slash: the text has the segments of the address.
    if text.split('/').skip(1).any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(InvalidInterface::new("ask.path", "it has an empty segment, `.` or `..`"));
    }
    Ok(())
}

/// What an address may hold as it is (RFC 3986, section 3.3).
fn is_path_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~/!$&'()*+,;=:@".contains(c)
}

/// Names and texts of a query are encoded: they are written as they are meant.
fn check_query(name: &str, template: &Template) -> Result<(), InvalidInterface> {
    let is_plain = |text: &str| !text.contains(|c: char| c.is_control() || c == '%');
    if name.is_empty() || name.contains(char::is_whitespace) || !is_plain(name) {
        return Err(InvalidInterface::new(place("query", name), "it is not the name of a parameter"));
    }
    if !template.texts().all(is_plain) {
        return Err(InvalidInterface::new(
            place("query", name),
            "the hub encodes it: it has neither `%` nor line breaks",
        ));
    }
    Ok(())
}

fn check_header(name: &str, template: &Template) -> Result<(), InvalidInterface> {
    let refuse = |rule: &str| Err(InvalidInterface::new(place("headers", name), rule));
    let Ok(parsed) = name.parse::<HeaderName>() else { return refuse("it is not the name of a header") };
    if HEADERS_NOT_ALLOWED.contains(&parsed.as_str()) {
        return refuse("this header is the hub's to send, or not");
    }
    if template.holes().any(|hole| matches!(hole, Hole::Key(_) | Hole::Subject(_))) {
        return refuse("a header is the same for every question");
    }
    let is_text = |part: &Part| match part {
        Part::Text(text) => text.is_ascii() && HeaderValue::from_str(text).is_ok(),
        Part::Hole(_) => true,
    };
    if template.parts().is_empty() || !template.parts().iter().all(is_text) {
        return refuse("it is not the value of a header: visible ASCII characters and spaces");
    }
    Ok(())
}

fn place(table: &str, name: &str) -> String {
    format!("ask.{table}.{name:?}")
}

fn templates(table: &str, texts: &BTreeMap<String, String>) -> Result<Vec<(String, Template)>, InvalidInterface> {
    texts.iter().map(|(name, text)| Ok((name.clone(), template(&place(table, name), text)?))).collect()
}

fn template(place: &str, text: &str) -> Result<Template, InvalidInterface> {
    Template::parse(text).map_err(|rule| InvalidInterface::new(place, rule))
}
