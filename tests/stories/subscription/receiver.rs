//! Being told by the SDK and by command: over several connections, and in words.

use std::time::Duration;

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};
use unefois_client::{ClientSettings, Connection, Receiver, ReceiverSettings, Told, cursor_of};
use unefois_proto::pb::subscription::v1::{Delivery, GetRequest};
use unefois_testkit::{Client, House, Person, affiliation_of};

use super::{asked, creates, listed};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// How long an event may take, on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(60);

async fn next(receiver: &mut Receiver) -> Delivery {
    let event = async {
        loop {
            if let Told::Event(delivery) = receiver.next().await.unwrap() {
                return *delivery;
            }
        }
    };
    tokio::time::timeout(PATIENCE, event).await.unwrap()
}

fn id(delivery: &Delivery) -> &str {
    &delivery.event.as_ref().unwrap().id
}

/// A dossier of the consumer, and an affiliation of the person.
async fn happens_to(consumer: &Connection, provider: &Connection, person: u32) {
    let person = Person::invented(person);
    opens(consumer, declaration(person.by_nir(), 30)).await.unwrap();
    acknowledged(provider, affiliation_of(&person)).await;
}

async fn acknowledged_up_to(consumer: &Connection, subscription_id: &str) -> String {
    let request = GetRequest { subscription_id: subscription_id.to_owned() };
    consumer.subscription().get(request).await.unwrap().into_inner().acknowledged
}

/// Stands between an agency and the hub, and breaks their connections when it is told to.
struct Wire {
    port: u16,
    cut: watch::Sender<()>,
}

impl Wire {
    async fn to(house: &House) -> Self {
        let hub = house.endpoint().trim_start_matches("https://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, is_cut) = watch::channel(());
        tokio::spawn(async move {
            loop {
                let (mut near, _) = listener.accept().await.unwrap();
                let (mut is_cut, hub) = (is_cut.clone(), hub.clone());
                is_cut.mark_unchanged();
                tokio::spawn(async move {
                    let mut far = TcpStream::connect(hub).await.unwrap();
                    tokio::select! {
                        _ended = copy_bidirectional(&mut near, &mut far) => {}
                        _cut = is_cut.changed() => {}
                    }
                });
            }
        });
        Self { port, cut }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_connects_again_and_goes_on_after_what_it_acknowledged() {
    let house = House::open(UNEFOIS).await;
    let (cnaf, urssaf) = (house.agency("cnaf").await, house.agency("urssaf").await);
    let subscription = creates(&cnaf, asked("one")).await.unwrap().subscription_id;
    for person in [530, 531, 532] {
        happens_to(&cnaf, &urssaf, person).await;
    }
    let wire = Wire::to(&house).await;
    let Client { certificate, key } = house.pki().client("cnaf", "main");
    let settings = ClientSettings {
        endpoint: format!("https://127.0.0.1:{}", wire.port),
        ca: house.pki().ca(),
        certificate: Some(certificate),
        key: Some(key),
        ..ClientSettings::default()
    };
    let through = Connection::open(&settings).await.unwrap();
    let mut receiver = Receiver::new(through, ReceiverSettings::of(&subscription));
    let first = [next(&mut receiver).await, next(&mut receiver).await, next(&mut receiver).await];
    let before = acknowledged_up_to(&cnaf, &subscription).await;
    receiver.acknowledge(cursor_of(&first[1])).await;
    let heard = async {
        let mut turn = tokio::time::interval(Duration::from_millis(20));
        while acknowledged_up_to(&cnaf, &subscription).await == before {
            turn.tick().await;
        }
    };
    // What the hub did not hear before the connection breaks may be told once more.
    tokio::time::timeout(PATIENCE, heard).await.unwrap();
    wire.cut.send(()).unwrap();
    happens_to(&cnaf, &urssaf, 533).await;
    let again = next(&mut receiver).await;
    assert_eq!(id(&again), id(&first[2]), "what was not acknowledged is told again, and nothing else");
    let last = next(&mut receiver).await;
    assert!(first.iter().all(|before| id(before) != id(&last)));
    receiver.acknowledge(cursor_of(&last)).await;
    receiver.close().await;
    let status = listed(&cnaf).await.remove(0).status.unwrap();
    assert_eq!((status.lag, status.oldest_unacknowledged), (0, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_printed_and_acknowledged_by_command() {
    let house = House::open(UNEFOIS).await;
    let (cnaf, urssaf) = (house.agency("cnaf").await, house.agency("urssaf").await);
    creates(&cnaf, asked("one")).await.unwrap();
    for person in [540, 541] {
        happens_to(&cnaf, &urssaf, person).await;
    }
    let runs = |arguments: &[&str]| {
        let flags = house.flags("cnaf");
        let all = flags.iter().map(String::as_str).chain(["subscribe", "one"]).chain(arguments.iter().copied());
        house.runs(&all.collect::<Vec<_>>(), "")
    };
    let (good, output, errors) = runs(&["--count", "2", "--json"]);
    assert!(good, "{errors}");
    let told: Vec<&str> = output.lines().collect();
    assert_eq!(told.len(), 2, "{output}");
    for (line, person) in told.iter().zip([540, 541]) {
        let siret = format!(r#""siret":"{}""#, Person::invented(person).siret);
        assert!(output.contains(&siret) && line.contains("unefois.self-employed-affiliation.created.v1"), "{line}");
        assert!(!line.contains("\"naf\"") && !line.contains(&Person::invented(person).nir), "{line}");
    }
    let (good, output, errors) = runs(&["--count", "2", "--ack"]);
    assert!(good && output.contains("attempt 1"), "{output}{errors}");
    happens_to(&cnaf, &urssaf, 542).await;
    let (good, output, errors) = runs(&["--count", "1", "--ack", "--json"]);
    assert!(good && output.contains(&Person::invented(542).siret), "{output}{errors}");
    let status = listed(&cnaf).await.remove(0).status.unwrap();
    assert_eq!((status.lag, status.oldest_unacknowledged), (0, None));
}
