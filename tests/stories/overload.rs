//! More exchanges than the hub takes on at once: the others are told to come back, and what was let in is answered.

use futures::future::join_all;
use tonic::Code;
use unefois_client::{Refused, RetryPolicy, pull};
use unefois_testkit::{House, HouseSettings, Person, pull_request, turnover_of};

use crate::{UNEFOIS, acknowledged};

/// Far more than one connection carries one after the other before the first is answered.
const AT_ONCE: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_over_the_limit_is_refused_at_once_and_may_come_back() {
    let more = "[limits.broker]\nexchanges-max = 1\n".to_owned();
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let marie = Person::invented(60);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let cnaf = house.agency("cnaf").await;
    let mut refused = 0;
    while refused == 0 {
        let calls = (0..AT_ONCE).map(|_| async {
            let mut caller = cnaf.exchange();
            caller.pull(pull_request("d14-benefits", marie.by_nir())).await
        });
        let ended = join_all(calls).await;
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
