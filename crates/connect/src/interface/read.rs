//! Reading one answer by the rules of its interface.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::Interface;
use super::convert::{convert, date};
use super::json::Node;
use super::link::{Link, put};
use super::path::Path;
use super::question::Question;
use super::rule::{Conversion, Fields, Presence, Rows, Rule, Within};
use crate::failure::{InvalidAnswer, ProviderFailure};

/// A record as protobuf JSON, and the files that are still to be fetched for it.
type Read = (Value, Vec<Link>);

impl Interface {
    /// The record that the answer holds.
    pub(crate) fn read(&self, body: &[u8], question: &Question<'_>) -> Result<Read, ProviderFailure> {
        let answer = Node::parse(body)?;
        let row = |node| self.read_row(node, question);
        let Some(rows) = &self.rows else { return row(answer) };
        let mut found = rows.of(answer, question)?.into_iter().map(row);
        let first = found.next().ok_or(ProviderFailure::NotFound)??;
        for other in found {
            if other? != first {
                return Err(InvalidAnswer::Contradiction { field: rows.each.to_string() }.into());
            }
        }
        Ok(first)
    }

    fn read_row(&self, node: Node<'_>, question: &Question<'_>) -> Result<Read, ProviderFailure> {
        let (mut record, mut links) = (json!({}), Vec::new());
        for path in &self.key_of_question {
            if let Some(value) = path.find(question.key) {
                put(&mut record, path, value.clone());
            }
        }
        for (place, rule) in &self.fields.0 {
            match rule.read(node, question)? {
                None => {}
                Some(Made::Value(value)) => put(&mut record, place, value),
                Some(Made::Link { from, address }) => links.push(Link { place: place.clone(), from, address }),
            }
        }
        Ok((record, links))
    }
}

/// What a rule makes of an answer.
enum Made {
    Value(Value),
    /// To be fetched.
    Link {
        from: Path,
        address: String,
    },
}

impl Rule {
    fn read(&self, node: Node<'_>, question: &Question<'_>) -> Result<Option<Made>, ProviderFailure> {
        match self {
            Self::Fixed(value) => Ok(Some(Made::Value(value.clone()))),
            Self::From { path, conversion, presence } => Ok(one(node, path, conversion, *presence)?),
            Self::Each { path, within, presence, fields } => {
                let Some(list) = find(node, path, *presence)? else { return Ok(None) };
                let items = chosen(list, path, within.as_ref(), question)?;
                // A provider that has something of another month only has nothing of what was asked.
                if within.is_some() && items.is_empty() {
                    return Err(ProviderFailure::NotFound);
                }
                let items: Result<Vec<Value>, ProviderFailure> =
                    items.into_iter().map(|item| fields.read_item(item, question)).collect();
                Ok(Some(Made::Value(Value::Array(items?))))
            }
        }
    }
}

impl Fields {
    /// A message within a record.
    fn read_item(&self, node: Node<'_>, question: &Question<'_>) -> Result<Value, ProviderFailure> {
        let mut message = json!({});
        for (place, rule) in &self.0 {
            // Links are not in lists: an interface that has one there is not loaded.
            if let Some(Made::Value(value)) = rule.read(node, question)? {
                put(&mut message, place, value);
            }
        }
        Ok(message)
    }
}

fn one(
    node: Node<'_>,
    path: &Path,
    conversion: &Conversion,
    presence: Presence,
) -> Result<Option<Made>, InvalidAnswer> {
    let Some(found) = find(node, path, presence)? else { return Ok(None) };
    match (convert(found, path, conversion)?, conversion, presence) {
        (Some(Value::String(address)), Conversion::Document, _) => Ok(Some(Made::Link { from: path.clone(), address })),
        (Some(value), _, _) => Ok(Some(Made::Value(value))),
        (None, _, Presence::Optional) => Ok(None),
        (None, _, Presence::Required) => Err(InvalidAnswer::Missing { field: path.to_string() }),
    }
}

impl Rows {
    /// The items that may be meant; several say the same, or contradict each other.
    fn of<'a>(&self, answer: Node<'a>, question: &Question<'_>) -> Result<Vec<Node<'a>>, ProviderFailure> {
        let items = chosen(answer.require(&self.each)?, &self.each, self.within.as_ref(), question)?;
        let Some(latest) = &self.latest else { return Ok(items) };
        let dated: Result<Vec<(Date, Node<'a>)>, InvalidAnswer> =
            items.into_iter().map(|item| Ok((date(item.require(latest)?, latest)?, item))).collect();
        let dated = dated?;
        let last = dated.iter().map(|(date, _)| *date).max();
        Ok(dated.into_iter().filter(|(date, _)| Some(*date) == last).map(|(_, item)| item).collect())
    }
}

fn find<'a>(node: Node<'a>, path: &Path, presence: Presence) -> Result<Option<Node<'a>>, InvalidAnswer> {
    match presence {
        Presence::Required => node.require(path).map(Some),
        Presence::Optional => node.get(path),
    }
}

/// The items of a list that are of the year or month asked for.
fn chosen<'a>(
    list: Node<'a>,
    path: &Path,
    within: Option<&Within>,
    question: &Question<'_>,
) -> Result<Vec<Node<'a>>, ProviderFailure> {
    let items = list.items().ok_or_else(|| InvalidAnswer::Kind { field: path.to_string(), expected: "a list" })?;
    let Some(Within { date: of_item, key }) = within else { return Ok(items) };
    let asked = key.find(question.key).ok_or_else(|| ProviderFailure::NotAskable { lacks: format!("key.{key}") })?;
    let mut chosen = Vec::new();
    for item in items {
        if is_within(date(item.require(of_item)?, of_item)?, asked) {
            chosen.push(item);
        }
    }
    Ok(chosen)
}

/// Whether the day is in a year (a number) or in a month (a message).
fn is_within(day: Date, asked: &Value) -> bool {
    let (year, month) = (i64::from(day.year()), i64::from(day.month()));
    match asked.as_i64() {
        Some(asked) => asked == year,
        None => asked["year"].as_i64() == Some(year) && asked["month"].as_i64() == Some(month),
    }
}
