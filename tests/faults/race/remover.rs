//! Those who take away what exchanges rest on, and give it back: consents, agreements, certificates.

use std::sync::{Arc, atomic::Ordering};

use rand::{Rng, rngs::StdRng};
use unefois_client::{Connection, shards};
use unefois_proto::pb::{
    consent::v1::WithdrawRequest,
    registry::v1::{ApplyRequest, RegistryChange},
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, revocation_of};
use uuid::Uuid;

use super::{
    CALLERS, Changing, Race, Removal, Sizes, Support,
    caller::{AGREEMENTS, agency_of, system_of},
};
use crate::calls::grant_of;

/// How many exchanges are recorded at most between two acts of one remover.
const PAUSE_EXCHANGES_MAX: u64 = 60;

/// The agencies that act at one node.
struct Acting {
    portal: Connection,
    operator: Connection,
    auditor: Connection,
}

/// Someone's consent in force.
pub(super) struct Granted {
    number: u32,
    person: Person,
    consent_id: String,
}

pub(super) struct Remover {
    race: Arc<Race>,
    random: StdRng,
    nodes: [Acting; 2],
}

impl Acting {
    async fn at(node: &House) -> Self {
        Self {
            portal: node.agency("portail").await,
            operator: node.agency("operator").await,
            auditor: node.agency("cour-des-comptes").await,
        }
    }

    async fn sizes(&self) -> Sizes {
        shards(&self.auditor).await.unwrap().iter().map(|shard| shard.size).collect()
    }

    /// What was just taken away here. The sizes are read at the node that acknowledged it, which knows that its own shard
    /// has the entry: the other one is told of its last commit a moment after the database knows.
    async fn acknowledged(&self, what: Support, entry: &str) -> Removal {
        let entry = entry.parse::<Uuid>().unwrap().as_bytes().to_vec();
        Removal { what, entry, acknowledged: self.sizes().await, given_back: None }
    }

    /// Grants a consent and gives its identifier.
    async fn grant(&self, person: &Person) -> String {
        self.portal.consent().grant(grant_of(person)).await.unwrap().into_inner().consent.unwrap().consent_id
    }

    /// Applies a registry file that changes one thing.
    async fn change(&self, registry_toml: String, verb: &str) -> RegistryChange {
        let request = ApplyRequest { registry_toml, dry_run: false };
        let mut changes = self.operator.registry().apply(request).await.unwrap().into_inner().changes;
        assert_eq!(changes.iter().map(|change| change.verb.as_str()).collect::<Vec<_>>(), [verb]);
        changes.remove(0)
    }
}

impl Remover {
    pub(super) async fn of(race: &Arc<Race>, random: StdRng) -> Self {
        let [first, second] = race.nodes.both();
        Self { race: Arc::clone(race), random, nodes: [Acting::at(first).await, Acting::at(second).await] }
    }

    /// The consents of these people, before anybody asks.
    pub(super) async fn grants(&self, people: &[(u32, Person)]) -> Vec<Granted> {
        let mut granted = Vec::new();
        for (number, person) in people {
            let consent_id = self.nodes[0].grant(person).await;
            granted.push(Granted { number: *number, person: person.clone(), consent_id });
        }
        granted
    }

    /// These consents, each withdrawn and granted anew.
    pub(super) async fn withdraws(mut self, mut granted: Vec<Granted>) -> Vec<Removal> {
        let mut removals = Vec::new();
        while !self.race.is_over() {
            self.pause().await;
            let chosen = self.random.random_range(0..granted.len());
            let Granted { number, person, consent_id } = &mut granted[chosen];
            let node = &self.nodes[which(&mut self.random, self.race.changing)];
            let request = WithdrawRequest { consent_id: consent_id.clone() };
            let withdrawn = node.portal.consent().withdraw(request).await.unwrap().into_inner();
            let mut removal = node.acknowledged(Support::Consent(*number), &withdrawn.exchange_id).await;
            let pause = self.random.random_range(0..PAUSE_EXCHANGES_MAX);
            self.race.passes(pause).await;
            removal.given_back = Some(node.sizes().await);
            *consent_id = self.nodes[which(&mut self.random, self.race.changing)].grant(person).await;
            removals.push(removal);
        }
        removals
    }

    /// One agreement after another, suspended and resumed.
    pub(super) async fn suspends(mut self) -> Vec<Removal> {
        let mut removals = Vec::new();
        while !self.race.is_over() {
            self.pause().await;
            let all: Vec<&str> = AGREEMENTS.iter().flat_map(|(_, theirs)| theirs.iter().map(|(id, _)| *id)).collect();
            let id = all[self.random.random_range(0..all.len())];
            let text = agreement(id);
            let node = &self.nodes[which(&mut self.random, self.race.changing)];
            let suspended = node.change(format!("{text}\nstate = \"suspended\"\n"), "suspend").await;
            let mut removal = node.acknowledged(Support::Agreement(id.to_owned()), &suspended.exchange_id).await;
            let pause = self.random.random_range(0..PAUSE_EXCHANGES_MAX);
            self.race.passes(pause).await;
            removal.given_back = Some(node.sizes().await);
            self.nodes[which(&mut self.random, self.race.changing)].change(text.to_owned(), "resume").await;
            removals.push(removal);
        }
        removals
    }

    /// Certificates of callers, who get others: what is revoked is never given back.
    pub(super) async fn revokes(mut self) -> Vec<Removal> {
        let mut removals: Vec<Removal> = Vec::new();
        while !self.race.is_over() {
            self.pause().await;
            let caller = self.random.random_range(0..CALLERS);
            let number = self.race.certificates[usize::try_from(caller).unwrap()].load(Ordering::Acquire);
            let what = Support::Certificate(system_of(&self.race, caller, number));
            if removals.iter().any(|removal| removal.what == what) {
                continue;
            }
            let node = &self.nodes[which(&mut self.random, self.race.changing)];
            let revoked = node.change(self.revocation(caller, number), "revoke").await;
            removals.push(node.acknowledged(what, &revoked.exchange_id).await);
        }
        removals
    }

    fn revocation(&self, caller: u32, number: u32) -> String {
        let (agency, system) = (agency_of(caller), system_of(&self.race, caller, number));
        revocation_of(&self.race.nodes.first.pki().client(agency, &system).certificate, agency)
    }

    async fn pause(&mut self) {
        let pause = self.random.random_range(1..PAUSE_EXCHANGES_MAX);
        self.race.passes(pause).await;
    }
}

/// Where the next thing is changed.
fn which(random: &mut StdRng, changing: Changing) -> usize {
    match changing {
        Changing::AtEither => random.random_range(0..2),
        Changing::AtTheFirst => 0,
    }
}

/// The part of the demonstration's registry that is about one agreement.
fn agreement(id: &str) -> &'static str {
    let named = format!("id = \"{id}\"");
    let found = DEMONSTRATION_REGISTRY.split("\n\n").find(|part| part.contains(&named));
    found.unwrap().trim_end()
}
