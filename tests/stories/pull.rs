//! Pulling: typed and generic, minimised, with a receipt that verifies.

use prost::Message;
use prost_types::FieldMask;
use unefois_client::{RetryPolicy, declared_turnover, pull, self_employed_affiliation};
use unefois_proto::pb::{
    income::v1::DeclaredTurnover, ledger::v1::Source, status::v1::GetSelfEmployedAffiliationRequest,
};
use unefois_testkit::{House, Person, affiliation_of, context, declared, pull_request, turnover_of, turnover_request};

use crate::{UNEFOIS, acknowledged};

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_gets_the_granted_fields_and_a_receipt_that_verifies() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(1);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 123_400)).await;
    let cnaf = house.agency("cnaf").await;

    let request = turnover_request("d14-benefits", marie.by_nir());
    let answer = declared_turnover(&cnaf, request, &RetryPolicy::never()).await.unwrap();

    let due = DeclaredTurnover {
        declared_on: None,
        declared_with_doubt: None,
        final_withholding: None,
        ..declared(&marie, 123_400)
    };
    assert_eq!(answer.data, due);
    let verified = answer.pulled.verify(&house.public_key().await).unwrap();
    assert_eq!(verified.public.released_fields, ["siren", "period", "amounts", "status"]);
    assert_eq!(answer.pulled.response.withheld_fields, ["declared_on", "declared_with_doubt", "final_withholding"]);
    let freshness = answer.pulled.response.freshness.unwrap();
    assert_eq!((freshness.source(), freshness.revision), (Source::Held, 1));
    assert_eq!(freshness.provider_recorded_at.unwrap().seconds, 1_775_980_800);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mask_narrows_the_answer_and_names_what_is_withheld() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(2);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 500)).await;
    let cnaf = house.agency("cnaf").await;
    let paths = ["period", "amounts", "declared_on"].map(str::to_owned).to_vec();

    let mut request = pull_request("d14-benefits", marie.by_siren());
    request.field_mask = Some(FieldMask { paths });
    let answer = pull(&cnaf, request, &RetryPolicy::never()).await.unwrap();

    let verified = answer.verify(&house.public_key().await).unwrap();
    assert_eq!(verified.public.released_fields, ["period", "amounts"]);
    assert_eq!(answer.response.withheld_fields, ["declared_on"]);
    let data = DeclaredTurnover::decode(answer.response.data.as_deref().unwrap()).unwrap();
    assert_eq!((data.siren, data.status, data.declared_on), (None, None, None));
    assert_eq!(data.amounts, declared(&marie, 500).amounts);
}

#[tokio::test(flavor = "multi_thread")]
async fn any_identifier_that_was_published_finds_the_record() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(3);
    acknowledged(&house.agency("urssaf").await, affiliation_of(&marie)).await;
    let cnam = house.agency("cnam").await;
    for subject in [marie.by_nir(), marie.by_siret()] {
        let request = GetSelfEmployedAffiliationRequest {
            context: Some(context("s02-cnam")),
            subject: Some(subject),
            siret: None,
            field_mask: None,
        };
        let answer = self_employed_affiliation(&cnam, request, &RetryPolicy::never()).await.unwrap();
        assert_eq!(answer.data.siret.as_deref(), Some(marie.siret.as_str()));
        assert_eq!(answer.data.naf, None, "it is not granted");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn typed_and_generic_calls_answer_with_the_same_bytes() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(4);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 77)).await;
    let cnaf = house.agency("cnaf").await;
    let never = RetryPolicy::never();
    let typed = declared_turnover(&cnaf, turnover_request("d14-benefits", marie.by_nir()), &never).await.unwrap();
    let generic = pull(&cnaf, pull_request("d14-benefits", marie.by_siren()), &never).await.unwrap();
    assert_eq!(typed.pulled.response.data, generic.response.data);
    // The generated client of any language reads the typed message where the hub sent bytes.
    let plain = cnaf.income().get_declared_turnover(turnover_request("d14-benefits", marie.by_nir())).await.unwrap();
    assert_eq!(plain.into_inner().data.unwrap(), typed.data);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_byte_of_the_answer_or_its_receipt_is_found() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(5);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 9)).await;
    let request = pull_request("d14-benefits", marie.by_nir());
    let answer = pull(&house.agency("cnaf").await, request, &RetryPolicy::never()).await.unwrap();
    let key = house.public_key().await;
    answer.verify(&key).unwrap();

    for at in 0..answer.response.data.as_ref().unwrap().len() {
        let mut changed = answer.clone();
        changed.response.data.as_mut().unwrap()[at] ^= 1;
        assert!(changed.verify(&key).is_err(), "byte {at} of the data");
    }
    for at in 0..answer.receipt.entry.len() {
        let mut changed = answer.clone();
        changed.receipt.entry[at] ^= 1;
        assert!(changed.verify(&key).is_err(), "byte {at} of the entry");
    }
    for at in 0..answer.receipt.personal_part.len() {
        let mut changed = answer.clone();
        changed.receipt.personal_part[at] ^= 1;
        assert!(changed.verify(&key).is_err(), "byte {at} of the personal part");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_consumers_cannot_join_what_they_know_of_one_person() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(6);
    acknowledged(&house.agency("urssaf").await, affiliation_of(&marie)).await;
    let mut pseudonyms = Vec::new();
    for (agency, agreement) in [("cnam", "s02-cnam"), ("cnaf", "d09-cnaf")] {
        let request = GetSelfEmployedAffiliationRequest {
            context: Some(context(agreement)),
            subject: Some(marie.by_nir()),
            siret: None,
            field_mask: None,
        };
        let consumer = house.agency(agency).await;
        let answer = self_employed_affiliation(&consumer, request, &RetryPolicy::never()).await.unwrap();
        let verified = answer.pulled.verify(&house.public_key().await).unwrap();
        pseudonyms.push(verified.personal.unwrap().subject_pseudonym);
    }
    assert_ne!(pseudonyms[0], pseudonyms[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_trace_of_the_caller_is_in_the_entry_and_nobody_elses() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(7);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let cnaf = house.agency("cnaf").await;
    let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut request = tonic::Request::new(pull_request("d14-benefits", marie.by_nir()));
    request.metadata_mut().insert("traceparent", traceparent.parse().unwrap());
    let answer = cnaf.exchange().pull(request).await.unwrap().into_inner();
    let receipt = unefois_client::receipt_from_wire(answer.receipt.unwrap()).unwrap();
    let personal = receipt.verify(&house.public_key().await).unwrap().personal.unwrap();
    assert_eq!(personal.traceparent, traceparent);
    assert_eq!((personal.case_reference.as_str(), personal.agent_reference.as_str()), ("DOSSIER-4711", "AGENT-0815"));
}
