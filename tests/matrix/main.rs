//! The matrix: every method of the hub × every kind of caller. A method that is missing from it fails.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::collections::BTreeSet;

use futures::StreamExt;
use prost::Message;
use prost_types::FileDescriptorSet;
use tonic::{
    Code,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use unefois_api::{Access, MATRIX};
use unefois_client::{Connection, Refused};
use unefois_core::Role;
use unefois_proto::{
    FILE_DESCRIPTOR_SET,
    pb::{audit::v1::SearchExchangesRequest, ledger::v1::EntryKind},
};
use unefois_testkit::{House, Pki};

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

/// Sends and receives bytes: an empty message is a request of any kind.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), tonic::Status> {
        use bytes::BufMut;
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = tonic::Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, tonic::Status> {
        use bytes::Buf;
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}

/// Calls a method with one empty message. Gives the stable reason of its refusal, if it is refused.
async fn reason(connection: &Connection, method: &'static str) -> Option<String> {
    let mut grpc = Grpc::new(connection.channel());
    grpc.ready().await.unwrap();
    let request = tonic::Request::new(futures::stream::iter([Vec::new()]));
    let path = http::uri::PathAndQuery::from_static(method);
    // A stream may be open for ever (a health watch): its first answer, or its end, decides.
    let answered = async {
        let mut answers = grpc.streaming(request, path, Raw).await?.into_inner();
        answers.next().await.transpose()
    };
    match answered.await {
        Ok(_) => None,
        Err(status) if status.code() == Code::Unimplemented => panic!("{method} is in the matrix and is not served"),
        Err(status) => Some(Refused::from_status(&status).reason),
    }
}

/// Whether a reason is one that the door gives.
fn is_of_the_door(reason: Option<&str>) -> bool {
    reason.is_some_and(|reason| reason == "ROLE_REQUIRED" || reason.starts_with("CERTIFICATE_"))
}

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

#[test]
fn every_method_has_its_row_and_no_row_is_of_another() {
    let served: BTreeSet<String> = MATRIX.iter().map(|(method, _)| (*method).to_owned()).collect();
    let mut due = methods_of_the_contract();
    due.extend(STANDARD.map(str::to_owned));
    assert_eq!(served, due);
    assert_eq!(served.len(), MATRIX.len(), "a method has two rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_may_call_its_methods_and_no_others() {
    let house = House::open(UNEFOIS).await;
    house.applies(ROLES).await.unwrap();
    let columns = Role::ALL.map(|role| (format!("only-{}", role.code()), Some(role)));
    for (agency, role) in columns.into_iter().chain([("no-role".to_owned(), None)]) {
        let connection = house.agency(&agency).await;
        for (method, access) in MATRIX {
            let may = match access {
                Access::Registered => true,
                Access::Roles(roles) => role.is_some_and(|role| roles.contains(&role)),
            };
            let found = reason(&connection, method).await;
            if may {
                assert!(!is_of_the_door(found.as_deref()), "{agency} {method}: {found:?}");
            } else {
                assert_eq!(found.as_deref(), Some("ROLE_REQUIRED"), "{agency} {method}");
            }
        }
    }
    let search = SearchExchangesRequest { kind: EntryKind::Access.into(), page_size: 500, ..Default::default() };
    let recorded = house.audited(search).await;
    assert!(recorded.len() > 60, "{} refusals at the door are recorded", recorded.len());
    assert!(recorded.iter().all(|entry| !entry.public_part.as_ref().unwrap().method.is_empty()));
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
        // TLS 1.3 tells the client of its refusal with the first read: connecting may seem to work.
        let Ok(connection) = house.connect(client).await else { continue };
        for (method, _) in MATRIX {
            let mut grpc = Grpc::new(connection.channel());
            let refused = match grpc.ready().await {
                Err(_) => true,
                Ok(()) => {
                    let request = tonic::Request::new(Vec::new());
                    grpc.unary(request, http::uri::PathAndQuery::from_static(method), Raw).await.is_err()
                }
            };
            assert!(refused, "{kind}: {method}");
        }
    }
    // A certificate of our authority for an agency that nobody registered.
    let unregistered = house.agency("nobody").await;
    for (method, _) in MATRIX {
        assert_eq!(reason(&unregistered, method).await.as_deref(), Some("CERTIFICATE_UNKNOWN"), "{method}");
    }
}
