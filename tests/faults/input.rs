//! Input of the wrong size: each a clear error with a stable reason, and the hub goes on.

use prost::Message;
use prost_types::FieldMask;
use tonic::{Code, Request, Status};
use unefois_client::{Refused, RetryPolicy, pull};
use unefois_proto::pb::{
    audit::v1::{ExportEntriesRequest, SearchExchangesRequest},
    consent::v1::{GrantRequest, ListRequest, WithdrawRequest},
    exchange::v1::{ExchangeContext, PullRequest, exchange_service_client::ExchangeServiceClient},
    publication::v1::{
        PublishRequest, publication_service_client::PublicationServiceClient, publish_response::Result as Fate,
    },
    registry::v1::{ApplyRequest, registry_service_client::RegistryServiceClient},
    subject::v1::{ListExchangesRequest, MergeRequest, Subject, subject::Identifier},
};
use unefois_testkit::{House, Person, pull_request, turnover_of};

use crate::{UNEFOIS, calls::grant_of, house_with, stream, verifies};

/// More than one message may hold.
const OVERSIZE: usize = 12 * 1024 * 1024;

/// More than a message without a record may hold.
const QUESTION_OVERSIZE: usize = 300 * 1024;

fn long() -> String {
    "x".repeat(20_000)
}

async fn goes_on(house: &House, marie: &Person) {
    let cnaf = house.agency("cnaf").await;
    let answer = pull(&cnaf, pull_request("d14-benefits", marie.by_nir()), &RetryPolicy::never()).await.unwrap();
    answer.verify(&house.public_key().await).unwrap();
    verifies(house).await;
}

