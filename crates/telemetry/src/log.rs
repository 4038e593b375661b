//! The log: structured lines on standard error.

use std::io::IsTerminal;

use serde::Deserialize;
use tracing_subscriber::{EnvFilter, filter::ParseError};

/// The target of the span that carries the identifier of a trace into the log lines of its call.
pub(crate) const CALL: &str = "unefois::call";

/// What is logged, and how.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct LogSettings {
    /// A level, or a filter such as `info,unefois_broker=debug`.
    pub level: String,
    /// The form of the lines.
    pub format: LogFormat,
}

/// The form of the lines of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogFormat {
    /// For people.
    Pretty,
    /// For machines: one JSON object a line.
    Json,
}

/// The level is neither a level nor a filter.
#[derive(Debug, thiserror::Error)]
#[error("the level of the log is neither a level nor a filter")]
pub struct InvalidLogLevel(#[from] ParseError);

impl Default for LogSettings {
    fn default() -> Self {
        Self { level: "info".to_owned(), format: LogFormat::Pretty }
    }
}

/// Starts the log of this process.
///
/// # Errors
/// The level cannot be read.
pub fn log_start(settings: &LogSettings) -> Result<(), InvalidLogLevel> {
    // The span of a call is kept at every level: a line that is logged says whose trace it belongs to. Calls that are
    // not traced make no such span.
    let filter = EnvFilter::try_new(&settings.level)?.add_directive(format!("{CALL}=info").parse()?);
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // They are told on standard error, in a way that panics where the log itself could not be written.
        .log_internal_errors(false);
    match settings.format {
        LogFormat::Pretty => log.init(),
        LogFormat::Json => log.json().with_span_list(false).init(),
    }
    Ok(())
}
