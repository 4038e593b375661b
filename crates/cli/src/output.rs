//! What commands print: tables for people, JSON for machines.

use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use jiff::Timestamp;

/// The present instant, for commands that need one.
#[allow(clippy::disallowed_methods, reason = "a command runs now")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// A table with these columns.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_BORDERS_ONLY).set_header(columns.iter().copied());
    table
}

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// An instant as a person reads it.
pub(crate) fn instant(micros: i64) -> String {
    Timestamp::from_microsecond(micros).map(|at| at.strftime("%Y-%m-%d %H:%M:%S%.3f").to_string()).unwrap_or_default()
}

/// Prints a value as one line of JSON.
pub(crate) fn json(value: &serde_json::Value) {
    println!("{value}");
}
