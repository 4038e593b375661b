//! Secrecy: after a busy day nothing on disk names a person, an amount or a reference.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::path::{Path, PathBuf};

use futures::StreamExt;
use prost::Message;
use unefois_client::{RetryPolicy, pull};
use unefois_proto::pb::{
    consent::v1::GrantRequest, ledger::v1::Purpose, publication::v1::PublishRequest, subject::v1::ListExchangesRequest,
};
use unefois_testkit::{House, HouseSettings, Person, affiliation_of, pull_request, turnover_of};

const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");
/// An amount that does not occur by chance.
const CENTS: i64 = 918_273_645;

async fn busy_day(house: &House, people: &[Person]) {
    let items = people.iter().flat_map(|person| [turnover_of(person, CENTS), affiliation_of(person)]);
    let named = |(number, item)| PublishRequest { publication_id: format!("PUBLICATION-OF-A-PERSON-{number}"), ..item };
    let items: Vec<_> = items.enumerate().map(named).collect();
    let answers = unefois_client::publish(&house.agency("urssaf").await, futures::stream::iter(items)).await.unwrap();
    assert_eq!(answers.count().await, people.len() * 2);
    let (cnaf, fafcea) = (house.agency("cnaf").await, house.agency("fafcea").await);
    let portal = house.agency("portail").await;
    for (number, person) in people.iter().enumerate() {
        let mut request = pull_request("d14-benefits", person.by_nir());
        request.context.as_mut().unwrap().request_id = Some(format!("REQUEST-OF-A-PERSON-{number}"));
        pull(&cnaf, request, &RetryPolicy::never()).await.unwrap();
        fafcea.exchange().pull(pull_request("d14-benefits", person.by_siren())).await.unwrap_err();
        let grant = GrantRequest {
            subject: Some(person.by_nir()),
            consumer: "france-travail".to_owned(),
            dataset: "declared-turnover".to_owned(),
            purpose: Purpose::Simplification.into(),
            expires_at: None,
            evidence_digest: vec![9; 32],
        };
        portal.consent().grant(grant).await.unwrap();
        let view = ListExchangesRequest {
            subject: Some(person.by_nir()),
            case_reference: "SESSION-OF-A-PERSON".to_owned(),
            ..Default::default()
        };
        portal.subject().list_exchanges(view).await.unwrap();
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_file()).collect()
}

/// What must not be found, and what it is.
fn secrets(people: &[Person]) -> Vec<(&'static str, Vec<u8>)> {
    let mut secrets: Vec<(&'static str, Vec<u8>)> = vec![
        ("an amount as text", CENTS.to_string().into_bytes()),
        ("an amount as euros", format!("{}.{}", CENTS / 100, CENTS % 100).into_bytes()),
        ("an amount as a varint", CENTS.encode_to_vec()[1..].to_vec()),
        ("an amount, little end first", CENTS.to_le_bytes()[..4].to_vec()),
        ("an amount, big end first", CENTS.to_be_bytes()[4..].to_vec()),
        ("a case reference", b"DOSSIER-4711".to_vec()),
        ("an agent reference", b"AGENT-0815".to_vec()),
        ("an identifier of a request", b"REQUEST-OF-A-PERSON".to_vec()),
        ("an identifier of a publication", b"PUBLICATION-OF-A-PERSON".to_vec()),
        ("a reference of a session", b"SESSION-OF-A-PERSON".to_vec()),
        ("an activity code", b"62.01Z".to_vec()),
    ];
    for person in people {
        secrets.push(("a NIR", person.nir.as_bytes()[..13].to_vec()));
        secrets.push(("a SIREN", person.siren.as_bytes().to_vec()));
        secrets.push(("a SIRET", person.siret.as_bytes().to_vec()));
    }
    secrets
}

fn found(bytes: &[u8], secret: &[u8]) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret)
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_on_disk_names_a_person_an_amount_or_a_reference() {
    let settings =
        HouseSettings { more: "[log]\nlevel = \"trace\"\nformat = \"json\"\n".to_owned(), ..Default::default() };
    let mut house = House::open_with(UNEFOIS, &settings).await;
    let people: Vec<Person> = (0..10).map(|number| Person::invented(7_000 + number * 37)).collect();
    busy_day(&house, &people).await;
    let export = house.exported().await;
    std::fs::write(house.data().join("export"), export).unwrap();
    let mut scanned = files(house.data());
    // Once as a running hub leaves it, and once folded together.
    check(&scanned, &people);
    house.stop();
    scanned = files(house.data());
    scanned.push(house.path().join("hub.log"));
    check(&scanned, &people);
}

fn check(files: &[PathBuf], people: &[Person]) {
    let secrets = secrets(people);
    let mut bytes_scanned = 0;
    for file in files {
        let bytes = std::fs::read(file).unwrap();
        bytes_scanned += bytes.len();
        for (what, secret) in &secrets {
            assert!(!found(&bytes, secret), "{what} in {}", file.display());
        }
    }
    assert!(bytes_scanned > 100_000, "{bytes_scanned} bytes were scanned");
}
