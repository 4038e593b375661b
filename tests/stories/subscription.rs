//! Subscriptions: the wish to be told, under an agreement that permits it.

mod command_line;
mod receiver;

use std::time::UNIX_EPOCH;

use unefois_client::{Connection, Refused};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    ledger::v1::EntryKind,
    subscription::v1::{
        CreateRequest, DeleteRequest, DescribedSubscription, EventKind, Filter, GetRequest, ListDeadLettersRequest,
        ListRequest, PauseRequest, Reach, ReplayDeadLetterRequest, ResumeRequest, Subscription, SubscriptionState,
        Terms,
    },
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, HouseSettings, Person, affiliation_of, reason_of, turnover_of};
use uuid::Uuid;

use crate::{UNEFOIS, acknowledged};

/// A subscription of the CNAF to what happens to the self-employed.
pub(crate) fn asked(name: &str) -> CreateRequest {
    CreateRequest {
        name: name.to_owned(),
        agreement: "d09-cnaf".to_owned(),
        filter: None,
        reach: Reach::Unspecified.into(),
        terms: None,
    }
}

pub(crate) async fn creates(consumer: &Connection, request: CreateRequest) -> Result<Subscription, Refused> {
    let created = consumer.subscription().create(request).await.map_err(|status| Refused::from_status(&status))?;
    let created = created.into_inner();
    assert!(Uuid::parse_str(&created.exchange_id).is_ok(), "it is recorded");
    Ok(created.subscription.unwrap())
}

async fn listed(consumer: &Connection) -> Vec<DescribedSubscription> {
    consumer.subscription().list(ListRequest {}).await.unwrap().into_inner().subscriptions
}

async fn names(consumer: &Connection) -> Vec<String> {
    listed(consumer).await.into_iter().map(|described| described.subscription.unwrap().name).collect()
}

