//! About whom a subscriber is told is decided when it is told, by the dossiers that are open then.

use unefois_testkit::{House, Person, affiliation_of, clock_ahead};

use super::words::{ends, entries, fetched, has, siret_of, status_of, subscribed};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{closes, declaration, opens},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_that_is_closed_after_publication_stops_what_is_told_and_one_that_is_opened_lets_it_go() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let (marie, paul) = (Person::invented(1_150), Person::invented(1_151));
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    for person in [&marie, &paul] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    closes(&cnaf, marie.by_nir()).await.unwrap();
    opens(&cnaf, declaration(paul.by_nir(), 30)).await.unwrap();
    let told = fetched(&cnaf, &id).await;
    assert_eq!(told.iter().map(siret_of).collect::<Vec<_>>(), [paul.siret.as_str()]);
    // In its hand, and not acknowledged.
    closes(&cnaf, paul.by_nir()).await.unwrap();
    assert!(fetched(&cnaf, &id).await.is_empty());
    assert_eq!(status_of(&cnaf, &id).await.lag, 0, "it is passed");
    assert_eq!(entries(&house).await.len(), 1, "nobody was told anything of Marie, nor anything again of Paul");
    // What was told once may be acknowledged whatever happened since.
    has(&cnaf, &id, &told[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dossier_ends_with_its_last_day() {
    let mut house = House::open(UNEFOIS).await;
    let (marie, paul) = (Person::invented(1_152), Person::invented(1_153));
    let cnaf = house.agency("cnaf").await;
    for (person, days) in [(&marie, 1), (&paul, 5)] {
        opens(&cnaf, declaration(person.by_nir(), days)).await.unwrap();
    }
    let id = subscribed(&cnaf, 5).await;
    for person in [&marie, &paul] {
        acknowledged(&house.agency("urssaf").await, affiliation_of(person)).await;
    }
    assert_eq!(fetched(&cnaf, &id).await.len(), 2);
    house.kill();
    house.start_by(&clock_ahead("3d")).unwrap();
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    for person in [&marie, &paul] {
        acknowledged(&urssaf, ends(person)).await;
    }
    let told = fetched(&cnaf, &id).await;
    assert_eq!(told.iter().map(siret_of).collect::<Vec<_>>(), [paul.siret.as_str(), &paul.siret]);
}
