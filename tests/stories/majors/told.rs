//! Events where there are two majors: each is told in that of the agreement, whichever it was published in.

use serde_json::json;
use unefois_proto::pb::{
    io::cloudevents::v1::cloud_event::Data,
    subscription::v1::{CreateRequest, FetchEventsRequest},
};
use unefois_testkit::{Person, turnover_of};

use super::{AGREEMENT, Both};
use crate::{
    acknowledged,
    dossier::{declaration, opens},
};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_again_in_one_major_after_something_else_was_said_in_the_other_is_told() {
    let both = Both::open().await;
    both.house.applies(&AGREEMENT.replace("[\"pull\"]", "[\"pull\", \"push\"]")).await.unwrap();
    let marie = Person::invented(8);
    opens(&both.cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let request =
        CreateRequest { name: "turnovers".to_owned(), agreement: "d14-next".to_owned(), ..CreateRequest::default() };
    let created = both.cnaf.subscription().create(request).await.unwrap().into_inner();
    for item in [turnover_of(&marie, 700), both.next_of(&marie, 900), turnover_of(&marie, 700)] {
        acknowledged(&both.urssaf, item).await;
    }
    let subscription_id = created.subscription.unwrap().subscription_id;
    let request = FetchEventsRequest { subscription_id, events_max: 0, from: None };
    let fetched = both.cnaf.subscription().fetch_events(request).await.unwrap().into_inner();
    assert_eq!(fetched.held_because, "");
    let second = both.catalog.version("declared-turnover", 2).unwrap();
    let amounts = fetched.deliveries.into_iter().map(|delivery| {
        let event = delivery.event.unwrap();
        assert!(event.r#type.ends_with(".v2"), "{}", event.r#type);
        let Some(Data::ProtoData(any)) = event.data else { panic!("{:?}", event.data) };
        second.to_json(&any.value).unwrap()["services_cents"].clone()
    });
    let amounts: Vec<_> = amounts.collect();
    assert_eq!(amounts, [json!(700), json!(900), json!(700)]);
}