fn assert_too_large(status: &Status) {
    let refused = Refused::from_status(status);
    assert_eq!((refused.reason.as_str(), refused.code), ("MESSAGE_TOO_LARGE", Code::ResourceExhausted), "{status:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_oversize_message_is_refused_and_the_hub_goes_on() {
    let marie = Person::invented(94);
    let house = house_with(&marie).await;
    let mut request = pull_request("d14-benefits", marie.by_nir());
    request.context.as_mut().unwrap().case_reference = "x".repeat(OVERSIZE);
    // Clients without the limit of our own.
    let cnaf = ExchangeServiceClient::new(house.agency("cnaf").await.channel());
    assert_too_large(&cnaf.clone().pull(request).await.unwrap_err());
    // What would do for a publication is too much for a question.
    let mut request = pull_request("d14-benefits", marie.by_nir());
    request.context.as_mut().unwrap().case_reference = "x".repeat(QUESTION_OVERSIZE);
    assert_too_large(&cnaf.clone().pull(request).await.unwrap_err());
    let operator = RegistryServiceClient::new(house.agency("operator").await.channel());
    let request = ApplyRequest { registry_toml: "#".repeat(OVERSIZE), dry_run: false };
    assert_too_large(&operator.clone().apply(request).await.unwrap_err());
    // In a stream, what came before is acknowledged, and the stream ends. What is inside of the oversize item, here
    // whole messages in their frames, is not read.
    let inside = turnover_of(&marie, 400).encode_to_vec();
    let length = u32::try_from(inside.len()).unwrap().to_be_bytes();
    let frame = [&[0], length.as_slice(), &inside].concat();
    let oversize = PublishRequest {
        publication_id: String::new(),
        data: frame.repeat(OVERSIZE / frame.len()),
        ..Default::default()
    };
    let items = futures::stream::iter([turnover_of(&marie, 200), oversize, turnover_of(&marie, 500)]);
    let urssaf = PublicationServiceClient::new(house.agency("urssaf").await.channel());
    let mut answers = urssaf.clone().publish(items).await.unwrap().into_inner();
    let first = answers.message().await.unwrap().unwrap();
    assert!(matches!(first.result, Some(Fate::Acknowledged(_))), "{first:?}");
    assert_too_large(&answers.message().await.unwrap_err());
    assert!(answers.message().await.unwrap_or(None).is_none(), "the stream has ended");
    let answer = cnaf.clone().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap().into_inner();
    assert_eq!(answer.freshness.unwrap().revision, 2, "only the two good items were published");
    goes_on(&house, &marie).await;
}

/// Refused by a rule of the request, naming the field, and quoting nothing.
fn assert_refused(status: &Status, what: &str) {
    let refused = Refused::from_status(status);
    let by_rule = matches!(refused.code, Code::InvalidArgument | Code::PermissionDenied | Code::NotFound);
    assert!(by_rule && !refused.reason.is_empty(), "{what}: {status:?}");
    assert!(refused.to_string().len() < 500, "{what}: it quotes what it refuses");
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_20_000_characters_are_refused_in_every_field_of_an_exchange() {
    let marie = Person::invented(83);
    let house = house_with(&marie).await;
    let cnaf = house.agency("cnaf").await;
    let in_context = |change: fn(&mut ExchangeContext)| {
        let mut request = pull_request("d14-benefits", marie.by_nir());
        change(request.context.as_mut().unwrap());
        request
    };
    let nir = Subject { identifier: Some(Identifier::Nir(long())) };
    let cases: [(&str, PullRequest); 9] = [
        ("agreement", in_context(|context| context.agreement = long())),
        ("case_reference", in_context(|context| context.case_reference = long())),
        ("agent_reference", in_context(|context| context.agent_reference = long())),
        ("local_body", in_context(|context| context.local_body = Some(long()))),
        ("request_id", in_context(|context| context.request_id = Some(long()))),
        ("consent_id", in_context(|context| context.consent_id = Some(long()))),
        ("dataset", PullRequest { dataset: long(), ..in_context(|_| ()) }),
        ("subject", PullRequest { subject: Some(nir), ..in_context(|_| ()) }),
        ("field_mask", PullRequest { field_mask: Some(FieldMask { paths: vec![long()] }), ..in_context(|_| ()) }),
    ];
    for (field, request) in cases {
        assert_refused(&cnaf.exchange().pull(request).await.unwrap_err(), field);
    }
    let mut request = Request::new(in_context(|_| ()));
    request.metadata_mut().insert("traceparent", "x".repeat(10_000).parse().unwrap());
    // A trace is for the caller's own good: one that is none is left out.
    let answer = cnaf.exchange().pull(request).await;
    assert!(answer.is_ok() || answer.unwrap_err().code() == Code::ResourceExhausted);
    goes_on(&house, &marie).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_of_20_000_characters_are_refused_wherever_else_a_text_is_sent() {
    let marie = Person::invented(82);
    let house = house_with(&marie).await;
    let (portal, operator) = (house.agency("portail").await, house.agency("operator").await);
    let auditor = house.agency("cour-des-comptes").await;
    let subject = || Some(marie.by_nir());
    let grants = [
        GrantRequest { consumer: long(), ..grant_of(&marie) },
        GrantRequest { dataset: long(), ..grant_of(&marie) },
        GrantRequest { evidence_digest: vec![9; 20_000], ..grant_of(&marie) },
    ];
    for grant in grants {
        assert_refused(&portal.consent().grant(grant).await.unwrap_err(), "grant");
    }
    let withdraw = WithdrawRequest { consent_id: long() };
    assert_refused(&portal.consent().withdraw(withdraw).await.unwrap_err(), "withdraw");
    let list = ListRequest { subject: subject(), case_reference: long() };
    assert_refused(&portal.consent().list(list).await.unwrap_err(), "list");
    let views = [
        ListExchangesRequest { subject: subject(), case_reference: long(), ..Default::default() },
        ListExchangesRequest {
            subject: subject(),
            case_reference: "case".into(),
            page_token: long(),
            ..Default::default()
        },
    ];
    for view in views {
        assert_refused(&portal.subject().list_exchanges(view).await.unwrap_err(), "own view");
    }
    let merge = MergeRequest { kept: subject(), merged: Some(marie.by_siret()), case_reference: long() };
    assert_refused(&operator.subject().merge(merge).await.unwrap_err(), "merge");
    let export = ExportEntriesRequest { case_reference: long(), ..Default::default() };
    assert_refused(&auditor.audit().export_entries(export).await.map(drop).unwrap_err(), "export");
    let good = || SearchExchangesRequest { case_reference: "case".to_owned(), ..Default::default() };
    let searches = [
        SearchExchangesRequest { case_reference: long(), ..good() },
        SearchExchangesRequest { consumer: long(), ..good() },
        SearchExchangesRequest { provider: long(), ..good() },
        SearchExchangesRequest { local_body: long(), ..good() },
        SearchExchangesRequest { dataset: long(), ..good() },
        SearchExchangesRequest { reason: long(), ..good() },
        SearchExchangesRequest { page_token: long(), ..good() },
    ];
    for (number, search) in searches.into_iter().enumerate() {
        let status = auditor.audit().search_exchanges(search).await.map(drop).unwrap_err();
        assert_refused(&status, &format!("search {number}"));
    }
    goes_on(&house, &marie).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_with_a_text_of_20_000_characters_is_rejected_and_the_others_are_not() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(81);
    let good = || turnover_of(&marie, 100);
    let bad = [
        PublishRequest { publication_id: long(), ..good() },
        PublishRequest { dataset: long(), ..good() },
        PublishRequest { subjects: vec![Subject { identifier: Some(Identifier::Siren(long())) }], ..good() },
        PublishRequest { subjects: vec![marie.by_nir(); 20_000], ..good() },
        PublishRequest { data: vec![0x80; 20_000], ..good() },
    ];
    let count = bad.len();
    let items = bad.into_iter().chain([good()]);
    let mut answers = stream(&house.agency("urssaf").await, items.collect()).await.unwrap();
    for number in 0..count {
        match answers.message().await.unwrap().unwrap().result {
            Some(Fate::Rejected(rejection)) => {
                assert!(!rejection.reason.is_empty() && rejection.message.len() < 500, "{number}: {rejection:?}");
            }
            other => panic!("{number}: {other:?}"),
        }
    }
    let last = answers.message().await.unwrap().unwrap();
    assert!(matches!(last.result, Some(Fate::Acknowledged(_))), "{last:?}");
    goes_on(&house, &marie).await;
}
