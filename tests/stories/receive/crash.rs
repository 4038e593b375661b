//! A subscriber that dies before it acknowledges is told again, by the next one, what it had.

use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use unefois_client::cursor_of;
use unefois_testkit::{House, Person, affiliation_of};
use uuid::Uuid;

use super::words::{entries, fetched, id_of, ids, receiver, subscribed, told_all};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// What a subscriber prints of so many events before it is killed: the identifiers of the events, and of their entries.
fn killed_after(house: &House, count: usize) -> Vec<(String, String)> {
    let mut command = Command::new(UNEFOIS);
    command.args(house.flags("cnaf")).args(["subscribe", "affiliations", "--json"]);
    let mut child = command.current_dir(house.path()).stdout(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().take(count);
    let told = lines.map(|line| {
        let event: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let text = |name: &str| event[name].as_str().unwrap().to_owned();
        (text("id"), text("exchange_id"))
    });
    let told = told.collect();
    child.kill().unwrap();
    child.wait().unwrap();
    told
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_subscriber_had_not_acknowledged_when_it_died_is_told_to_the_next() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let people: Vec<Person> = (1_030..1_033).map(Person::invented).collect();
    for person in &people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    let id = subscribed(&cnaf, 5).await;
    for person in &people {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let lost = killed_after(&house, 3);
    let mut second = receiver(&cnaf, &id);
    let again = told_all(&mut second, 3).await;
    assert_eq!(ids(&again), lost.iter().map(|(event, _)| event.as_str()).collect::<Vec<_>>());
    second.acknowledge(cursor_of(&again[0])).await;
    second.close().await;
    let rest = fetched(&cnaf, &id).await;
    assert_eq!(ids(&rest), [id_of(&again[1]), id_of(&again[2])], "it goes on after what was acknowledged");

    let repeated = entries(&house).await.into_iter().map(|entry| entry.repeats);
    let first: Vec<Vec<u8>> =
        lost.iter().map(|(_, entry)| Uuid::parse_str(entry).unwrap().as_bytes().to_vec()).collect();
    let due = [vec![Vec::new(); 3], first.clone(), first[1..].to_vec()].concat();
    assert_eq!(repeated.collect::<Vec<_>>(), due, "each telling names the first of its event");
}
