//! Secrecy: after a busy day nothing on disk names a person, an amount or a reference.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod day;
mod dossiers;
mod exported;
mod scan;

use std::path::PathBuf;

use prost::Message;
use unefois_proto::pb::audit::v1::{ExportEntriesRequest, export_entries_response::Part};
use unefois_testkit::{ApiGouv, House, HouseSettings, Person};

use crate::{
    day::{CENTS, EUROS, TRACE},
    scan::{Scan, files},
};

const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

/// Everything that a hub can log.
const LOG_ALL: &str = "[log]\nlevel = \"trace\"\nformat = \"json\"\n";

/// What must not be found, and what it is.
fn secrets(people: &[Person]) -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| text.as_bytes().to_vec();
    let mut secrets: Vec<(&'static str, Vec<u8>)> = vec![
        ("an amount as text", CENTS.to_string().into_bytes()),
        ("an amount as euros", text(EUROS)),
        ("an amount as a varint", CENTS.encode_to_vec()[1..].to_vec()),
        ("an amount, little end first", CENTS.to_le_bytes()[..5].to_vec()),
        ("an amount, big end first", CENTS.to_be_bytes()[3..].to_vec()),
        ("a case reference", text("DOSSIER-4711")),
        ("an agent reference", text("AGENT-0815")),
        ("an identifier of a request", text("REQUEST-OF-A-PERSON")),
        ("an identifier of a publication", text("PUBLICATION-OF-A-PERSON")),
        ("a reference of a session", text("SESSION-OF-A-PERSON")),
        ("an activity code", text("62.01Z")),
        ("a trace", text(TRACE)),
    ];
    for person in people {
        secrets.push(("a NIR", person.nir.as_bytes()[..13].to_vec()));
        secrets.push(("a SIREN", text(&person.siren)));
        secrets.push(("a SIRET", text(&person.siret)));
    }
    secrets
}

/// The leaves of the ledger as they are exported, before an export file spells them in base64.
async fn leaves(house: &House) -> Vec<u8> {
    let auditor = house.agency("cour-des-comptes").await;
    let request = ExportEntriesRequest { case_reference: "audit".to_owned(), ..Default::default() };
    let mut parts = auditor.audit().export_entries(request).await.unwrap().into_inner();
    let mut leaves = Vec::new();
    while let Some(response) = parts.message().await.unwrap() {
        if let Some(Part::Entries(some)) = response.part {
            leaves.extend(some.entries.concat());
        }
    }
    leaves
}

fn check(scan: &Scan, files: &[(PathBuf, Vec<u8>)]) {
    for (file, bytes) in files {
        assert_eq!(scan.finds(bytes), None, "in {}", file.display());
    }
}

/// That what is no secret is found there shows that the scan sees what it scans.
fn check_open(files: &[(PathBuf, Vec<u8>)], named: &str, due: &[&str]) {
    for open in due {
        let scan = Scan::of(&[("open", open.as_bytes().to_vec())]);
        let mut of_name = files.iter().filter(|(path, _)| path.to_string_lossy().contains(named));
        assert!(of_name.any(|(_, bytes)| scan.finds(bytes).is_some()), "{open} is not in {named}");
    }
}

/// What a hub that has stopped left on disk, and where its rows are among it.
fn left_by(house: &House) -> (Vec<(PathBuf, Vec<u8>)>, &'static str) {
    let mut left = files(house.data());
    let Some(postgres) = house.postgres() else { return (left, "hub.db") };
    // Its tables are written out of its memory; beside them are its log, and the changes that it would replay.
    postgres.runs_sql("hub", "CHECKPOINT");
    postgres.stop_immediately();
    left.extend(files(postgres.path()));
    (left, "/data/base/")
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_disk_names_a_person_an_amount_or_a_reference() {
    let provider = ApiGouv::serve(None).await;
    let settings =
        HouseSettings { provider: Some(provider.base_url()), more: LOG_ALL.to_owned(), ..HouseSettings::default() };
    let mut house = House::open_with(UNEFOIS, &settings).await;
    let people: Vec<Person> = (0..8).map(|number| Person::invented(7_000 + number * 37)).collect();
    day::publications(&house, &people).await;
    day::exchanges(&house, &people).await;
    day::mistakes(&house, &people[0]).await;
    day::portal_and_audit(&house, &people).await;
    day::live(&house, &provider, &people).await;
    dossiers::dossiers(&house, &people).await;
    dossiers::mistakes(&house, &people[0]).await;
    let (export, leaves) = (house.exported().await, leaves(&house).await);
    let scan = Scan::of(&secrets(&people));
    let exported = [(PathBuf::from("export"), export), (PathBuf::from("leaves"), leaves)];
    check(&scan, &exported);
    check_open(&exported, "leaves", &["declared-turnover", "AGREEMENT_OF_ANOTHER_CONSUMER"]);
    // Once as a running hub leaves it, and once folded together.
    check(&scan, &files(house.data()));
    house.stop();
    let (written, rows) = left_by(&house);
    check(&scan, &written);
    check_open(&written, rows, &["declared-turnover", "AGREEMENT_OF_ANOTHER_CONSUMER", "france-travail"]);
    let log = [(PathBuf::from("hub.log"), house.log().into_bytes())];
    check(&scan, &log);
    check_open(&log, "hub.log", &["\"level\":\"TRACE\"", "the hub has stopped"]);
}
