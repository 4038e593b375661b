//! CNAF is told what happens to Marie, on whom it has a dossier, as it happens; and nothing about Paul.

use std::time::Duration;

use anyhow::{Context, anyhow, bail, ensure};
use jiff::{Span, tz::TimeZone};
use prost::Message;
use tokio::time::Instant;
use unefois_client::{Connection, Receiver, ReceiverSettings, RetryPolicy, Told, cursor_of};
use unefois_proto::pb::{
    dossier::v1::{Declaration, OpenRequest},
    io::cloudevents::v1::cloud_event::Data,
    ledger::v1::Outcome,
    status::v1::{AffiliationMovement, SelfEmployedAffiliation},
    subscription::v1::{CreateRequest, Delivery, FetchEventsRequest, GetRequest, Reach},
};

use super::{
    ask,
    audit::{self, About},
    declare,
    people::{MARIE, PAUL},
    show,
    stage::Stage,
};
use crate::{client, output};

/// What CNAF calls its subscription.
pub(crate) const SUBSCRIPTION: &str = "affiliations";

/// The agreement: row D09 of the annex.
const AGREEMENT: &str = "d09-cnaf";

/// How long the dossier on Marie is open, in days.
const DOSSIER_DAYS: i32 = 90;

/// How long an event may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How often CNAF asks whether its receiver is connected.
const ASK_EVERY: Duration = Duration::from_millis(10);

pub(crate) async fn tell(stage: &Stage) -> anyhow::Result<()> {
    let cnaf = stage.agency("cnaf").await?;
    open_dossier(&cnaf).await.context("the dossier on Marie was not opened")?;
    let subscription_id = subscribe(&cnaf).await.context("CNAF could not subscribe")?;
    let mut table = show::table(&["who", "what happens"]);
    table.add_row(["CNAF", &format!("opens a dossier on Marie, who claims a benefit; none on {}", PAUL.name)]);
    table.add_row(["CNAF", &format!("subscribes to affiliations ({AGREEMENT}), and connects a receiver")]);

    let settings = ReceiverSettings { policy: RetryPolicy::never(), ..ReceiverSettings::of(&subscription_id) };
    let mut receiver = Receiver::new(cnaf.clone(), settings);
    let happened = async {
        connected(&cnaf, &subscription_id).await?;
        let sent = Instant::now();
        declare::radiations(stage, &[PAUL, MARIE]).await?;
        anyhow::Ok(sent)
    };
    let (sent, told) = tokio::join!(happened, next(&mut receiver));
    let (sent, (delivery, arrived)) = (sent?, told?);
    table.add_row(["Urssaf", "publishes that Paul's business has ended, and then that Marie's has"]);
    let took = arrived.duration_since(sent).as_millis();
    table.add_row(["CNAF", &format!("is told of Marie's, {took} ms after Urssaf sent both")]);
    show::print(&table);
    show::say("What CNAF receives:");
    print(&delivery)?;

    receiver.acknowledge(cursor_of(&delivery)).await;
    receiver.close().await;
    let fetch = FetchEventsRequest { subscription_id, events_max: 0, from: None };
    let left = cnaf.subscription().fetch_events(fetch).await.map_err(|status| client::refused(&status))?.into_inner();
    ensure!(left.deliveries.is_empty() && left.held_because.is_empty(), "something else is to be told to CNAF");
    show::checked("the event is about Marie, and nothing is left to be told: of Paul's, CNAF learns nothing");
    recorded(stage, &delivery).await
}

async fn open_dossier(cnaf: &Connection) -> anyhow::Result<()> {
    let today = output::now().to_zoned(TimeZone::get("Europe/Paris")?).date();
    let last_day = today.checked_add(Span::new().days(DOSSIER_DAYS))?;
    let declaration = Declaration {
        subject: Some(MARIE.by_nir()),
        reason: "benefit-claim".to_owned(),
        last_day: Some(unefois_proto::last_day_to_wire(last_day)),
    };
    let request = OpenRequest { declaration: Some(declaration), case_reference: ask::CASE.to_owned() };
    cnaf.dossier().open(request).await.map_err(|status| client::refused(&status))?;
    Ok(())
}

