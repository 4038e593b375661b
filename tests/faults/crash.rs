//! Kills under load: what was promised before stands after.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use unefois_client::{Connection, Pulled, RetryPolicy, pull, verify_acknowledgement};
use unefois_ledger::leaf_hash;
use unefois_proto::pb::publication::v1::{Acknowledgement, PublishRequest, publish_response::Result as Fate};
use unefois_testkit::{House, Person, pull_request, turnover_of};

use crate::{UNEFOIS, house_with, publishes, stream, verifies};

/// How long the load may take to bring what a round waits for.
const PATIENCE: Duration = Duration::from_secs(120);

/// Waits until that many things have come in.
async fn until<T>(received: &Mutex<Vec<T>>, due: usize) {
    let coming = async {
        while received.lock().unwrap().len() < due {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, coming).await.unwrap();
}

async fn pulls(cnaf: Connection, marie: Person, received: Arc<Mutex<Vec<Pulled>>>) {
    loop {
        let request = pull_request("d14-benefits", marie.by_nir());
        let Ok(answer) = pull(&cnaf, request, &RetryPolicy::never()).await else { return };
        received.lock().unwrap().push(answer);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_receipt_given_before_a_kill_is_in_the_ledger_exactly_once() {
    let marie = Person::invented(91);
    let mut house = house_with(&marie).await;
    let received: Arc<Mutex<Vec<Pulled>>> = Arc::default();
    for round in 0..3 {
        let cnaf = house.agency("cnaf").await;
        let pulling = (0..8).map(|_| tokio::spawn(pulls(cnaf.clone(), marie.clone(), Arc::clone(&received))));
        let pulling: Vec<_> = pulling.collect();
        until(&received, (round + 1) * 100).await;
        house.kill();
        for task in pulling {
            task.await.unwrap();
        }
        house.start();
        publishes(&house, &marie, 200 + i64::try_from(round).unwrap()).await;
    }
    let key = house.public_key().await;
    let export = verifies(&house).await;
    let mut places: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for line in export.lines().filter_map(|line| line.strip_prefix("entry ")) {
        let (index, rest) = line.split_once(' ').unwrap();
        places.entry(rest.split(' ').next().unwrap()).or_default().push(index.parse().unwrap());
    }
    for answer in received.lock().unwrap().iter() {
        answer.verify(&key).unwrap();
        let hash = leaf_hash(&answer.receipt.entry).to_string();
        assert_eq!(places.get(hash.as_str()), Some(&vec![answer.receipt.index]));
    }
}

/// Publishes new people one after another, and keeps what was acknowledged.
async fn publishes_on(urssaf: Connection, first: u32, received: Arc<Mutex<Vec<(PublishRequest, Acknowledgement)>>>) {
    for number in first.. {
        let item = turnover_of(&Person::invented(number), i64::from(number));
        let Ok(mut answers) = stream(&urssaf, vec![item.clone()]).await else { return };
        match answers.message().await {
            Ok(Some(answer)) => match answer.result.unwrap() {
                Fate::Acknowledged(acknowledgement) => received.lock().unwrap().push((item, acknowledgement)),
                Fate::Rejected(rejection) => panic!("{rejection:?}"),
            },
            Ok(None) | Err(_) => return,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_publication_acknowledged_before_a_kill_is_there_after() {
    let mut house = House::open(UNEFOIS).await;
    let received: Arc<Mutex<Vec<(PublishRequest, Acknowledgement)>>> = Arc::default();
    let urssaf = house.agency("urssaf").await;
    let streams = [10_000, 20_000, 30_000, 40_000];
    let publishing = streams.map(|first| tokio::spawn(publishes_on(urssaf.clone(), first, Arc::clone(&received))));
    until(&received, 100).await;
    house.kill();
    for task in publishing {
        task.await.unwrap();
    }
    house.start();
    let (key, cnaf, urssaf) = (house.public_key().await, house.agency("cnaf").await, house.agency("urssaf").await);
    let received = std::mem::take(&mut *received.lock().unwrap());
    for (item, acknowledgement) in received {
        verify_acknowledgement(&acknowledgement, &item.data, &key).unwrap();
        let asked = pull_request("d14-benefits", item.subjects[0].clone());
        pull(&cnaf, asked, &RetryPolicy::never()).await.unwrap().verify(&key).unwrap();
        // The same publication again: the first acknowledgement, and no new revision.
        let again = stream(&urssaf, vec![item]).await.unwrap().message().await;
        let Some(Fate::Acknowledged(again)) = again.unwrap().unwrap().result else { panic!("it was acknowledged") };
        assert_eq!((again.record_id, again.revision), (acknowledgement.record_id, acknowledgement.revision));
    }
    verifies(&house).await;
}
