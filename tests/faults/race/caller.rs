//! One caller: it asks again and again, and keeps what it is given.

use std::sync::{Arc, atomic::Ordering};

use rand::{Rng, rngs::StdRng};
use unefois_client::{Connection, PullError, Pulled, Refused, RetryPolicy, pull, receipt_from_wire};
use unefois_ledger::{leaf_hash, shard_slot};
use unefois_proto::pb::{exchange::v1::PullRequest, ledger::v1::Purpose};
use unefois_testkit::{House, pull_request};

use super::{Held, Race};

/// The agreements of each consumer, and what they are for. The first asks for the person's consent.
const CONSENTED: &str = "d13-unemployment";
pub(super) const AGREEMENTS: [(&str, &[(&str, Purpose)]); 2] = [
    ("france-travail", &[(CONSENTED, Purpose::Simplification)]),
    ("cnaf", &[("d14-benefits", Purpose::Simplification), ("d14-non-take-up", Purpose::NonTakeUp)]),
];

/// A caller, with a certificate of its own.
pub(super) struct Caller {
    race: Arc<Race>,
    number: u32,
    random: StdRng,
    connection: Connection,
    held: Vec<Held>,
}

/// The agency of a caller. One of two callers of each agency is at the other node.
pub(super) fn agency_of(caller: u32) -> &'static str {
    AGREEMENTS[place(caller) / 2].0
}

/// The name of a caller's system, which changes with its certificate.
pub(super) fn system_of(race: &Race, caller: u32, certificate: u32) -> String {
    format!("race-{}-{caller}-{certificate}", race.number)
}

fn place(caller: u32) -> usize {
    usize::try_from(caller % 4).unwrap()
}

impl Race {
    fn node_of(&self, caller: u32) -> &House {
        self.nodes.both()[place(caller) % 2]
    }

    /// Connects a caller with the certificate of that number.
    async fn connected(&self, caller: u32, certificate: u32) -> Connection {
        let system = system_of(self, caller, certificate);
        let node = self.node_of(caller);
        node.connect(Some(node.pki().client(agency_of(caller), &system))).await.unwrap()
    }
}

impl Caller {
    pub(super) async fn of(race: &Arc<Race>, number: u32, random: StdRng) -> Self {
        let connection = race.connected(number, 0).await;
        Self { race: Arc::clone(race), number, random, connection, held: Vec::new() }
    }

    /// Goes on until enough is recorded.
    pub(super) async fn goes_on(mut self) -> Vec<Held> {
        while !self.race.is_over() {
            self.asks().await;
        }
        self.held
    }

    async fn asks(&mut self) {
        let agreements = AGREEMENTS[place(self.number) / 2].1;
        let (agreement, purpose) = agreements[self.random.random_range(0..agreements.len())];
        let (number, person) = &self.race.people[self.random.random_range(0..self.race.people.len())];
        let (number, mut request) = (*number, pull_request(agreement, person.by_nir()));
        request.context.as_mut().unwrap().purpose = purpose.into();
        match self.pulls(request).await {
            Ok(pulled) => self.keeps(&pulled, number, agreement),
            Err(refused) => self.is_refused(&refused).await,
        }
    }

    /// One attempt: under a `request_id`, or without one.
    async fn pulls(&mut self, request: PullRequest) -> Result<Pulled, Refused> {
        if self.random.random_bool(0.5) {
            return pull(&self.connection, request, &RetryPolicy::never()).await.map_err(|error| match error {
                PullError::Refused(refused) => refused,
                broken => panic!("{broken}"),
            });
        }
        let answered = self.connection.exchange().pull(request).await;
        let response = answered.map_err(|status| Refused::from_status(&status))?.into_inner();
        let receipt = receipt_from_wire(response.receipt.clone().unwrap()).unwrap();
        Ok(Pulled { response, receipt })
    }

    fn keeps(&mut self, pulled: &Pulled, person: u32, agreement: &str) {
        let verified = pulled.verify(&self.race.key).unwrap();
        assert_eq!(verified.public.agreement, agreement);
        let slot = shard_slot(&verified.checkpoint.origin).unwrap();
        self.held.push(Held {
            slot: usize::try_from(slot).unwrap(),
            index: pulled.receipt.index,
            leaf: leaf_hash(&pulled.receipt.entry),
            person,
            consented: agreement == CONSENTED,
        });
        self.race.counts_one();
    }

    async fn is_refused(&mut self, refused: &Refused) {
        let due = ["CONSENT_WITHDRAWN", "AGREEMENT_SUSPENDED", "CERTIFICATE_REVOKED"];
        assert!(due.contains(&refused.reason.as_str()), "{refused:?}");
        if refused.exchange_id.is_some() {
            self.race.counts_one();
        }
        if refused.reason == "CERTIFICATE_REVOKED" {
            let number = &self.race.certificates[usize::try_from(self.number).unwrap()];
            let next = number.load(Ordering::Acquire) + 1;
            self.connection = self.race.connected(self.number, next).await;
            // Only now: whoever revokes it finds it issued.
            number.store(next, Ordering::Release);
        }
    }
}
