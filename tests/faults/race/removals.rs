//! Taking authority away on either node, at random, and giving it back.

use std::{collections::BTreeMap, time::Duration};

use rand::{Rng, SeedableRng, rngs::StdRng};
use unefois_client::Connection;
use unefois_proto::pb::{consent::v1::WithdrawRequest, registry::v1::ApplyRequest};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, revocation_of};
use uuid::Uuid;

use super::{CALLERS, FIRST, PEOPLE, SUSPENDED};
use crate::calls::grant_of;

/// What was removed, in the order of the acknowledgements.
#[derive(Debug, Default)]
pub(super) struct Removals(pub(super) Vec<Removal>);

/// One acknowledged removal, and how large the shards were when it had been acknowledged.
#[derive(Debug)]
pub(super) struct Removal {
    /// The entry that records it.
    pub(super) entry: Uuid,
    pub(super) what: What,
    /// By origin.
    pub(super) sizes: BTreeMap<String, u64>,
    /// How large the shards were just before it was given back; `None` when it never was.
    pub(super) until: Option<BTreeMap<String, u64>>,
}

/// What nothing may be released on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// The consent of a person, who is in no public part.
    Consent,
    /// An agreement.
    Agreement(&'static str),
    /// A system of an agency.
    System(&'static str, String),
}

impl Removals {
    pub(super) fn count(&self) -> usize {
        self.0.len()
    }
}

/// How large every shard is.
async fn sizes(auditor: &Connection) -> BTreeMap<String, u64> {
    let shards = unefois_client::shards(auditor).await.unwrap();
    shards.iter().map(|shard| (shard.origin().to_owned(), shard.size)).collect()
}

/// A registry file that says this of the agreement that comes and goes.
fn suspended(state: &str) -> String {
    let begin = DEMONSTRATION_REGISTRY.find(&format!("id = \"{SUSPENDED}\"")).unwrap();
    let text = &DEMONSTRATION_REGISTRY[begin..];
    let end = text.find("[[").unwrap_or(text.len());
    let text: Vec<&str> = text[..end].lines().filter(|line| !line.starts_with('#')).collect();
    format!("[[agreement]]\n{}\nstate = \"{state}\"\n", text.join("\n"))
}

async fn apply(operator: &Connection, registry_toml: String) -> Uuid {
    let request = ApplyRequest { registry_toml, dry_run: false };
    let applied = operator.registry().apply(request).await.unwrap().into_inner();
    applied.changes[0].exchange_id.parse().unwrap()
}

/// Removes and gives back while `goes_on` says so; gives what was removed.
pub(super) async fn remove_all(house: &House, other: &House, seed: u64, goes_on: impl Fn() -> bool) -> Removals {
    let mut random = StdRng::seed_from_u64(seed);
    let auditor = house.agency("cour-des-comptes").await;
    let portals = [house.agency("portail").await, other.agency("portail").await];
    let operators = [house.agency("operator").await, other.agency("operator").await];
    let mut removals = Removals::default();
    let mut revoked = 0;
    while goes_on() {
        if let Some(last) = removals.0.last_mut().filter(|last| last.what == What::Consent) {
            // The next grant is still to come.
            last.until = Some(sizes(&auditor).await);
        }
        let node = random.random_range(0..2);
        let (entry, what) = match random.random_range(0..20) {
            0..15 => {
                let person = Person::invented(FIRST + random.random_range(0..PEOPLE));
                let granted = portals[node].consent().grant(grant_of(&person)).await.unwrap().into_inner();
                let consent_id = granted.consent.unwrap().consent_id;
                // For a while it holds.
                tokio::time::sleep(Duration::from_millis(random.random_range(0..30))).await;
                // Another one withdraws, now and then on the other node.
                let portal = &portals[random.random_range(0..2)];
                let withdrawn = portal.consent().withdraw(WithdrawRequest { consent_id }).await.unwrap().into_inner();
                (withdrawn.exchange_id.parse().unwrap(), What::Consent)
            }
            15..19 => (apply(&operators[node], suspended("suspended")).await, What::Agreement(SUSPENDED)),
            _ if revoked < CALLERS - 2 => {
                // The highest ones: two callers always stay.
                let number = CALLERS - 1 - revoked;
                revoked += 1;
                let agency = if number.is_multiple_of(2) { "france-travail" } else { "cnaf" };
                let system = format!("race-{number}");
                let file = revocation_of(&house.pki().client(agency, &system).certificate, agency);
                (apply(&operators[node], file).await, What::System(agency, system))
            }
            _ => continue,
        };
        let mut removal = Removal { entry, what, sizes: sizes(&auditor).await, until: None };
        if removal.what == What::Agreement(SUSPENDED) {
            removal.until = Some(sizes(&auditor).await);
            apply(&operators[node], suspended("in-force")).await;
        }
        removals.0.push(removal);
    }
    removals
}
