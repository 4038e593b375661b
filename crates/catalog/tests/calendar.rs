//! Days, months and quarters in records: those of the calendar, and no others.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use serde_json::{Value, json};
use unefois_catalog::Catalog;

fn catalog() -> Catalog {
    let mut compiler = protox::Compiler::new([concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto")]).unwrap();
    compiler.include_imports(true).open_file("unefois/income/v1/declared_turnover.proto").unwrap();
    Catalog::load(&compiler.encode_file_descriptor_set()).unwrap()
}

/// Whether a record of that period and day is taken; otherwise field and rule.
fn published(period: &Value, declared_on: &Value) -> Result<(), String> {
    let catalog = catalog();
    let turnover = catalog.dataset("declared-turnover").unwrap();
    let record = json!({"siren": "732829320", "period": period, "declared_on": declared_on});
    let bytes = turnover.from_json(&record).unwrap();
    turnover.canonicalise(&bytes).map(drop).map_err(|invalid| format!("{}: {}", invalid.field, invalid.rule))
}

fn period(period: &Value) -> Result<(), String> {
    published(period, &json!({"year": 2026, "month": 1, "day": 1}))
}

fn day(year: i32, month: i32, day: i32) -> Result<(), String> {
    published(&json!({"month": {"year": 2026, "month": 3}}), &json!({"year": year, "month": month, "day": day}))
}

#[test]
fn a_month_is_1_to_12_of_a_year_of_four_digits() {
    for (year, month) in [(1, 1), (2026, 12), (9999, 6)] {
        assert_eq!(period(&json!({"month": {"year": year, "month": month}})), Ok(()));
    }
    for (year, month) in [(0, 1), (10_000, 1), (-1, 1), (65_537, 1), (2026, 0), (2026, 13), (2026, -1)] {
        let refused = period(&json!({"month": {"year": year, "month": month}}));
        assert_eq!(refused, Err("period.month: it is not a month".to_owned()), "{year}-{month}");
    }
    assert!(period(&json!({"month": {"year": 2026}})).is_err());
    assert!(period(&json!({"month": {"month": 3}})).is_err());
}

#[test]
fn a_quarter_is_1_to_4_of_a_year_of_four_digits() {
    for (year, quarter) in [(1, 1), (9999, 4)] {
        assert_eq!(period(&json!({"quarter": {"year": year, "quarter": quarter}})), Ok(()));
    }
    for (year, quarter) in [(0, 1), (10_000, 1), (2026, 0), (2026, 5)] {
        let refused = period(&json!({"quarter": {"year": year, "quarter": quarter}}));
        assert_eq!(refused, Err("period.quarter: it is not a quarter".to_owned()), "{year}-{quarter}");
    }
}

#[test]
fn a_period_names_a_month_or_a_quarter() {
    assert_eq!(period(&json!({})), Err("period: it names no month or quarter".to_owned()));
}

#[test]
fn a_day_is_one_of_the_calendar() {
    for (year, month, of_month) in [(1, 1, 1), (2028, 2, 29), (9999, 12, 31)] {
        assert_eq!(day(year, month, of_month), Ok(()));
    }
    for (year, month, of_month) in [
        (2026, 2, 29),
        (2026, 4, 31),
        (2026, 13, 1),
        (2026, 0, 1),
        (2026, 1, 0),
        (2026, 257, 1),
        (2026, 1, 257),
        (0, 1, 1),
        (10_000, 1, 1),
        (67_562, 1, 1),
    ] {
        let refused = Err("declared_on: it is not a day of the calendar".to_owned());
        assert_eq!(day(year, month, of_month), refused, "{year}-{month}-{of_month}");
    }
}
