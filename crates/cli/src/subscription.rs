//! `unefois subscriptions`: list, create, show, pause, resume, delete, dead letters, replay.

mod show;

use anyhow::Context;
use unefois_client::{ClientSettings, Connection};
use unefois_proto::pb::subscription::v1::{
    CreateRequest, DeleteRequest, EventKind, Filter, GetRequest, ListDeadLettersRequest, ListRequest, PauseRequest,
    Reach, ReplayDeadLetterRequest, ResumeRequest, Terms,
};
use uuid::Uuid;

use crate::{
    arguments::{CreateOptions, EventKindArgument, SubscriptionCommand},
    client, output,
};

/// How many dead letters a page of the hub holds.
const PAGE: i32 = 500;

pub(crate) async fn run(command: SubscriptionCommand, settings: &ClientSettings) -> anyhow::Result<()> {
    let hub = client::connect(settings).await?;
    let mut service = hub.subscription();
    let refused = |status| client::refused(&status);
    match command {
        SubscriptionCommand::List { json } => {
            let listed = service.list(ListRequest {}).await.map_err(refused)?.into_inner();
            show::list(&listed.subscriptions, json);
        }
        SubscriptionCommand::Create(options) => {
            let created = service.create(request_of(options)).await.map_err(refused)?.into_inner();
            let id = created.subscription.unwrap_or_default().subscription_id;
            output::print_line!("created {id}; recorded as {}", created.exchange_id);
        }
        SubscriptionCommand::Show { subscription, json } => {
            let subscription_id = id_of(&hub, subscription).await?;
            let found = service.get(GetRequest { subscription_id }).await.map_err(refused)?.into_inner();
            show::one(&found, json);
        }
        SubscriptionCommand::Pause { subscription } => {
            let subscription_id = id_of(&hub, subscription).await?;
            let paused = service.pause(PauseRequest { subscription_id }).await.map_err(refused)?.into_inner();
            say("paused", "it was paused before", &paused.exchange_id);
        }
        SubscriptionCommand::Resume { subscription } => {
            let subscription_id = id_of(&hub, subscription).await?;
            let resumed = service.resume(ResumeRequest { subscription_id }).await.map_err(refused)?.into_inner();
            say("resumed", "it was not paused", &resumed.exchange_id);
        }
        SubscriptionCommand::Delete { subscription } => {
            let subscription_id = id_of(&hub, subscription).await?;
            let deleted = service.delete(DeleteRequest { subscription_id }).await.map_err(refused)?.into_inner();
            say("deleted", "", &deleted.exchange_id);
        }
        SubscriptionCommand::DeadLetters { subscription, json } => {
            dead_letters(&hub, id_of(&hub, subscription).await?, json).await?;
        }
        SubscriptionCommand::Replay { subscription, event } => {
            let subscription_id = id_of(&hub, subscription).await?;
            let request = ReplayDeadLetterRequest { subscription_id, event_id: event };
            let replayed = service.replay_dead_letter(request).await.map_err(refused)?.into_inner();
            say("it will be told again", "", &replayed.exchange_id);
        }
    }
    Ok(())
}

fn say(done: &str, unchanged: &str, exchange_id: &str) {
    if exchange_id.is_empty() {
        output::print_line!("{unchanged}");
    } else {
        output::print_line!("{done}; recorded as {exchange_id}");
    }
}

fn request_of(options: CreateOptions) -> CreateRequest {
    let CreateOptions {
        name,
        agreement,
        kinds,
        fields,
        whole_population,
        retention_days,
        redelivery_after,
        attempts_max,
    } = options;
    let reach = if whole_population { Reach::WholePopulation } else { Reach::OpenDossiers };
    let kind = |kind: EventKindArgument| match kind {
        EventKindArgument::Created => EventKind::Created,
        EventKindArgument::Revised => EventKind::Revised,
        EventKindArgument::Corrected => EventKind::Corrected,
        EventKindArgument::Ended => EventKind::Ended,
    };
    let terms = Terms {
        retention_days: retention_days.unwrap_or_default(),
        redelivery_after: redelivery_after.map(|seconds| prost_types::Duration { seconds: seconds.into(), nanos: 0 }),
        attempts_max: attempts_max.unwrap_or_default(),
    };
    CreateRequest {
        name,
        agreement,
        filter: Some(Filter { kinds: kinds.into_iter().map(|of| kind(of).into()).collect(), fields }),
        reach: reach.into(),
        terms: Some(terms),
    }
}

/// The identifier of the subscription that is called so, or has that identifier.
pub(crate) async fn id_of(hub: &Connection, called: String) -> anyhow::Result<String> {
    if Uuid::parse_str(&called).is_ok() {
        return Ok(called);
    }
    let listed = hub.subscription().list(ListRequest {}).await.map_err(|status| client::refused(&status))?;
    let mut subscriptions = listed.into_inner().subscriptions.into_iter().filter_map(|one| one.subscription);
    let found = subscriptions.find(|subscription| subscription.name == called);
    Ok(found.with_context(|| format!("there is no subscription `{called}`"))?.subscription_id)
}

async fn dead_letters(hub: &Connection, subscription_id: String, json: bool) -> anyhow::Result<()> {
    let (mut letters, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = ListDeadLettersRequest { subscription_id: subscription_id.clone(), page_size: PAGE, page_token };
        let page = hub.subscription().list_dead_letters(request).await.map_err(|status| client::refused(&status))?;
        let page = page.into_inner();
        letters.extend(page.dead_letters);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    show::dead_letters(&letters, json);
    Ok(())
}
