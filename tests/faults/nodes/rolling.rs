//! A rolling restart under load: callers that know both nodes see no failure that a retry does not cover.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::watch,
    task::{JoinHandle, block_in_place},
};
use unefois_client::{ClientSettings, Connection, PullError, Refused, RetryPolicy, pull};
use unefois_testkit::{House, Person};

use super::{PATIENCE, asked, on_postgres};
use crate::{
    UNEFOIS,
    load::{Agencies, apply, with_id},
    promises::Promises,
};

const CALLERS: u32 = 8;
/// How many calls are answered between one restart and the next.
const ANSWERED_BETWEEN: u64 = 80;

/// Where the nodes listen now.
type Endpoints = watch::Receiver<[String; 2]>;

/// A consumer that knows both nodes.
struct Caller {
    settings: ClientSettings,
    endpoints: Endpoints,
    /// The node that it calls, and its connection to it.
    at: usize,
    connection: Option<Connection>,
    number: u32,
    answered: Arc<AtomicU64>,
    promises: Promises,
}

impl Caller {
    async fn goes_on(mut self, until: watch::Receiver<bool>) -> Promises {
        let mut nth = 0;
        while !*until.borrow() {
            nth += 1;
            let id = format!("{}-{nth}", self.number);
            self.calls(id).await;
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
        self.promises
    }

    /// One call as the retry policy of our client has it, with the other node for each further attempt.
    async fn calls(&mut self, id: String) {
        let request = with_id(&Person::invented(2_000), &id);
        self.promises.asked.insert(id.clone(), request.clone());
        let (policy, mut wait) = (RetryPolicy::default(), RetryPolicy::default().backoff);
        for attempt in 1.. {
            let refused = match self.attempts(&request).await {
                Ok(answer) => return self.promises.answered(id, answer),
                Err(refused) => refused,
            };
            let is_covered = refused.is_retryable() && attempt < policy.attempts_max;
            assert!(is_covered, "attempt {attempt} of {id}: {refused:?}");
            (self.at, self.connection) = (1 - self.at, None);
            tokio::time::sleep(wait.max(refused.retry_after.unwrap_or_default())).await;
            wait *= 2;
        }
    }

    async fn attempts(
        &mut self,
        request: &unefois_proto::pb::exchange::v1::PullRequest,
    ) -> Result<unefois_client::Pulled, Refused> {
        let connection = match &self.connection {
            Some(connection) => connection,
            None => {
                let endpoint = self.endpoints.borrow()[self.at].clone();
                let settings = ClientSettings { endpoint, ..self.settings.clone() };
                let opened = Connection::open(&settings).await;
                let unavailable = |error: unefois_client::ConnectError| {
                    Refused::from_status(&tonic::Status::unavailable(error.to_string()))
                };
                self.connection.insert(opened.map_err(unavailable)?)
            }
        };
        match pull(connection, request.clone(), &RetryPolicy::never()).await {
            Ok(answer) => Ok(answer),
            Err(PullError::Refused(refused)) => Err(refused),
            Err(broken) => panic!("{broken}"),
        }
    }
}

fn callers(
    node: &House,
    endpoints: &Endpoints,
    answered: &Arc<AtomicU64>,
    until: &watch::Receiver<bool>,
) -> Vec<JoinHandle<Promises>> {
    let client = node.pki().client("cnaf", "main");
    let settings = ClientSettings {
        ca: node.pki().ca(),
        certificate: Some(client.certificate),
        key: Some(client.key),
        ..ClientSettings::default()
    };
    let callers = (0..CALLERS).map(|number| Caller {
        settings: settings.clone(),
        endpoints: endpoints.clone(),
        at: number as usize % 2,
        connection: None,
        number,
        answered: Arc::clone(answered),
        promises: Promises::default(),
    });
    callers.map(|caller| tokio::spawn(caller.goes_on(until.clone()))).collect()
}

/// Waits until the callers have got so many more answers.
async fn until_answered(answered: &AtomicU64) {
    let due = answered.load(Ordering::Relaxed) + ANSWERED_BETWEEN;
    let seen = async {
        while answered.load(Ordering::Relaxed) < due {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, seen).await.expect("the callers are answered");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_under_load_loses_nothing_and_costs_its_callers_a_retry_at_most() {
    let first = House::build(UNEFOIS, &on_postgres("[limits.store]\nlease = \"1m\"\n")).started();
    let mut promises = Promises::default();
    apply(&first, &mut promises).await.unwrap();
    Agencies::of(&first).await.unwrap().publish(&Person::invented(2_000), 7, &mut promises).await.unwrap();
    let second = first.second_node().started();
    let mut nodes = [first, second];
    let endpoints = |nodes: &[House; 2]| [nodes[0].endpoint(), nodes[1].endpoint()];
    let (tells, told) = watch::channel(endpoints(&nodes));
    let (stop, until) = watch::channel(false);
    let answered = Arc::default();
    let callers = callers(&nodes[0], &told, &answered, &until);
    for nth in [0, 1, 0, 1] {
        until_answered(&answered).await;
        block_in_place(|| nodes[nth].stop());
        let is_free = format!("SELECT lease_until <= clock_timestamp() FROM shard WHERE slot = {nth}");
        assert_eq!(asked(&nodes[nth], &is_free), "t", "a node that stops gives its shard back at once");
        block_in_place(|| nodes[nth].start());
        assert_eq!(asked(&nodes[nth], "SELECT count(*) FROM shard"), "2", "and takes it again");
        tells.send_replace(endpoints(&nodes));
    }
    until_answered(&answered).await;
    stop.send_replace(true);
    for caller in callers {
        promises.add(caller.await.unwrap());
    }
    assert_eq!(promises.pulled.len(), promises.asked.len(), "every call was answered");
    promises.are_kept_by(&nodes[0]).await;
    promises.are_in_the_ledger_of(&nodes[1]).await;
}