async fn subscribe(cnaf: &Connection) -> anyhow::Result<String> {
    let request = CreateRequest {
        name: SUBSCRIPTION.to_owned(),
        agreement: AGREEMENT.to_owned(),
        filter: None,
        reach: Reach::OpenDossiers.into(),
        terms: None,
    };
    let created = cnaf.subscription().create(request).await.map_err(|status| client::refused(&status))?;
    Ok(created.into_inner().subscription.context("the hub made no subscription")?.subscription_id)
}

/// Returns when the receiver is connected: what is published after that arrives live.
async fn connected(cnaf: &Connection, subscription_id: &str) -> anyhow::Result<()> {
    let asked = Instant::now();
    let mut turn = tokio::time::interval(ASK_EVERY);
    loop {
        let request = GetRequest { subscription_id: subscription_id.to_owned() };
        let found = cnaf.subscription().get(request).await.map_err(|status| client::refused(&status))?.into_inner();
        let status = found.subscription.and_then(|found| found.status);
        if status.context("the hub says nothing of the subscription")?.receiving {
            return Ok(());
        }
        ensure!(asked.elapsed() < PATIENCE, "the receiver was not connected within {PATIENCE:?}");
        turn.tick().await;
    }
}

/// The next event, and when it arrived.
async fn next(receiver: &mut Receiver) -> anyhow::Result<(Delivery, Instant)> {
    let told = tokio::time::timeout(PATIENCE, receiver.next()).await;
    match told.map_err(|_elapsed| anyhow!("nothing was told within {PATIENCE:?}"))?? {
        Told::Event(delivery) => Ok((*delivery, Instant::now())),
        other => bail!("no event was told, but {other:?}"),
    }
}

/// What CNAF receives, which must be what the agreement grants of Marie's affiliation.
fn print(delivery: &Delivery) -> anyhow::Result<()> {
    let event = delivery.event.as_ref().context("the delivery holds no event")?;
    let Some(Data::ProtoData(data)) = &event.data else { bail!("the event holds no record") };
    let told = SelfEmployedAffiliation::decode(data.value.as_slice())?;
    let SelfEmployedAffiliation { siret, scheme: _, movement: _, activity_start: _, activity_end, reason, naf } = &told;
    ensure!(siret.as_deref() == Some(MARIE.siret), "the event is about somebody else than Marie");
    ensure!(told.movement() == AffiliationMovement::Radiation, "the event tells no radiation");
    ensure!(*activity_end == Some(declare::ENDED_ON), "the event tells another day than Urssaf");
    ensure!(reason.is_none() && naf.is_none(), "a field was told that the agreement does not grant");
    let mut table = show::table(&["event", &event.r#type]);
    table.add_row(["siret", MARIE.siret]);
    table.add_row(["scheme", "auto-entrepreneur"]);
    table.add_row(["movement", "radiation"]);
    table.add_row(["activity_start", &show::day(told.activity_start)]);
    table.add_row(["activity_end", &show::day(told.activity_end)]);
    table.add_row(["reason, naf", "—"]);
    show::print(&table);
    Ok(())
}

/// The ledger holds this one delivery, and no other.
async fn recorded(stage: &Stage, delivery: &Delivery) -> anyhow::Result<()> {
    let found = audit::search(stage, About::Deliveries).await?;
    let [entry] = found.entries.as_slice() else { bail!("the ledger holds {} deliveries", found.entries.len()) };
    let public = entry.public_part.as_ref().context("an entry has no public part")?;
    ensure!(public.outcome() == Outcome::Released, "the delivery was not recorded as released");
    ensure!(uuid::Uuid::from_slice(&public.entry_id)?.to_string() == delivery.exchange_id, "it is another delivery");
    show::checked(&format!("recorded before it was sent: entry {} is the only delivery in the ledger", entry.index));
    Ok(())
}
