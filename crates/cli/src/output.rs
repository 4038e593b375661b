//! What commands print: tables for people, JSON for machines.

use std::{
    fmt,
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use jiff::Timestamp;

/// Why standard output takes no more, if it does not. It is one for the whole process, as standard output is.
static BROKEN: Mutex<Option<io::Error>> = Mutex::new(None);

/// Prints text and the end of the line.
macro_rules! print_line {
    ($($text:tt)*) => { $crate::output::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// Prints text as it is.
macro_rules! print_text {
    ($($text:tt)*) => { $crate::output::print(format_args!($($text)*)) };
}

/// Says text and the end of the line on standard error.
macro_rules! error_line {
    ($($text:tt)*) => { $crate::output::complain(format_args!("{}\n", format_args!($($text)*))) };
}

pub(crate) use {error_line, print_line, print_text};

/// Prints. A command whose reader leaves, as `head` does, still does its work to the end: what cannot be printed is
/// left out, and [`outcome`] says so where nobody asked for that.
pub(crate) fn print(text: fmt::Arguments<'_>) {
    let mut broken = BROKEN.lock().unwrap_or_else(PoisonError::into_inner);
    if broken.is_none() {
        *broken = io::stdout().write_fmt(text).err();
    }
}

/// Says on standard error. Where that takes no more, nobody is left to be told so; the status tells the outcome.
pub(crate) fn complain(text: fmt::Arguments<'_>) {
    let _unheard = io::stderr().write_fmt(text);
}

/// Whether everything was printed, or the reader left by itself.
///
/// # Errors
/// Standard output failed, such as on a full disk.
pub(crate) fn outcome() -> io::Result<()> {
    match BROKEN.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Some(_) | None => Ok(()),
    }
}

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
    print_line!("{value}");
}
