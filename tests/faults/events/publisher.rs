//! A provider that publishes until so many records are acknowledged, whatever happens to the hub.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use rand::{Rng, rngs::StdRng};
use unefois_client::Connection;
use unefois_proto::pb::publication::v1::{PublishRequest, publish_response::Result as Fate};

use super::{
    published::{Acknowledged, affiliation},
    round::{Progress, World},
};
use crate::{load::BrokeOff, promises::MAY_BE_GIVEN, stream};

/// How many records it publishes in one stream at most.
const BATCH_MAX: usize = 24;

/// One provider's system, at one node.
pub(super) struct Publisher {
    pub(super) world: Arc<World>,
    pub(super) at: usize,
    pub(super) random: StdRng,
    /// How many records it publishes.
    pub(super) due: usize,
    pub(super) progress: Progress,
}

impl Publisher {
    /// Publishes; what is not answered is published again until it is.
    pub(super) async fn goes_on(mut self) -> Vec<Acknowledged> {
        let (mut all, mut open, mut connected) = (Vec::new(), Vec::new(), None);
        while all.len() < self.due {
            if open.is_empty() {
                let most = BATCH_MAX.min(self.due - all.len());
                let count = self.random.random_range(1..=most);
                open = (0..count).map(|_| self.next()).collect();
            }
            let connection = match connected.take() {
                Some(connection) => Ok(connection),
                None => self.world.connect("urssaf", self.at).await,
            };
            let before = all.len();
            let outcome = match &connection {
                Ok(urssaf) => publishes(urssaf, &mut open, &mut all).await,
                Err(BrokeOff(reason)) => Err(BrokeOff(reason.clone())),
            };
            self.progress.published(all.len() - before);
            match outcome {
                Ok(()) => connected = connection.ok(),
                Err(BrokeOff(reason)) => {
                    // A hub that gives a reason is still there.
                    connected = connection.ok().filter(|_| !reason.is_empty());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        all
    }

    /// Another record of somebody.
    fn next(&mut self) -> PublishRequest {
        let people = &self.world.people;
        let (person, number) = &people[self.random.random_range(0..people.len())];
        affiliation(person, number.fetch_add(1, Ordering::Relaxed))
    }
}

/// Publishes what is open in one stream. What was acknowledged is open no longer, also when the hub breaks off.
async fn publishes(
    urssaf: &Connection,
    open: &mut Vec<PublishRequest>,
    all: &mut Vec<Acknowledged>,
) -> Result<(), BrokeOff> {
    let mut answers = stream(urssaf, open.clone()).await?;
    while let Some(answer) = answers.message().await? {
        let at = open.iter().position(|item| item.publication_id == answer.publication_id).unwrap();
        match answer.result.unwrap() {
            Fate::Acknowledged(acknowledgement) => all.push((open.remove(at), acknowledgement)),
            Fate::Rejected(rejection) => {
                assert!(MAY_BE_GIVEN.contains(&rejection.reason.as_str()), "{rejection:?}");
                return Err(BrokeOff(rejection.reason));
            }
        }
    }
    if open.is_empty() { Ok(()) } else { Err(BrokeOff(String::new())) }
}
