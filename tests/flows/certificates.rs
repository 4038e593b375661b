//! Certificates with their documents: as large as they may be, and no larger; what they say they are, or refused.

use prost::Message;
use unefois_client::{PullError, RetryPolicy, pull, tax_compliance_certificate};
use unefois_core::SubjectKind;
use unefois_proto::pb::{
    certificate::v1::{GetTaxComplianceCertificateRequest, InlineDocument, TaxComplianceCertificate},
    publication::v1::{PublishRequest, publish_response::Result as Fate},
};
use unefois_testkit::{House, HouseSettings, Person, context, item, pull_request};

use crate::{UNEFOIS, example::subject, published};

/// How large a document may be when nothing else is configured.
const DOCUMENT_SIZE_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A PDF of so many bytes, which no compression makes small.
fn pdf(size_bytes: usize) -> Vec<u8> {
    let (head, foot) = (b"%PDF-1.7\n", b"\n%%EOF\n");
    let filling = size_bytes - head.len() - foot.len();
    let noise = (0_u64..).map(|place| (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56).to_be_bytes()[7]);
    [head.to_vec(), noise.take(filling).collect(), foot.to_vec()].concat()
}

fn certificate(media_type: &str, content: Vec<u8>) -> TaxComplianceCertificate {
    TaxComplianceCertificate {
        siren: Some("810000117".to_owned()),
        compliant: Some(true),
        document: Some(InlineDocument {
            media_type: Some(media_type.to_owned()),
            content: Some(content),
            sha256: None,
        }),
        ..TaxComplianceCertificate::default()
    }
}

fn item_of(certificate: &TaxComplianceCertificate) -> PublishRequest {
    item("tax-compliance-certificate", vec![subject(SubjectKind::Company)], certificate)
}

fn question() -> GetTaxComplianceCertificateRequest {
    GetTaxComplianceCertificateRequest {
        context: Some(context("d01-osp")),
        subject: Some(subject(SubjectKind::Company)),
        siren: None,
        field_mask: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_as_large_as_it_may_be_comes_back_byte_for_byte() {
    let house = House::open(UNEFOIS).await;
    let content = pdf(DOCUMENT_SIZE_BYTES_MAX);
    let dgfip = house.agency("dgfip").await;
    let fate = published(&dgfip, item_of(&certificate("application/pdf", content.clone()))).await;
    assert!(matches!(fate, Fate::Acknowledged(_)), "{fate:?}");
    let urssaf = house.agency("urssaf").await;
    let answer = tax_compliance_certificate(&urssaf, question(), &RetryPolicy::never()).await.unwrap();
    answer.pulled.verify(&house.public_key().await).unwrap();
    let document = answer.data.document.unwrap();
    assert_eq!(document.sha256.unwrap().len(), 32, "the hub adds the digest");
    assert!(document.content.unwrap() == content, "the document has changed");
}

fn reason<T>(ended: Result<T, PullError>) -> String {
    match ended {
        Err(PullError::Refused(refused)) => refused.reason,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("there is an answer"),
    }
}

/// A hub that has so many places for exchanges of documents, and lets nobody wait for one.
async fn house_with_places(document_places: usize) -> House {
    let more = format!("[limits.broker]\ndocument-exchanges-max = {document_places}\nexchange-wait-max = \"0s\"\n");
    House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await
}

#[tokio::test(flavor = "multi_thread")]
async fn exchanges_of_documents_have_places_of_their_own() {
    let without = house_with_places(0).await;
    let urssaf = without.agency("urssaf").await;
    let asked = tax_compliance_certificate(&urssaf, question(), &RetryPolicy::never()).await;
    assert_eq!(reason(asked), "OVERLOADED");
    let turnover = pull_request("d14-benefits", Person::invented(70).by_nir());
    let asked = pull(&without.agency("cnaf").await, turnover, &RetryPolicy::never()).await;
    assert_eq!(reason(asked), "NOT_FOUND", "others do not need such a place");
    let with_one = house_with_places(1).await;
    let urssaf = with_one.agency("urssaf").await;
    for _ in 0..3 {
        let asked = tax_compliance_certificate(&urssaf, question(), &RetryPolicy::never()).await;
        assert_eq!(reason(asked), "NOT_FOUND", "the place is free again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_too_large_or_not_what_it_says_is_rejected() {
    let house = House::open(UNEFOIS).await;
    let dgfip = house.agency("dgfip").await;
    let mut wordy = certificate("application/pdf", pdf(1_000));
    wordy.document.as_mut().unwrap().media_type = Some("x".repeat(70_000));
    let mut forged = certificate("application/pdf", pdf(1_000));
    forged.document.as_mut().unwrap().sha256 = Some(vec![7; 32]);
    for (certificate, reason, field) in [
        (certificate("application/pdf", pdf(DOCUMENT_SIZE_BYTES_MAX + 1)), "MESSAGE_TOO_LARGE", ""),
        (certificate("application/pdf", b"MZ\x90 a program".to_vec()), "PAYLOAD_INVALID", "data.document.content"),
        (certificate("image/png", pdf(1_000)), "PAYLOAD_INVALID", "data.document.media_type"),
        (forged, "PAYLOAD_INVALID", "data.document.sha256"),
        (wordy, "PAYLOAD_INVALID", "data.document.media_type"),
    ] {
        match published(&dgfip, item_of(&certificate)).await {
            Fate::Rejected(rejected) => {
                assert_eq!((rejected.reason.as_str(), rejected.field.as_str()), (reason, field))
            }
            Fate::Acknowledged(_) => panic!("{reason}: it was taken"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_without_a_document_keeps_its_limit() {
    let house = House::open(UNEFOIS).await;
    let france_travail = house.agency("france-travail").await;
    let mut large = item("job-seeker-registration", vec![subject(SubjectKind::NaturalPerson)], &());
    // An unknown field of 70,000 bytes: the size is looked at before anything is read.
    large.data = prost_types::Any { type_url: String::new(), value: vec![1; 70_000] }.encode_to_vec();
    match published(&france_travail, large).await {
        Fate::Rejected(rejected) => assert_eq!(rejected.reason, "MESSAGE_TOO_LARGE"),
        Fate::Acknowledged(_) => panic!("it was taken"),
    }
}
