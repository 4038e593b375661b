//! Several nodes of one hub, always on PostgreSQL: whichever is asked, it is one hub.

mod auditing;
mod dossier;
mod order;
mod person;
mod quota;
mod receive;
mod request_id;

use std::time::Duration;

use unefois_client::{Connection, Refused, RetryPolicy, pull};
use unefois_proto::pb::{
    consent::v1::{GrantRequest, WithdrawRequest},
    exchange::v1::PullRequest,
    ledger::v1::Purpose,
    registry::v1::{ApplyRequest, DescribeRequest},
};
use unefois_testkit::{
    DEMONSTRATION_REGISTRY, House, HouseSettings, Person, Storage, pull_request, revocation_of, turnover_of,
};

use crate::{UNEFOIS, acknowledged};

/// How long something may take that is promised within a second: this machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);

/// A hub of two nodes. The second goes first when both end.
struct Nodes {
    second: House,
    first: House,
}

impl Nodes {
    async fn start() -> Self {
        Self::with("").await
    }

    /// The same with these lines in the configuration.
    async fn with(more: &str) -> Self {
        let settings = HouseSettings { storage: Storage::Postgres, more: more.to_owned(), ..HouseSettings::default() };
        let first = House::open_with(UNEFOIS, &settings).await;
        let second = first.second_node().started();
        Self { second, first }
    }

    fn both(&self) -> [&House; 2] {
        [&self.first, &self.second]
    }

    async fn agencies(&self, agency: &str) -> [Connection; 2] {
        [self.first.agency(agency).await, self.second.agency(agency).await]
    }

    /// Waits until `told` says so.
    async fn hear(told: impl AsyncFn() -> bool) {
        let hearing = async {
            let mut turn = tokio::time::interval(Duration::from_millis(20));
            while !told().await {
                turn.tick().await;
            }
        };
        tokio::time::timeout(PATIENCE, hearing).await.expect("the other node is told");
    }
}

/// A pull, or the reason of its refusal.
async fn pulled(consumer: &Connection, request: PullRequest) -> Result<unefois_client::Pulled, String> {
    pull(consumer, request, &RetryPolicy::never()).await.map_err(|error| match error {
        unefois_client::PullError::Refused(refused) => refused.reason,
        broken => panic!("{broken}"),
    })
}

fn grant_of(person: &Person) -> GrantRequest {
    GrantRequest {
        subject: Some(person.by_nir()),
        consumer: "france-travail".to_owned(),
        dataset: "declared-turnover".to_owned(),
        purpose: Purpose::Simplification.into(),
        expires_at: None,
        evidence_digest: vec![7; 32],
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_the_registry_reaches_a_node_that_has_nothing_to_do() {
    let nodes = Nodes::start().await;
    let [here, there] = nodes.both();
    for (title, [changing, hearing]) in [("Told once", [here, there]), ("Told back", [there, here])] {
        let changed = DEMONSTRATION_REGISTRY.replace("Urssaf → Cnam: affiliation", title);
        let version = changing.applies(&changed).await.unwrap().version;
        let operator = hearing.agency("operator").await;
        Nodes::hear(async || {
            let described = operator.registry().describe(DescribeRequest {}).await.unwrap().into_inner();
            assert!(described.version <= version);
            assert_eq!(described.version == version, described.registry_toml.contains(title), "a version is one thing");
            described.version == version
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_refused_by_a_node_that_has_nothing_to_do_on_its_open_connection() {
    let nodes = Nodes::start().await;
    let client = nodes.first.pki().client("operator", "second");
    let open = nodes.second.connect(Some(client.clone())).await.unwrap();
    open.registry().describe(DescribeRequest {}).await.unwrap();
    nodes.first.applies(&revocation_of(&client.certificate, "operator")).await.unwrap();
    Nodes::hear(async || match open.registry().describe(DescribeRequest {}).await {
        Ok(_) => false,
        Err(status) => {
            assert_eq!(Refused::from_status(&status).reason, "CERTIFICATE_REVOKED");
            true
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_at_one_node_is_refused_at_once_by_the_other() {
    let nodes = Nodes::start().await;
    let marie = Person::invented(400);
    acknowledged(&nodes.first.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let (portals, consumers) = (nodes.agencies("portail").await, nodes.agencies("france-travail").await);
    let asks = || pull_request("d13-unemployment", marie.by_nir());
    for turn in 0..20 {
        let (here, there) = (turn % 2, (turn + 1) % 2);
        let granted = portals[here].consent().grant(grant_of(&marie)).await.unwrap().into_inner();
        pulled(&consumers[there], asks()).await.unwrap();
        let consent_id = granted.consent.unwrap().consent_id;
        portals[here].consent().withdraw(WithdrawRequest { consent_id }).await.unwrap();
        assert_eq!(pulled(&consumers[there], asks()).await.unwrap_err(), "CONSENT_WITHDRAWN");
    }
    portals[0].consent().grant(grant_of(&marie)).await.unwrap();
    let suspended =
        DEMONSTRATION_REGISTRY.replace("consent = \"required\"", "consent = \"required\"\nstate = \"suspended\"");
    for (here, there) in [(0, 1), (1, 0)] {
        nodes.both()[here].applies(&suspended).await.unwrap();
        assert_eq!(pulled(&consumers[there], asks()).await.unwrap_err(), "AGREEMENT_SUSPENDED");
        nodes.both()[here].applies(DEMONSTRATION_REGISTRY).await.unwrap();
        pulled(&consumers[here], asks()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_file_is_compared_with_what_is_in_force_at_a_node_that_has_not_heard_of_it_yet() {
    const TURNS: usize = 60;
    let nodes = Nodes::start().await;
    let operators = nodes.agencies("operator").await;
    let suspended =
        DEMONSTRATION_REGISTRY.replace("daily-quota = 1000000", "daily-quota = 1000000\nstate = \"suspended\"");
    for turn in 0..TURNS {
        for (at, file, verb) in [(0, suspended.as_str(), "suspend"), (1, DEMONSTRATION_REGISTRY, "resume")] {
            let mut registry = operators[at].registry();
            for dry_run in [true, false] {
                let request = ApplyRequest { registry_toml: file.to_owned(), dry_run };
                let answer = registry.apply(request).await.unwrap().into_inner();
                let verbs: Vec<&str> = answer.changes.iter().map(|change| change.verb.as_str()).collect();
                assert_eq!(verbs, [verb], "turn {turn}: nothing is taken for done that is not");
            }
        }
    }
}
