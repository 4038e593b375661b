//! The measurement itself, at the smallest scale: it must not rot between the days on which somebody measures.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use tempfile::TempDir;

const BENCH: &str = env!("CARGO_BIN_EXE_unefois-bench");

/// `unefois` as it was built beside the measurement; built here where nobody has.
fn unefois() -> PathBuf {
    let folder = Path::new(BENCH).parent().unwrap();
    let binary = folder.join("unefois");
    if !binary.exists() {
        let build = ["build", "--locked", "--package", "unefois-cli", "--target-dir"];
        assert!(Command::new("cargo").args(build).arg(folder.parent().unwrap()).status().unwrap().success());
    }
    binary
}

fn pull(flags: &[&str]) -> Output {
    let small = ["--seconds", "1", "--warm-up", "0", "--rounds", "1", "--subjects", "20", "--agreements", "3"];
    runs(&[&["pull"], &small[..], flags].concat())
}

fn runs(words: &[&str]) -> Output {
    Command::new(BENCH).args(words).arg("--server").arg(unefois()).output().unwrap()
}

/// What a measurement says that must succeed.
fn said(words: &[&str]) -> String {
    let output = runs(&[words, &["--unoptimised"]].concat());
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// Runs the measurement of pulls, and gives the lines of its JSON.
fn lines(flags: &[&str]) -> Vec<serde_json::Value> {
    lines_of(|more| pull(&[flags, more].concat()))
}

/// Runs a measurement with more flags, and gives the lines of its JSON.
fn lines_of(measure: impl FnOnce(&[&str]) -> Output) -> Vec<serde_json::Value> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("figures.json");
    let output = measure(&["--unoptimised", "--json", file.to_str().unwrap()]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("UNOPTIMISED"), "{said}");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[test]
fn every_row_is_measured_at_every_shape_without_an_error() {
    let lines = lines(&["--shapes", "1x1,2x2"]);
    let places: Vec<_> =
        lines.iter().map(|line| (line["shape"].as_str().unwrap(), line["row"].as_str().unwrap())).collect();
    let rows = ["echo", "sqlite-append", "pg-batched", "by-hand", "unefois/sqlite", "unefois/postgres"];
    let due: Vec<_> = ["1x1", "2x2"].into_iter().flat_map(|shape| rows.map(|row| (shape, row))).collect();
    assert_eq!(places, due);
    for line in &lines {
        assert_eq!(line["errors"], 0, "{line}");
        assert_eq!(line["optimised"], false, "{line}");
        for quantity in ["per_second", "p50_us", "p99_us", "p999_us"] {
            assert!(line[quantity].as_f64().unwrap() > 0.0, "{quantity}: {line}");
        }
        let is_on_postgres = matches!(line["row"].as_str().unwrap(), "pg-batched" | "by-hand" | "unefois/postgres");
        assert_eq!(line["database_cpu_us"].is_f64(), is_on_postgres, "{line}");
    }
}

#[test]
fn an_open_loop_keeps_to_its_schedule() {
    let lines = lines(&["--shapes", "2x2", "--rows", "unefois/sqlite", "--rate", "20"]);
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["errors"], 0, "{}", lines[0]);
    // One second at twenty a second, whatever the server can do.
    let begun = lines[0]["per_second"].as_f64().unwrap();
    assert!((19.0..=21.0).contains(&begun), "{}", lines[0]);
}

#[test]
fn every_section_tells_what_it_measured() {
    let rows = ["--rows", "echo,unefois/sqlite", "--sections", "open,overload,growth,cold"];
    let lines = lines(&[&rows[..], &["--records", "100", "--overload-shape", "8x64"]].concat());
    let places: Vec<_> =
        lines.iter().map(|line| (line["section"].as_str().unwrap(), line["row"].as_str().unwrap())).collect();
    let hub = "unefois/sqlite";
    let due =
        [("open", hub), ("overload", hub), ("growth/20", hub), ("growth/100", hub), ("cold", "echo"), ("cold", hub)];
    assert_eq!(places, due);
    for line in &lines {
        assert_eq!(line["errors"], 0, "{line}");
        assert!(line["per_second"].as_f64().unwrap() > 0.0, "{line}");
    }
}

#[test]
fn events_are_measured_without_a_gap_on_either_store() {
    let small =
        ["--seconds", "1", "--warm-up", "0", "--rounds", "1", "--subjects", "20", "--retained", "40", "--few", "20"];
    let rows = ["--rows", "unefois/sqlite,unefois/postgres", "--subscriptions", "1,3", "--idle", "4"];
    let lines = lines_of(|more| runs(&[&["events"], &small[..], &rows, more].concat()));
    let places: Vec<_> =
        lines.iter().map(|line| ["section", "shape", "row"].map(|key| line[key].as_str().unwrap())).collect();
    let of_hubs = |section, shape| ["unefois/sqlite", "unefois/postgres"].map(|row| [section, shape, row]);
    let retained = ["unefois/sqlite", "unefois/postgres"]
        .map(|row| ["retained/20", "retained/40"].map(|section| [section, "1x32", row]));
    let table = [of_hubs("table", "1x32"), of_hubs("table", "3x32"), of_hubs("half", "1x32")];
    assert_eq!(places, [table.concat(), retained.concat()].concat());
    for line in &lines {
        assert_eq!(line["errors"], 0, "{line}");
        for quantity in ["per_second", "p50_us", "p99_us", "server_cpu_us"] {
            assert!(line[quantity].as_f64().unwrap() > 0.0, "{quantity}: {line}");
        }
    }
}

#[test]
fn verifying_and_idling_are_measured() {
    let verified = said(&["verify", "--entries", "300", "--rounds", "1"]);
    assert!(verified.contains("verified: ") && verified.contains(" entries a second of one core"), "{verified}");
    let idle = said(&["idle", "--connections", "9"]);
    assert!(idle.contains("9 idle connections: "), "{idle}");
}

#[test]
fn an_unoptimised_server_is_not_measured_by_accident() {
    let output = pull(&[]);
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("not optimised"), "{said}");
}
