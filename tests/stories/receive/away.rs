//! A subscriber that was away for days misses nothing that its subscription keeps.

use std::time::Duration;

use unefois_client::cursor_of;
use unefois_proto::pb::{
    publication::v1::PublishRequest,
    status::v1::AffiliationMovement,
    subscription::v1::{FetchEventsRequest, fetch_events_request::From},
};
use unefois_testkit::{House, HouseSettings, Person, affiliation_of, clock_ahead, reason_of};

use super::words::{
    PATIENCE, affiliation_with, asked, attribute, creates, ends, entries, ids, receiver, siret_of, status_of, told_all,
};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// Events are forgotten after a day where no subscription keeps them.
const SHORT_MEMORY: &str = "[limits.broker]\nevents-kept = \"24h\"\nhousekeeping-every = \"100ms\"\n";

fn moves(person: &Person) -> PublishRequest {
    affiliation_with(person, |record| record.movement = Some(AffiliationMovement::Radiation.into()))
}

/// Kills the hub, and starts it again that many days after it was first started.
fn comes_back_after(house: &mut House, days: u32) {
    house.kill();
    house.start_by(&clock_ahead(&format!("{days}d"))).unwrap();
}

async fn publishes(house: &House, items: impl Iterator<Item = PublishRequest>) {
    let urssaf = house.agency("urssaf").await;
    for item in items {
        acknowledged(&urssaf, item).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_comes_back_after_three_days_is_told_everything_in_its_order() {
    let more = SHORT_MEMORY.to_owned();
    let mut house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let people: Vec<Person> = (1_110..1_114).map(Person::invented).collect();
    let cnaf = house.agency("cnaf").await;
    let id = creates(&cnaf, asked("affiliations", 5)).await;
    for person in &people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    publishes(&house, people.iter().map(affiliation_of)).await;
    comes_back_after(&mut house, 1);
    publishes(&house, people.iter().map(moves)).await;
    comes_back_after(&mut house, 3);
    publishes(&house, people.iter().map(ends)).await;

    let cnaf = house.agency("cnaf").await;
    assert_eq!(status_of(&cnaf, &id).await.lag, 12);
    let mut receiver = receiver(&cnaf, &id);
    let deliveries = told_all(&mut receiver, 12).await;
    for (nth, day) in deliveries.chunks(people.len()).enumerate() {
        let due = people.iter().map(|person| (person.siret.clone(), (nth + 1).to_string()));
        let heard = day.iter().map(|one| (siret_of(one), attribute(one, "revision").unwrap()));
        assert_eq!(heard.collect::<Vec<_>>(), due.collect::<Vec<_>>());
    }
    let mut unique = ids(&deliveries);
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), 12);
    receiver.acknowledge(cursor_of(&deliveries[11])).await;
    receiver.close().await;
    assert_eq!(status_of(&cnaf, &id).await.lag, 0);
    assert_eq!(entries(&house).await.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_away_for_longer_than_its_subscription_keeps_anything_hears_that_something_is_missing() {
    let more = SHORT_MEMORY.to_owned();
    let mut house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let (marie, paul) = (Person::invented(1_115), Person::invented(1_116));
    let cnaf = house.agency("cnaf").await;
    let id = creates(&cnaf, asked("affiliations", 5)).await;
    for person in [&marie, &paul] {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    publishes(&house, [affiliation_of(&marie)].into_iter()).await;
    let first_lost = status_of(&cnaf, &id).await.expires_from.unwrap().seconds;
    comes_back_after(&mut house, 6);
    publishes(&house, [affiliation_of(&paul)].into_iter()).await;
    let cnaf = house.agency("cnaf").await;
    let status = status_of(&cnaf, &id).await;
    assert_eq!((status.lag, status.held_because.as_str()), (2, ""), "for seven days everything is there");
    assert_eq!(status.expires_from.unwrap().seconds, first_lost, "and when no longer was said from the first");
    comes_back_after(&mut house, 8);
    let cnaf = house.agency("cnaf").await;
    let held = async {
        let mut turn = tokio::time::interval(Duration::from_millis(50));
        while status_of(&cnaf, &id).await.held_because != "CURSOR_EXPIRED" {
            turn.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, held).await.expect("what is out of retention is kept");
    assert_eq!(receiver(&cnaf, &id).next().await.unwrap_err().reason, "CURSOR_EXPIRED");
    let fetch = |from| FetchEventsRequest { subscription_id: id.clone(), events_max: 0, from };
    let refused = cnaf.subscription().fetch_events(fetch(None)).await.unwrap_err();
    assert_eq!(reason_of(&refused), "CURSOR_EXPIRED");
    // It says from where to go on, and is told what is there.
    let from = Some(From::RecordedAt(prost_types::Timestamp { seconds: 0, nanos: 0 }));
    let told = cnaf.subscription().fetch_events(fetch(from)).await.unwrap().into_inner().deliveries;
    assert_eq!(told.iter().map(siret_of).collect::<Vec<_>>(), [paul.siret]);
    assert_eq!(status_of(&cnaf, &id).await.held_because, "");
}
