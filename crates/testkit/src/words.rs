//! The words of the stories: what is published, and what is asked.

use std::path::Path;

use jiff::{Span, Timestamp, tz::TimeZone};
use prost::Message;
use tonic::Status;
use unefois_client::Refused;
use unefois_proto::pb::{
    calendar::v1::{Date, Month, Period, period::Length},
    dossier::v1::Declaration,
    exchange::v1::{ExchangeContext, PullRequest},
    income::v1::{DeclarationStatus, DeclaredTurnover, GetDeclaredTurnoverRequest, TurnoverAmounts},
    ledger::v1::Purpose,
    publication::v1::PublishRequest,
    status::v1::{AffiliationMovement, MovementReason, SelfEmployedAffiliation, SelfEmployedScheme},
    subject::v1::Subject,
};
use uuid::Uuid;

use crate::person::Person;

/// A month.
#[must_use]
pub fn month(year: i32, month: i32) -> Period {
    Period { length: Some(Length::Month(Month { year: Some(year), month: Some(month) })) }
}

/// What a person declared for March 2026.
#[must_use]
pub fn declared(person: &Person, bnc_cents: i64) -> DeclaredTurnover {
    DeclaredTurnover {
        siren: Some(person.siren.clone()),
        period: Some(month(2026, 3)),
        amounts: Some(TurnoverAmounts {
            sale_of_goods_cents: Some(0),
            bic_services_cents: Some(0),
            bnc_cents: Some(bnc_cents),
        }),
        status: Some(DeclarationStatus::Declared.into()),
        declared_on: Some(Date { year: Some(2026), month: Some(4), day: Some(12) }),
        declared_with_doubt: Some(false),
        final_withholding: Some(true),
    }
}

/// The turnover of a person as Urssaf publishes it: by NIR and SIREN together.
#[must_use]
pub fn turnover_of(person: &Person, bnc_cents: i64) -> PublishRequest {
    let subjects = vec![person.by_nir(), person.by_siren()];
    item("declared-turnover", subjects, &declared(person, bnc_cents))
}

/// The affiliation of a person as Urssaf publishes it.
#[must_use]
pub fn affiliation_of(person: &Person) -> PublishRequest {
    let record = SelfEmployedAffiliation {
        siret: Some(person.siret.clone()),
        scheme: Some(SelfEmployedScheme::AutoEntrepreneur.into()),
        movement: Some(AffiliationMovement::Affiliation.into()),
        activity_start: Some(Date { year: Some(2025), month: Some(9), day: Some(1) }),
        activity_end: None,
        reason: Some(MovementReason::Creation.into()),
        naf: Some("62.01Z".to_owned()),
    };
    item("self-employed-affiliation", vec![person.by_nir(), person.by_siret()], &record)
}

/// A record to publish, under an identifier of its own.
#[must_use]
pub fn item(dataset: &str, subjects: Vec<Subject>, record: &impl Message) -> PublishRequest {
    PublishRequest {
        publication_id: Uuid::now_v7().to_string(),
        dataset: dataset.to_owned(),
        subjects,
        data: record.encode_to_vec(),
        recorded_at: Some(prost_types::Timestamp { seconds: 1_775_980_800, nanos: 0 }),
        dataset_major: 1,
        change: 0,
    }
}

/// The context of an exchange under an agreement, for simplification.
#[must_use]
pub fn context(agreement: &str) -> ExchangeContext {
    ExchangeContext {
        agreement: agreement.to_owned(),
        purpose: Purpose::Simplification.into(),
        case_reference: "DOSSIER-4711".to_owned(),
        agent_reference: "AGENT-0815".to_owned(),
        local_body: None,
        request_id: None,
        consent_id: None,
    }
}

/// The question for the turnover of March 2026.
#[must_use]
pub fn turnover_request(agreement: &str, subject: Subject) -> GetDeclaredTurnoverRequest {
    GetDeclaredTurnoverRequest {
        context: Some(context(agreement)),
        subject: Some(subject),
        period: Some(month(2026, 3)),
        field_mask: None,
    }
}

/// The same question in its generic form.
#[must_use]
pub fn pull_request(agreement: &str, subject: Subject) -> PullRequest {
    let key = DeclaredTurnover { period: Some(month(2026, 3)), ..DeclaredTurnover::default() };
    PullRequest {
        context: Some(context(agreement)),
        dataset: "declared-turnover".to_owned(),
        subject: Some(subject),
        key: key.encode_to_vec(),
        field_mask: None,
    }
}

/// The day in Paris that lies so many days ahead.
#[must_use]
pub fn day_ahead(days: i64) -> Date {
    #[allow(clippy::disallowed_methods, reason = "a test runs now")]
    let today = Timestamp::now().to_zoned(TimeZone::get("Europe/Paris").unwrap()).date();
    unefois_proto::last_day_to_wire(today.checked_add(Span::new().days(days)).unwrap())
}

/// What a consumer declares of somebody who asks for a benefit: a dossier for so many days.
#[must_use]
pub fn declaration(subject: Subject, days: i64) -> Declaration {
    Declaration { subject: Some(subject), reason: "benefit-claim".to_owned(), last_day: Some(day_ahead(days)) }
}

/// The stable reason of a refusal.
#[must_use]
pub fn reason_of(status: &Status) -> String {
    Refused::from_status(status).reason
}

/// A registry file that revokes a certificate of an agency.
#[must_use]
pub fn revocation_of(certificate: &Path, agency: &str) -> String {
    let digest = unefois_identity::fingerprint_of(certificate).unwrap();
    let fingerprint: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("[[revocation]]\nfingerprint = \"{fingerprint}\"\nagency = \"{agency}\"\nreason = \"lost\"\n")
}