async fn state_of(consumer: &Connection, subscription_id: &str) -> SubscriptionState {
    let request = GetRequest { subscription_id: subscription_id.to_owned() };
    let found = consumer.subscription().get(request).await.unwrap().into_inner();
    found.subscription.unwrap().subscription.unwrap().state()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_created_listed_paused_resumed_and_deleted_and_each_is_an_entry() {
    let house = House::open(UNEFOIS).await;
    let cnaf = house.agency("cnaf").await;
    let filter =
        Filter { kinds: vec![EventKind::Ended.into()], fields: vec!["siret".to_owned(), "activity_end".to_owned()] };
    let terms = Terms { retention_days: 7, redelivery_after: None, attempts_max: 9 };
    let second = CreateRequest { filter: Some(filter.clone()), terms: Some(terms), ..asked("b-ends") };
    let ends = creates(&cnaf, second).await.unwrap();
    let all = creates(&cnaf, asked("a-all")).await.unwrap();
    assert_eq!(names(&cnaf).await, ["a-all", "b-ends"]);
    assert_eq!((ends.filter.as_ref(), ends.reach()), (Some(&filter), Reach::OpenDossiers));
    let redelivery_after = Some(prost_types::Duration { seconds: 30, nanos: 0 });
    assert_eq!(ends.terms, Some(Terms { retention_days: 7, redelivery_after, attempts_max: 9 }));
    assert_eq!(all.terms, Some(Terms { retention_days: 30, redelivery_after, attempts_max: 5 }));
    let id = all.subscription_id.clone();
    let pause = || PauseRequest { subscription_id: id.clone() };
    let resume = || ResumeRequest { subscription_id: id.clone() };
    assert!(!cnaf.subscription().pause(pause()).await.unwrap().into_inner().exchange_id.is_empty());
    assert!(cnaf.subscription().pause(pause()).await.unwrap().into_inner().exchange_id.is_empty());
    assert_eq!(state_of(&cnaf, &id).await, SubscriptionState::Paused);
    assert!(!cnaf.subscription().resume(resume()).await.unwrap().into_inner().exchange_id.is_empty());
    assert!(cnaf.subscription().resume(resume()).await.unwrap().into_inner().exchange_id.is_empty());
    assert_eq!(state_of(&cnaf, &id).await, SubscriptionState::Active);
    let delete = DeleteRequest { subscription_id: id.clone() };
    cnaf.subscription().delete(delete.clone()).await.unwrap();
    let status = cnaf.subscription().delete(delete).await.unwrap_err();
    assert_eq!(reason_of(&status), "SUBSCRIPTION_UNKNOWN");
    assert_eq!(names(&cnaf).await, ["b-ends"]);
    creates(&cnaf, asked("a-all")).await.expect("its name is free");
    let search = SearchExchangesRequest { kind: EntryKind::Subscription.into(), ..Default::default() };
    let found: Vec<_> = house.audited(search).await.into_iter().rev().map(|found| found.public_part.unwrap()).collect();
    let verbs: Vec<String> = found.iter().map(|public| public.change.as_ref().unwrap().verb.clone()).collect();
    assert_eq!(verbs, ["create", "create", "pause", "resume", "delete", "create"]);
    assert!(found.iter().all(|public| public.agreement == "d09-cnaf" && public.consumer == "cnaf"));
    let changed: Vec<_> = found.iter().map(|public| public.change.as_ref().unwrap().id.clone()).collect();
    assert_eq!(changed[1..5].iter().collect::<Vec<_>>(), [&id; 4]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_agreement_does_not_permit_is_not_subscribed_to() {
    let house = House::open(UNEFOIS).await;
    let cnaf = house.agency("cnaf").await;
    let agreement = |agreement: &str| CreateRequest { agreement: agreement.to_owned(), ..asked("one") };
    let fields = |field: &str| Filter { kinds: Vec::new(), fields: vec![field.to_owned()] };
    let terms = |terms| CreateRequest { terms: Some(terms), ..asked("one") };
    let after = |seconds| Some(prost_types::Duration { seconds, nanos: 0 });
    let cases = [
        (agreement("nothing"), "AGREEMENT_UNKNOWN", None),
        (agreement("s02-cnam"), "AGREEMENT_OF_ANOTHER_CONSUMER", None),
        (agreement("s05-benefits"), "OPERATION_NOT_COVERED", None),
        (CreateRequest { filter: Some(fields("naf")), ..asked("one") }, "FILTER_NOT_GRANTED", Some("filter.fields[0]")),
        (
            CreateRequest { reach: Reach::WholePopulation.into(), ..asked("one") },
            "WHOLE_POPULATION_NOT_GRANTED",
            Some("reach"),
        ),
        (asked("No Name"), "ARGUMENT_INVALID", Some("name")),
        (asked("of-732829320"), "ARGUMENT_INVALID", Some("name")),
        (CreateRequest { reach: 9, ..asked("one") }, "ARGUMENT_INVALID", Some("reach")),
        (terms(Terms { retention_days: 91, ..Terms::default() }), "ARGUMENT_INVALID", Some("terms.retention_days")),
        (terms(Terms { attempts_max: 101, ..Terms::default() }), "ARGUMENT_INVALID", Some("terms.attempts_max")),
        (
            terms(Terms { redelivery_after: after(0), ..Terms::default() }),
            "ARGUMENT_INVALID",
            Some("terms.redelivery_after"),
        ),
    ];
    for (request, reason, field) in cases {
        let refused = creates(&cnaf, request).await.unwrap_err();
        let named = refused.violations.first().map(|(field, _)| field.as_str());
        assert_eq!((refused.reason.as_str(), named), (reason, field), "{refused}");
    }
    let suspended = DEMONSTRATION_REGISTRY.replace("id = \"d09-cnaf\"", "id = \"d09-cnaf\"\nstate = \"suspended\"");
    let one = creates(&cnaf, asked("one")).await.unwrap();
    assert_eq!(creates(&cnaf, asked("one")).await.unwrap_err().reason, "SUBSCRIPTION_NAME_TAKEN");
    house.applies(&suspended).await.unwrap();
    assert_eq!(creates(&cnaf, asked("two")).await.unwrap_err().reason, "AGREEMENT_SUSPENDED");
    let found = listed(&cnaf).await.remove(0);
    assert_eq!(found.subscription.unwrap().subscription_id, one.subscription_id);
    assert_eq!(found.status.unwrap().held_because, "AGREEMENT_SUSPENDED");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_whole_population_is_subscribed_to_where_the_agreement_says_so() {
    let house = House::open(UNEFOIS).await;
    let granting = DEMONSTRATION_REGISTRY.replace("id = \"d09-cnaf\"", "id = \"d09-cnaf\"\nwhole-population = true");
    house.applies(&granting).await.unwrap();
    let cnaf = house.agency("cnaf").await;
    let everybody = CreateRequest { reach: Reach::WholePopulation.into(), ..asked("everybody") };
    assert_eq!(creates(&cnaf, everybody).await.unwrap().reach(), Reach::WholePopulation);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_of_another_agency_is_as_unknown_as_none() {
    let house = House::open(UNEFOIS).await;
    let of_cnaf = creates(&house.agency("cnaf").await, asked("one")).await.unwrap().subscription_id;
    let cnam = house.agency("cnam").await;
    assert!(listed(&cnam).await.is_empty());
    for (subscription_id, reason) in [
        (of_cnaf, "SUBSCRIPTION_UNKNOWN"),
        (Uuid::nil().to_string(), "SUBSCRIPTION_UNKNOWN"),
        ("one".to_owned(), "ARGUMENT_INVALID"),
    ] {
        let id = || subscription_id.clone();
        let mut service = cnam.subscription();
        let event_id = Uuid::nil().to_string();
        let replay = ReplayDeadLetterRequest { subscription_id: id(), event_id };
        let list = ListDeadLettersRequest { subscription_id: id(), ..ListDeadLettersRequest::default() };
        let refusals = [
            service.get(GetRequest { subscription_id: id() }).await.unwrap_err(),
            service.pause(PauseRequest { subscription_id: id() }).await.unwrap_err(),
            service.resume(ResumeRequest { subscription_id: id() }).await.unwrap_err(),
            service.delete(DeleteRequest { subscription_id: id() }).await.unwrap_err(),
            service.list_dead_letters(list).await.unwrap_err(),
            service.replay_dead_letter(replay).await.unwrap_err(),
        ];
        assert_eq!(refusals.map(|status| reason_of(&status)), [reason; 6]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_has_as_many_subscriptions_as_it_may() {
    let more = "[limits.broker]\nsubscriptions-max = 3\n".to_owned();
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let cnaf = house.agency("cnaf").await;
    let creating = (0..8).map(|number| creates(&cnaf, asked(&format!("number-{number}"))));
    let created = futures::future::join_all(creating).await;
    let refused: Vec<String> = created.into_iter().filter_map(|one| Some(one.err()?.reason)).collect();
    assert_eq!(refused, ["SUBSCRIPTIONS_TOO_MANY"; 5]);
    let first = listed(&cnaf).await[0].subscription.clone().unwrap().subscription_id;
    cnaf.subscription().delete(DeleteRequest { subscription_id: first }).await.unwrap();
    creates(&cnaf, asked("another")).await.expect("there is room again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_begins_with_what_is_published_after_it() {
    let house = House::open(UNEFOIS).await;
    let (cnaf, urssaf) = (house.agency("cnaf").await, house.agency("urssaf").await);
    acknowledged(&urssaf, affiliation_of(&Person::invented(510))).await;
    let id = creates(&cnaf, asked("one")).await.unwrap().subscription_id;
    let status = async || {
        let request = GetRequest { subscription_id: id.clone() };
        let found = cnaf.subscription().get(request).await.unwrap().into_inner();
        assert!(!found.acknowledged.is_empty());
        found.subscription.unwrap().status.unwrap()
    };
    let before = status().await;
    assert_eq!((before.lag, before.dead_letters, before.held_because.as_str()), (0, 0, ""));
    assert!(!before.receiving && before.oldest_unacknowledged.is_none() && before.expires_from.is_none());
    for person in [511, 512] {
        acknowledged(&urssaf, affiliation_of(&Person::invented(person))).await;
        // Of another dataset, of which the subscription is not told.
        acknowledged(&urssaf, turnover_of(&Person::invented(person), 1)).await;
    }
    let after = status().await;
    assert_eq!((after.lag, after.oldest_unacknowledged), (2, None), "nothing was told yet");
    let kept_until = after.expires_from.unwrap().seconds;
    let days = (kept_until - i64::try_from(UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap()) / 86_400;
    assert!((29..=30).contains(&days), "{days} days");
}
