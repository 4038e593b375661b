//! Urssaf publishes the turnovers and affiliations of the people of the story.

use anyhow::{Context, bail, ensure};
use futures::StreamExt;
use prost::Message;
use unefois_catalog::Catalog;
use unefois_client::{publish, verify_acknowledgement};
use unefois_proto::pb::{
    calendar::v1::Date,
    income::v1::{DeclarationStatus, DeclaredTurnover, TurnoverAmounts},
    publication::v1::{Acknowledgement, PublicationChange, PublishRequest, publish_response::Result as Fate},
    status::v1::{AffiliationMovement, MovementReason, SelfEmployedAffiliation, SelfEmployedScheme},
    subject::v1::Subject,
};
use uuid::Uuid;

use super::{
    ask,
    people::{MARIE, PEOPLE, Person},
    show,
    stage::Stage,
};
use crate::client;

/// When Urssaf recorded all of it: 12 April 2026, 08:00 UTC.
const RECORDED_AT_SECONDS: i64 = 1_775_980_800;

/// The last day of the businesses that end in the story.
pub(crate) const ENDED_ON: Date = Date { year: Some(2026), month: Some(4), day: Some(30) };

/// What later steps look for in the database.
#[derive(Debug)]
pub(crate) struct Declared {
    /// The record of Marie's turnover.
    pub(crate) record: Uuid,
    /// Marie's amounts, as they stand inside her record in clear.
    pub(crate) amounts: Vec<u8>,
}

pub(crate) async fn tell(stage: &Stage) -> anyhow::Result<Declared> {
    let items: Vec<PublishRequest> = PEOPLE
        .iter()
        .flat_map(|person| [turnover_item(person), affiliation_item(person, &affiliation(person))])
        .collect();
    let acknowledged = acknowledged(stage, items.clone()).await?;
    verify(stage, &items, &acknowledged).await?;

    let mut table = show::table(&["who declared", "NIR", "SIREN", "turnover of March 2026", "affiliation"]);
    for person in &PEOPLE {
        let affiliation = format!("auto-entrepreneur, SIRET {}", person.siret);
        table.add_row([person.name, person.nir, person.siren, &show::euros(person.turnover_cents), &affiliation]);
    }
    show::print(&table);
    show::checked(&format!("{} records are durable: each acknowledgement is proven by the ledger", acknowledged.len()));
    show::say("All of them are invented. Names stay with Urssaf: the hub is never given one.");

    let marie = PEOPLE.iter().position(|person| person.siren == MARIE.siren).context("Marie is one of them")?;
    let record = acknowledged.get(2 * marie).context("Marie's turnover was acknowledged")?;
    Ok(Declared { record: record.record_id.parse()?, amounts: amounts(&MARIE).encode_to_vec() })
}

/// Urssaf publishes that the businesses of these people have ended.
pub(crate) async fn radiations(stage: &Stage, people: &[Person]) -> anyhow::Result<()> {
    let radiation = |person: &Person| {
        let record = SelfEmployedAffiliation {
            movement: Some(AffiliationMovement::Radiation.into()),
            activity_end: Some(ENDED_ON),
            reason: Some(MovementReason::Cessation.into()),
            ..affiliation(person)
        };
        PublishRequest { change: PublicationChange::End.into(), ..affiliation_item(person, &record) }
    };
    acknowledged(stage, people.iter().map(radiation).collect()).await?;
    Ok(())
}

/// Publishes in one stream; everything must be acknowledged, in order.
async fn acknowledged(stage: &Stage, items: Vec<PublishRequest>) -> anyhow::Result<Vec<Acknowledgement>> {
    let urssaf = stage.agency("urssaf").await?;
    let expected = items.len();
    let stream = publish(&urssaf, futures::stream::iter(items)).await;
    let mut answers = stream.map_err(|status| client::refused(&status))?;
    let mut acknowledged = Vec::new();
    while let Some(answer) = answers.next().await {
        match answer.map_err(|status| client::refused(&status))?.result {
            Some(Fate::Acknowledged(acknowledgement)) => acknowledged.push(acknowledgement),
            Some(Fate::Rejected(rejection)) => bail!("{}: {}", rejection.reason, rejection.message),
            None => bail!("an answer says nothing"),
        }
    }
    ensure!(acknowledged.len() == expected, "{expected} records were sent, {} acknowledged", acknowledged.len());
    Ok(acknowledged)
}

async fn verify(stage: &Stage, items: &[PublishRequest], acknowledged: &[Acknowledgement]) -> anyhow::Result<()> {
    let key = stage.public_key().await?;
    let catalog = Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET)?;
    for (item, acknowledgement) in items.iter().zip(acknowledged) {
        let dataset = catalog.dataset(&item.dataset).context("a dataset of the story is not in the catalogue")?;
        verify_acknowledgement(acknowledgement, &dataset.canonicalise(&item.data)?, &key)?;
    }
    Ok(())
}

fn turnover_item(person: &Person) -> PublishRequest {
    let record = DeclaredTurnover {
        siren: Some(person.siren.to_owned()),
        period: Some(ask::period()),
        amounts: Some(amounts(person)),
        status: Some(DeclarationStatus::Declared.into()),
        declared_on: Some(date(2026, 4, 12)),
        declared_with_doubt: Some(false),
        final_withholding: Some(true),
    };
    item("declared-turnover", vec![person.by_nir(), person.by_siren()], &record)
}

fn amounts(person: &Person) -> TurnoverAmounts {
    TurnoverAmounts {
        sale_of_goods_cents: Some(0),
        bic_services_cents: Some(0),
        bnc_cents: Some(person.turnover_cents),
    }
}

fn affiliation(person: &Person) -> SelfEmployedAffiliation {
    SelfEmployedAffiliation {
        siret: Some(person.siret.to_owned()),
        scheme: Some(SelfEmployedScheme::AutoEntrepreneur.into()),
        movement: Some(AffiliationMovement::Affiliation.into()),
        activity_start: Some(date(2025, 9, 1)),
        activity_end: None,
        reason: Some(MovementReason::Creation.into()),
        naf: Some("62.01Z".to_owned()),
    }
}

fn affiliation_item(person: &Person, record: &SelfEmployedAffiliation) -> PublishRequest {
    item("self-employed-affiliation", vec![person.by_nir(), person.by_siret()], record)
}

fn item(dataset: &str, subjects: Vec<Subject>, record: &impl Message) -> PublishRequest {
    PublishRequest {
        publication_id: Uuid::now_v7().to_string(),
        dataset: dataset.to_owned(),
        subjects,
        data: record.encode_to_vec(),
        recorded_at: Some(prost_types::Timestamp { seconds: RECORDED_AT_SECONDS, nanos: 0 }),
        dataset_major: 1,
        change: 0,
    }
}

fn date(year: i32, month: i32, day: i32) -> Date {
    Date { year: Some(year), month: Some(month), day: Some(day) }
}
