//! Homonyms that were found before traits stood with the records that state them.

use unefois_client::Connection;
use unefois_proto::pb::publication::v1::{AcknowledgementKind, FindingKind};
use unefois_testkit::{House, Person, sql};

use super::{MonthlyResources, acknowledged, found, item_of, pulled, renamed, resources};
use crate::UNEFOIS;

const MARKED: &[(FindingKind, &str)] = &[(FindingKind::Homonym, "possible_homonym")];
const UNMARKED: &[(FindingKind, &str)] = &[];

/// A hub that holds somebody, and a namesake who is marked, as it is after the upgrade.
async fn upgraded(first: &Person, namesake: &Person) -> (House, Connection) {
    let house = House::open(UNEFOIS).await;
    let cnav = house.agency("cnav").await;
    acknowledged(&cnav, item_of(first, &resources())).await;
    assert_eq!(found(&acknowledged(&cnav, item_of(namesake, &resources())).await), MARKED);
    let forget = "DELETE FROM record_traits;";
    match house.postgres() {
        Some(postgres) => drop(postgres.runs_sql("hub", forget)),
        None => sql(&house.data().join("hub.db"), forget),
    }
    (house, cnav)
}

/// Publishes a record of that person: what kind of revision it makes, and what is found.
async fn says(
    cnav: &Connection,
    person: &Person,
    record: &MonthlyResources,
) -> (AcknowledgementKind, Vec<(FindingKind, String)>) {
    let said = acknowledged(cnav, item_of(person, record)).await;
    let found = found(&said).into_iter().map(|(kind, path)| (kind, path.to_owned())).collect();
    (said.kind(), found)
}

fn is(kind: AcknowledgementKind, found: &[(FindingKind, &str)]) -> (AcknowledgementKind, Vec<(FindingKind, String)>) {
    (kind, found.iter().map(|(kind, path)| (*kind, (*path).to_owned())).collect())
}

/// Another record of the same person.
fn amended() -> MonthlyResources {
    MonthlyResources { net_social_cents: Some(123_456), ..resources() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_stays_when_everybody_is_published_again_after_the_upgrade() {
    use AcknowledgementKind::{Revised, Unchanged};
    let (marie, namesake) = (Person::invented(640), Person::invented(641));
    let (house, cnav) = upgraded(&marie, &namesake).await;
    for _ in 0..2 {
        assert_eq!(says(&cnav, &marie, &resources()).await, is(Unchanged, UNMARKED));
        assert_eq!(says(&cnav, &namesake, &resources()).await, is(Unchanged, MARKED));
    }
    assert_eq!(pulled(&house, &namesake).await.possible_homonym, Some(true));

    // From here on it is as if she had been published today.
    assert_eq!(says(&cnav, &marie, &renamed("MARIE ANNE")).await, is(Revised, UNMARKED));
    assert_eq!(says(&cnav, &namesake, &resources()).await, is(Revised, UNMARKED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_stays_until_who_was_there_first_is_published_again_and_follows_that_one() {
    use AcknowledgementKind::{Revised, Unchanged};
    let (marie, namesake) = (Person::invented(642), Person::invented(643));
    let (_house, cnav) = upgraded(&marie, &namesake).await;
    assert_eq!(says(&cnav, &namesake, &resources()).await, is(Unchanged, MARKED));
    assert_eq!(says(&cnav, &namesake, &amended()).await, is(Revised, MARKED), "nothing was said of its traits");
    assert_eq!(says(&cnav, &namesake, &amended()).await, is(Unchanged, MARKED));

    // She was first, and is not taken for a homonym of hers.
    assert_eq!(says(&cnav, &marie, &amended()).await, is(Revised, UNMARKED));
    assert_eq!(says(&cnav, &namesake, &amended()).await, is(Unchanged, MARKED));
    assert_eq!(says(&cnav, &marie, &amended()).await, is(Unchanged, UNMARKED));
    assert_eq!(says(&cnav, &marie, &renamed("MARIE ANNE")).await, is(Revised, UNMARKED));
    assert_eq!(says(&cnav, &namesake, &amended()).await, is(Revised, UNMARKED));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_stays_when_somebody_else_of_these_traits_comes_first_after_the_upgrade() {
    use AcknowledgementKind::{Created, Unchanged};
    let (marie, namesake, third) = (Person::invented(644), Person::invented(645), Person::invented(646));
    let (_house, cnav) = upgraded(&marie, &namesake).await;
    assert_eq!(says(&cnav, &third, &resources()).await, is(Created, UNMARKED));
    for _ in 0..2 {
        assert_eq!(says(&cnav, &namesake, &resources()).await, is(Unchanged, MARKED));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_goes_with_the_traits_that_it_was_for() {
    use AcknowledgementKind::Revised;
    let (marie, namesake) = (Person::invented(647), Person::invented(648));
    let (_house, cnav) = upgraded(&marie, &namesake).await;
    assert_eq!(says(&cnav, &namesake, &renamed("MARIE ANNE")).await, is(Revised, UNMARKED));
    assert_eq!(says(&cnav, &namesake, &resources()).await, is(Revised, UNMARKED), "hers are not known yet");
    assert_eq!(says(&cnav, &marie, &resources()).await, is(Revised, MARKED), "of the two she came last");
}
