//! What is told of a change: what the agreement grants of it, to those whom it concerns, as what it is.

use prost::Message;
use unefois_client::cursor_of;
use unefois_proto::pb::{
    io::cloudevents::v1::cloud_event::Data,
    publication::v1::{PublicationChange, PublishRequest},
    status::v1::{AffiliationMovement, MovementReason, SelfEmployedAffiliation},
    subscription::v1::{Delivery, EventKind, Filter},
};
use unefois_testkit::{House, Person, affiliation_of, month};

use super::words::{
    affiliation_with, asked, attribute, creates, ends, entries, fetched, kind_of, receiver, record_of, subscribed,
    told, told_all,
};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

fn with(change: PublicationChange, item: PublishRequest) -> PublishRequest {
    PublishRequest { change: change.into(), ..item }
}

fn has_moved(record: &mut SelfEmployedAffiliation) {
    record.movement = Some(AffiliationMovement::Radiation.into());
}

/// The kind and the revision.
fn heard(delivery: &Delivery) -> (String, String) {
    let kind = kind_of(delivery).trim_start_matches("unefois.self-employed-affiliation.").trim_end_matches(".v1");
    (kind.to_owned(), attribute(delivery, "revision").unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_what_is_not_granted_is_not_told_and_every_other_as_what_it_is() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(1_050);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    let mut receiver = receiver(&cnaf, &id);
    let other_activity = |record: &mut SelfEmployedAffiliation| record.naf = Some("43.22A".to_owned());
    let other_reason = |record: &mut SelfEmployedAffiliation| record.reason = Some(MovementReason::Cessation.into());
    use PublicationChange::{Correction, End, Unspecified};
    for item in [
        affiliation_of(&marie),
        affiliation_with(&marie, other_activity),
        with(Correction, affiliation_with(&marie, other_reason)),
        affiliation_with(&marie, has_moved),
        with(Correction, affiliation_of(&marie)),
        with(Unspecified, affiliation_with(&marie, other_activity)),
        with(End, affiliation_with(&marie, other_activity)),
    ] {
        acknowledged(&urssaf, item).await;
    }
    let deliveries = told_all(&mut receiver, 4).await;
    let due = [("created", "1"), ("revised", "4"), ("corrected", "5"), ("ended", "7")];
    assert_eq!(
        deliveries.iter().map(heard).collect::<Vec<_>>(),
        due.map(|(kind, revision)| (kind.to_owned(), revision.to_owned()))
    );
    receiver.acknowledge(cursor_of(&deliveries[3])).await;
    receiver.close().await;
    assert!(fetched(&cnaf, &id).await.is_empty());
    for delivery in &deliveries {
        let record = record_of(delivery);
        assert_eq!((record.naf.as_deref(), record.reason), (None, None), "neither is granted");
        let Some(Data::ProtoData(any)) = &delivery.event.as_ref().unwrap().data else { panic!("{delivery:?}") };
        assert_eq!(SelfEmployedAffiliation::decode(any.value.as_slice()).unwrap().encode_to_vec(), any.value);
        let everything = delivery.encode_to_vec();
        for hidden in [marie.nir.as_str(), &marie.nir[..13], "62.01Z", "43.22A"] {
            assert!(!everything.windows(hidden.len()).any(|part| part == hidden.as_bytes()), "{hidden} is told");
        }
    }
    let granted = ["siret", "scheme", "movement", "activity_start", "activity_end"];
    assert!(entries(&house).await.iter().all(|entry| entry.released_fields == granted));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_on_after_it_ended_is_told_though_it_is_as_it_was() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(1_053);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    let wrongly_ended = with(PublicationChange::Correction, affiliation_of(&marie));
    for item in [affiliation_of(&marie), ends(&marie), affiliation_of(&marie), ends(&marie), wrongly_ended] {
        acknowledged(&urssaf, item).await;
    }
    let deliveries = fetched(&cnaf, &id).await;
    let due = [("created", "1"), ("ended", "2"), ("revised", "3"), ("ended", "4"), ("corrected", "5")];
    assert_eq!(
        deliveries.iter().map(heard).collect::<Vec<_>>(),
        due.map(|(kind, revision)| (kind.to_owned(), revision.to_owned()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_told_the_kinds_and_the_fields_that_it_asked_for() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(1_051);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let filter =
        Filter { kinds: vec![EventKind::Revised.into(), EventKind::Ended.into()], fields: vec!["movement".to_owned()] };
    let mut request = asked("movements", 5);
    request.filter = Some(filter);
    let id = creates(&cnaf, request).await;
    let ended_on = |record: &mut SelfEmployedAffiliation| record.activity_end = record.activity_start;
    for item in [
        affiliation_of(&marie),
        affiliation_with(&marie, ended_on),
        affiliation_with(&marie, has_moved),
        with(PublicationChange::Correction, affiliation_of(&marie)),
        ends(&marie),
    ] {
        acknowledged(&urssaf, item).await;
    }
    let deliveries = fetched(&cnaf, &id).await;
    let due = [("revised", "3"), ("ended", "5")].map(|(kind, revision)| (kind.to_owned(), revision.to_owned()));
    assert_eq!(deliveries.iter().map(heard).collect::<Vec<_>>(), due);
    use AffiliationMovement::{Affiliation, Radiation};
    for (delivery, movement) in deliveries.iter().zip([Radiation, Affiliation]) {
        let only = SelfEmployedAffiliation { movement: Some(movement.into()), ..Default::default() };
        assert_eq!(record_of(delivery), only);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_dataset_says_of_the_same_person_is_not_told() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(1_052);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    let mut turnover = unefois_testkit::declared(&marie, 100);
    for number in 1..=3 {
        turnover.period = Some(month(2026, number));
        let published = unefois_testkit::item("declared-turnover", vec![marie.by_nir(), marie.by_siren()], &turnover);
        acknowledged(&urssaf, published).await;
    }
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let mut receiver = receiver(&cnaf, &id);
    assert_eq!(kind_of(&told(&mut receiver).await), "unefois.self-employed-affiliation.created.v1");
}
