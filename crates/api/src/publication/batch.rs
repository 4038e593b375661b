//! The batches of a publication: what has come, within the limits of a batch.

use std::collections::HashSet;

use futures::{FutureExt, Stream, StreamExt};
use tonic::Status;
use unefois_broker::Limits;
use unefois_proto::pb::publication::v1 as wire;

/// Items that came together, and whether the stream goes on.
pub(super) struct Arrived {
    pub(super) items: Vec<wire::PublishRequest>,
    pub(super) then: Then,
}

/// What follows a batch.
pub(super) enum Then {
    /// More may come.
    More,
    /// The stream has ended.
    End,
    /// The stream broke; what the codec reads after that is the inside of the message that it refused.
    Broken(Status),
}

/// Waits for an item, and takes those that are there already.
pub(super) async fn next_batch(
    items: &mut (impl Stream<Item = Result<wire::PublishRequest, Status>> + Unpin),
    limits: &Limits,
) -> Arrived {
    let mut batch = Vec::new();
    let (mut size_bytes, mut identifiers) = (0, 0);
    let mut arriving = items.next().await;
    loop {
        match arriving {
            Some(Ok(item)) => {
                size_bytes += item.data.len();
                identifiers += item.subjects.len();
                batch.push(item);
            }
            Some(Err(status)) => return Arrived { items: batch, then: Then::Broken(status) },
            None => return Arrived { items: batch, then: Then::End },
        }
        let is_full = batch.len() >= limits.publish_batch_max
            || size_bytes >= limits.publish_batch_bytes_max
            || identifiers >= limits.publish_batch_identifiers_max;
        if is_full {
            return Arrived { items: batch, then: Then::More };
        }
        match items.next().now_or_never() {
            Some(next) => arriving = next,
            None => return Arrived { items: batch, then: Then::More },
        }
    }
}

/// Cuts a batch where a `publication_id` comes again: the repeat is answered after the first is durable.
pub(super) fn without_repeats(items: Vec<wire::PublishRequest>) -> Vec<Vec<wire::PublishRequest>> {
    let mut parts = vec![Vec::new()];
    let mut seen = HashSet::new();
    for item in items {
        if !seen.insert(item.publication_id.clone()) {
            parts.push(Vec::new());
            seen = HashSet::from([item.publication_id.clone()]);
        }
        if let Some(part) = parts.last_mut() {
            part.push(item);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use futures::{StreamExt, stream};

    use super::*;

    fn item(size_bytes: usize) -> Result<wire::PublishRequest, Status> {
        Ok(wire::PublishRequest { data: vec![0; size_bytes], ..wire::PublishRequest::default() })
    }

    /// How many items each batch has, and how the stream ended.
    async fn batches(items: Vec<Result<wire::PublishRequest, Status>>, limits: &Limits) -> (Vec<usize>, bool) {
        let mut items = stream::iter(items);
        let mut sizes = Vec::new();
        loop {
            let Arrived { items, then } = next_batch(&mut items, limits).await;
            sizes.push(items.len());
            match then {
                Then::More => {}
                Then::End => return (sizes, true),
                Then::Broken(_) => return (sizes, false),
            }
        }
    }

    #[tokio::test]
    async fn a_batch_ends_with_the_item_that_fills_it() {
        let limits = Limits { publish_batch_max: 3, publish_batch_bytes_max: 100, ..Limits::default() };
        assert_eq!(batches((0..7).map(|_| item(1)).collect(), &limits).await, (vec![3, 3, 1], true));
        let large = [99, 99, 100, 1, 200, 1].map(item).into_iter().collect();
        assert_eq!(batches(large, &limits).await, (vec![2, 1, 2, 1], true));
        assert_eq!(batches(Vec::new(), &limits).await, (vec![0], true));
    }

    #[tokio::test]
    async fn a_batch_ends_with_the_item_that_brings_enough_identifiers() {
        let limits = Limits { publish_batch_identifiers_max: 4, ..Limits::default() };
        let of = |count| {
            let subjects = vec![unefois_proto::pb::subject::v1::Subject::default(); count];
            Ok(wire::PublishRequest { subjects, ..wire::PublishRequest::default() })
        };
        let items = [1, 1, 1, 1, 3, 2, 9, 1].map(of).into_iter().collect();
        assert_eq!(batches(items, &limits).await, (vec![4, 2, 1, 1], true));
    }

    #[tokio::test]
    async fn what_came_before_a_broken_item_is_a_batch() {
        let broken = vec![item(1), Err(Status::internal("broken")), item(1)];
        assert_eq!(batches(broken, &Limits::default()).await, (vec![1], false));
    }

    #[tokio::test]
    async fn a_batch_does_not_wait_for_what_is_not_there() {
        let mut items = stream::iter([item(1), item(1)]).chain(stream::pending());
        let Arrived { items, then } = next_batch(&mut items, &Limits::default()).await;
        assert_eq!(items.len(), 2);
        assert!(matches!(then, Then::More));
    }
}
