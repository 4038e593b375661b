//! More exchanges than the hub takes on at once: the others wait, or are told to come back, and what was let in is
//! answered.

use futures::future::join_all;
use tonic::{Code, Status};
use unefois_client::{Connection, Refused, RetryPolicy, pull};
use unefois_testkit::{House, HouseSettings, Person, pull_request, turnover_of};

use crate::{UNEFOIS, acknowledged};

/// Far more than one connection carries one after the other before the first is answered.
const AT_ONCE: usize = 60;

/// A hub that takes on one exchange at a time.
async fn narrow_house(more: &str) -> (House, Person) {
    let more = format!("[limits.broker]\nexchanges-max = 1\n{more}");
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let marie = Person::invented(60);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    (house, marie)
}

async fn pulled_at_once(cnaf: &Connection, person: &Person) -> Vec<Result<(), Status>> {
    let calls = (0..AT_ONCE).map(|_| async {
        let mut caller = cnaf.exchange();
        caller.pull(pull_request("d14-benefits", person.by_nir())).await.map(drop)
    });
    join_all(calls).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_the_limit_waits_for_its_turn_and_is_answered() {
    let (house, marie) = narrow_house("exchange-wait-max = \"1m\"\n").await;
    for ended in pulled_at_once(&house.agency("cnaf").await, &marie).await {
        ended.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_too_long_is_told_to_come_back() {
    let (house, marie) = narrow_house("exchange-wait-max = \"0s\"\n").await;
    let cnaf = house.agency("cnaf").await;
    let reason = loop {
        if let Some(status) = pulled_at_once(&cnaf, &marie).await.into_iter().find_map(Result::err) {
            break unefois_testkit::reason_of(&status);
        }
    };
    assert_eq!(reason, "OVERLOADED");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_finds_no_room_to_wait_is_refused_at_once_and_may_come_back() {
    let (house, marie) = narrow_house("exchanges-waiting-max = 0\n").await;
    let cnaf = house.agency("cnaf").await;
    let mut refused = 0;
    while refused == 0 {
        let ended = pulled_at_once(&cnaf, &marie).await;
        let statuses: Vec<_> = ended.iter().filter_map(|ended| ended.as_ref().err()).collect();
        assert!(statuses.len() < AT_ONCE, "one of them at least is let in");
        for status in &statuses {
            let told = Refused::from_status(status);
            assert_eq!((told.code, told.reason.as_str()), (Code::ResourceExhausted, "OVERLOADED"));
            assert!(told.is_retryable() && told.retry_after.is_some() && told.exchange_id.is_none(), "{told:?}");
        }
        refused = statuses.len();
    }
    // However an exchange ends, its place is free again.
    for _ in 0..5 {
        let unknown = Person::invented(61).by_nir();
        let status = cnaf.exchange().pull(pull_request("d14-benefits", unknown)).await.unwrap_err();
        assert_eq!(unefois_testkit::reason_of(&status), "NOT_FOUND");
        let answer = pull(&cnaf, pull_request("d14-benefits", marie.by_nir()), &RetryPolicy::never()).await.unwrap();
        answer.verify(&house.public_key().await).unwrap();
    }
}
