//! How the story is printed: steps, sentences, checks and tables.

use comfy_table::{ContentArrangement, Table};
use unefois_client::Refused;
use unefois_proto::pb::calendar::v1::Date;

use super::stage::Stage;
use crate::output;

/// How wide a table may be where nobody knows how wide the page is.
const PAGE_WIDTH: u16 = 116;

pub(crate) fn opening() {
    output::print_line!("Unefois — “Dites-le-nous une fois”. A story of invented people on a real hub.");
}

/// Where everything is.
pub(crate) fn stage(stage: &Stage) -> anyhow::Result<()> {
    say(&format!(
        "A hub of its own listens on {} (mutual TLS 1.3); everything that it keeps is in {}.",
        stage.endpoint()?,
        stage.folder().display()
    ));
    Ok(())
}

pub(crate) fn step(number: u32, title: &str) {
    output::print_line!("\n{number}. {title}\n");
}

pub(crate) fn say(sentence: &str) {
    output::print_line!("   {sentence}");
}

/// Something that was checked, and holds.
pub(crate) fn checked(what: &str) {
    output::print_line!("   ✓ {what}");
}

/// A table with these columns, as wide as the terminal at most.
pub(crate) fn table(columns: &[&str]) -> Table {
    let mut table = output::table(columns);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    if !table.is_tty() {
        table.set_width(PAGE_WIDTH);
    }
    table
}

pub(crate) fn print(table: &Table) {
    for line in table.lines() {
        output::print_line!("   {line}");
    }
}

/// The first line of what the hub says to a caller that it refuses.
pub(crate) fn refusal(refused: &Refused) -> String {
    refused.message.lines().next().unwrap_or_default().to_owned()
}

/// A day as the hub writes it: `2026-04-30`.
pub(crate) fn day(day: Option<Date>) -> String {
    let Date { year, month, day } = day.unwrap_or_default();
    format!("{:04}-{:02}-{:02}", year.unwrap_or_default(), month.unwrap_or_default(), day.unwrap_or_default())
}

/// Euro-cents as a person reads them: `€24,817.36`.
pub(crate) fn euros(cents: i64) -> String {
    let whole = (cents / 100).unsigned_abs().to_string();
    let first = whole.len() % 3;
    let mut groups = Vec::new();
    if first > 0 {
        groups.push(&whole[..first]);
    }
    groups.extend((first..whole.len()).step_by(3).map(|at| &whole[at..at + 3]));
    let sign = if cents < 0 { "−" } else { "" };
    format!("{sign}€{}.{:02}", groups.join(","), (cents % 100).abs())
}

#[cfg(test)]
mod tests {
    use super::euros;

    #[test]
    fn cents_read_as_euros() {
        assert_eq!(euros(2_481_736), "€24,817.36");
        assert_eq!(euros(5), "€0.05");
        assert_eq!(euros(100_000), "€1,000.00");
        assert_eq!(euros(12_345_678_900), "€123,456,789.00");
    }
}
