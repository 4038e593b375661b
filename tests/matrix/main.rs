//! The matrix: every method of the hub × every kind of caller. A method that is missing from it fails.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod certificates;
mod raw;
mod table;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use prost::Message;
use prost_types::FileDescriptorSet;
use unefois_api::{Access, MATRIX};
use unefois_core::{AgencyCode, Role};
use unefois_identity::{Authority, CertificateKind, IssueRequest, SystemName, Validity};
use unefois_proto::{
    FILE_DESCRIPTOR_SET,
    pb::{audit::v1::SearchExchangesRequest, ledger::v1::EntryKind},
};
use unefois_testkit::{Client, House, Pki};

use crate::{
    raw::{Fate, call},
    table::{TABLE, may},
};

const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

/// One agency a role, so that each column of the matrix is one role only.
const ROLES: &str = r#"
[[agency]]
code = "only-provider"
name = "provider"
roles = ["provider"]
[[agency]]
code = "only-consumer"
name = "consumer"
roles = ["consumer"]
[[agency]]
code = "only-portal"
name = "portal"
roles = ["portal"]
[[agency]]
code = "only-auditor"
name = "auditor"
roles = ["auditor"]
[[agency]]
code = "only-operator"
name = "operator"
roles = ["operator"]
[[agency]]
code = "no-role"
name = "nothing"
roles = []
"#;

/// Methods that are not in the contract, but served: health and reflection.
const STANDARD: [&str; 4] = [
    "/grpc.health.v1.Health/Check",
    "/grpc.health.v1.Health/Watch",
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
];

/// How long a certificate that expires soon may take to be refused.
const EXPIRY_PATIENCE: Duration = Duration::from_secs(30);

fn methods_of_the_contract() -> BTreeSet<String> {
    let files = FileDescriptorSet::decode(FILE_DESCRIPTOR_SET).unwrap();
    let services = files.file.iter().flat_map(|file| file.service.iter().map(move |service| (file, service)));
    services
        .flat_map(|(file, service)| {
            let name = format!("/{}.{}", file.package(), service.name());
            service.method.iter().map(move |method| format!("{name}/{}", method.name()))
        })
        .collect()
}

/// A certificate of the house's own authority that is good for a few seconds more.
fn expiring(house: &House, agency: &str, seconds: i64) -> Client {
    #[allow(clippy::disallowed_methods, reason = "a test runs now")]
    let now = Timestamp::now();
    let request = IssueRequest {
        agency: AgencyCode::parse(agency).unwrap(),
        system: SystemName::parse("expiring").unwrap(),
        kind: CertificateKind::Client,
        validity: Validity::Exactly {
            not_before: now - SignedDuration::from_hours(1),
            not_after: now + SignedDuration::from_secs(seconds),
        },
    };
    let issued = Authority::open(&house.path().join("pki")).unwrap().issue(&request, now).unwrap();
    Client { certificate: issued.certificate_path, key: issued.key_path }
}

#[test]
fn every_method_has_its_row_and_no_row_is_of_another() {
    let rows: BTreeSet<String> = TABLE.iter().map(|(method, _)| (*method).to_owned()).collect();
    let mut due = methods_of_the_contract();
    due.extend(STANDARD.map(str::to_owned));
    assert_eq!(rows, due);
    assert_eq!(rows.len(), TABLE.len(), "a method has two rows");
}

