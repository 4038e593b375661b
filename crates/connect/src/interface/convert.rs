//! From a value of an answer to a value of protobuf JSON, strictly.

use jiff::civil::Date;
use serde_json::{Value, json};

use super::json::Node;
use super::path::Path;
use super::rule::Conversion;
use crate::amount::cents_of_euros;
use crate::failure::InvalidAnswer;

/// What the value becomes; `None` where it is a text without the part that is asked for.
pub(super) fn convert(node: Node<'_>, path: &Path, conversion: &Conversion) -> Result<Option<Value>, InvalidAnswer> {
    let kind = |expected| InvalidAnswer::Kind { field: path.to_string(), expected };
    let text = || node.text().ok_or_else(|| kind("a text"));
    let value = match conversion {
        Conversion::Text | Conversion::Document => text()?.into(),
        Conversion::WholeNumber => {
            serde_json::from_str::<i64>(node.json()).map_err(|_other| kind("a whole number"))?.into()
        }
        Conversion::Boolean => serde_json::from_str::<bool>(node.json()).map_err(|_other| kind("a boolean"))?.into(),
        Conversion::Date => of_date(date(node, path)?),
        Conversion::Euros => cents_of_euros(node.json())
            .map_err(|source| InvalidAnswer::Amount { field: path.to_string(), source })?
            .into(),
        Conversion::FrenchTelephone => telephone(&text()?).into(),
        Conversion::PostalCode => return Ok(split(&text()?).0.map(Value::from)),
        Conversion::Locality => split(&text()?).1.into(),
        Conversion::Table(table) => {
            // A number is looked up by its digits.
            table.get(&node.plain()).ok_or_else(|| kind("in its table"))?.clone()
        }
    };
    Ok(Some(value))
}

/// Reads `YYYY-MM-DD` and nothing else, which the calendar's own parser would be more generous about.
pub(super) fn date(node: Node<'_>, path: &Path) -> Result<Date, InvalidAnswer> {
    let invalid = || InvalidAnswer::Kind { field: path.to_string(), expected: "a date" };
    let text = node.text().ok_or_else(invalid)?;
    let shaped = text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() != 10 || !shaped {
        return Err(invalid());
    }
    text.parse().map_err(|_not_in_the_calendar: jiff::Error| invalid())
}

/// A date as protobuf JSON.
pub(super) fn of_date(date: Date) -> Value {
    json!({ "year": date.year(), "month": date.month(), "day": date.day() })
}

/// With the prefix of the country, where it is written as within France.
fn telephone(text: &str) -> String {
    match text.strip_prefix('0') {
        Some(rest) if rest.len() == 9 => format!("+33{rest}"),
        Some(_) | None => text.to_owned(),
    }
}

/// Postal code and locality, where a text begins with five digits and a space.
fn split(text: &str) -> (Option<&str>, &str) {
    match text.split_once(' ') {
        Some((code, locality)) if code.len() == 5 && code.bytes().all(|byte| byte.is_ascii_digit()) => {
            (Some(code), locality.trim_start())
        }
        Some(_) | None => (None, text),
    }
}
