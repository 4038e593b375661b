//! What is repeated at another node than the first time.

use unefois_client::{Pulled, RetryPolicy, pull, verify_acknowledgement};
use unefois_ledger::Checkpoint;
use unefois_proto::pb::{audit::v1::SearchExchangesRequest, ledger::v1::EntryKind};
use unefois_testkit::{House, Person, pull_request, turnover_of};

use super::{NAMES, trade::traded};
use crate::{UNEFOIS, acknowledged};

async fn asks(house: &House, person: &Person) -> Pulled {
    let mut request = pull_request("d14-benefits", person.by_nir());
    request.context.as_mut().unwrap().request_id = Some("request-150".to_owned());
    pull(&house.agency("cnaf").await, request, &RetryPolicy::never()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_repeated_at_another_node_is_proved_in_the_shard_that_recorded_it_first() {
    let mut house = House::open(UNEFOIS).await;
    let (marie, key) = (Person::invented(155), house.public_key().await);
    let item = turnover_of(&marie, 1);
    let published = acknowledged(&house.agency("urssaf").await, item.clone()).await;
    let first = asks(&house, &marie).await;
    traded(&mut house).await;

    let again = asks(&house, &marie).await;
    assert_eq!(again.response.data, first.response.data);
    assert_eq!((again.receipt.index, &again.receipt.entry), (first.receipt.index, &first.receipt.entry));
    let verified = again.verify(&key).unwrap();
    assert_eq!(verified.checkpoint.origin, NAMES[1]);
    assert_eq!(verified.personal, first.verify(&key).unwrap().personal, "opened where it was sealed");
    let repeats = SearchExchangesRequest { kind: EntryKind::Repeat.into(), ..Default::default() };
    let repeat = house.audited(repeats).await.remove(0);
    assert_eq!(repeat.origin, NAMES[0], "the repeat itself is recorded where it was asked");
    assert_eq!(repeat.public_part.unwrap().repeats, verified.public.entry_id);

    let republished = acknowledged(&house.agency("urssaf").await, item.clone()).await;
    assert_eq!((&republished.record_id, republished.revision), (&published.record_id, published.revision));
    verify_acknowledgement(&republished, &item.data, &key).unwrap();
    let checkpoint = republished.receipt.unwrap().checkpoint;
    assert_eq!(Checkpoint::open_of_hub(&checkpoint, &key).unwrap().origin, NAMES[1]);
}