#[test]
fn the_hub_grants_what_the_table_says() {
    let roles_of = |roles: &str| -> BTreeSet<String> { roles.split(' ').map(str::to_owned).collect() };
    let due: BTreeMap<&str, BTreeSet<String>> =
        TABLE.iter().map(|(method, roles)| (*method, roles_of(roles))).collect();
    let granted: BTreeMap<&str, BTreeSet<String>> = MATRIX
        .iter()
        .map(|(method, access)| match access {
            Access::Registered => (*method, roles_of("any")),
            Access::Roles(roles) => (*method, roles.iter().map(|role| role.code().to_owned()).collect()),
        })
        .collect();
    assert_eq!(granted, due);
    assert_eq!(MATRIX.len(), TABLE.len(), "a method has two rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_call_its_methods_and_no_others() {
    let house = House::open(UNEFOIS).await;
    house.applies(ROLES).await.unwrap();
    let columns = Role::ALL.map(|role| (format!("only-{}", role.code()), Some(role.code())));
    let mut refused: BTreeSet<(String, String)> = BTreeSet::new();
    for (agency, role) in columns.into_iter().chain([("no-role".to_owned(), None)]) {
        let connection = house.agency(&agency).await;
        for (method, roles) in TABLE {
            let fate = call(&connection, method).await;
            if may(roles, role) {
                assert_eq!(fate, Fate::Served, "{agency} {method}");
            } else {
                assert_eq!(fate, Fate::role_required(), "{agency} {method}");
                refused.insert((agency.clone(), method.to_owned()));
            }
        }
    }
    let search = SearchExchangesRequest { kind: EntryKind::Access.into(), page_size: 500, ..Default::default() };
    let recorded = house.audited(search).await.into_iter().map(|entry| {
        let public = entry.public_part.unwrap();
        assert_eq!(public.reason, "ROLE_REQUIRED");
        (public.caller_agency, public.method)
    });
    let recorded: Vec<_> = recorded.collect();
    assert_eq!(recorded.len(), refused.len(), "each refusal at the door is recorded once");
    assert_eq!(recorded.into_iter().collect::<BTreeSet<_>>(), refused);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_a_good_certificate_may_call_nothing() {
    let house = House::open(UNEFOIS).await;
    let strangers = Pki::init(&house.path().join("strangers"));
    let at_the_handshake = [
        ("none", None),
        ("of another authority", Some(strangers.client("cnaf", "main"))),
        ("expired", Some(house.pki().expired("cnaf"))),
        ("of a server", Some(house.pki().client("hub", "server"))),
    ];
    for (kind, client) in at_the_handshake {
        for (method, _) in TABLE {
            // TLS 1.3 tells the client of its refusal with the first read: connecting may seem to work.
            let Ok(connection) = house.connect(client.clone()).await else { continue };
            assert_eq!(call(&connection, method).await, Fate::Unconnected, "{kind}: {method}");
        }
    }
    // The same call goes through with a good certificate: it is the certificate that was refused.
    let good = house.agency("cnaf").await;
    assert_eq!(call(&good, STANDARD[0]).await, Fate::Served);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_nobody_registered_may_call_nothing() {
    let house = House::open(UNEFOIS).await;
    let unregistered = house.agency("nobody").await;
    for (method, _) in TABLE {
        assert_eq!(call(&unregistered, method).await, Fate::unauthenticated("CERTIFICATE_UNKNOWN"), "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_may_call_nothing_whatever_its_role() {
    let house = House::open(UNEFOIS).await;
    house.applies(ROLES).await.unwrap();
    for role in Role::ALL {
        let agency = format!("only-{}", role.code());
        let client = house.pki().client(&agency, "lost");
        let open = house.connect(Some(client.clone())).await.unwrap();
        assert_eq!(call(&open, STANDARD[0]).await, Fate::Served, "{agency}, before it is revoked");
        house.applies(&unefois_testkit::revocation_of(&client.certificate, &agency)).await.unwrap();
        let new = house.connect(Some(client)).await.unwrap();
        for (method, _) in TABLE {
            for connection in [&open, &new] {
                let due = Fate::unauthenticated("CERTIFICATE_REVOKED");
                assert_eq!(call(connection, method).await, due, "{agency} {method}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_expires_on_an_open_connection_may_call_nothing_more() {
    let house = House::open(UNEFOIS).await;
    let connection = house.connect(Some(expiring(&house, "cnaf", 5))).await.unwrap();
    assert_eq!(call(&connection, STANDARD[0]).await, Fate::Served);
    let due = Fate::unauthenticated("CERTIFICATE_EXPIRED");
    let refused = async {
        while call(&connection, STANDARD[0]).await != due {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(EXPIRY_PATIENCE, refused).await.unwrap();
    for (method, _) in TABLE {
        assert_eq!(call(&connection, method).await, due, "{method}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_in_the_table_is_not_served() {
    let house = House::open(UNEFOIS).await;
    let operator = house.agency("operator").await;
    for method in ["/unefois.exchange.v1.ExchangeService/Steal", "/unefois.admin.v1.AdminService/Pull", "/"] {
        assert_eq!(call(&operator, method).await, Fate::NotServed, "{method}");
    }
    // It is counted, but not by the name that its caller made up.
    let other = "unefois_api_call_seconds_count{code=\"UNIMPLEMENTED\",method=\"other\"}";
    house.measures(other, |count| count >= 3.0).await;
    assert!(!house.probed("/metrics").await.1.contains("Steal"));
}
