//! Publishing a stream of records, with a limit on what is unanswered.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::{Stream, StreamExt};
use tokio::sync::Semaphore;
use tonic::{Status, Streaming};
use unefois_proto::pb::publication::v1::{PublishRequest, PublishResponse};

use crate::connect::Connection;

/// The answers to a publication, in the order of its items. Dropping it ends the publication; what was not answered may
/// or may not be durable, and can be published again under the same `publication_id`.
#[derive(Debug)]
pub struct Answers<S = Streaming<PublishResponse>> {
    answers: S,
    window: Arc<Semaphore>,
}

/// Publishes records. At most `publish_window_items_max` of them ([`ClientSettings`](crate::ClientSettings)) are
/// unanswered at a time: further items are taken only as the answers are read, so read them while `items` are made.
///
/// # Errors
///
/// The status with which the hub refuses the publication as a whole; [`Refused`](crate::Refused) decodes it. Later, the
/// answers end with such a status when the publication breaks off. An item that is rejected is an answer.
pub async fn publish(
    connection: &Connection,
    items: impl Stream<Item = PublishRequest> + Send + 'static,
) -> Result<Answers, Status> {
    let window = window(connection.publish_window_items_max());
    let items = through(items, Arc::clone(&window));
    let answers = connection.publication().publish(items).await?.into_inner();
    Ok(Answers { answers, window })
}

impl<S> Stream for Answers<S>
where
    S: Stream<Item = Result<PublishResponse, Status>> + Unpin,
{
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        let answer = ready!(self.answers.poll_next_unpin(context));
        if matches!(answer, Some(Ok(_))) {
            self.window.add_permits(1);
        }
        Poll::Ready(answer)
    }
}

fn window(items_max: usize) -> Arc<Semaphore> {
    Arc::new(Semaphore::new(items_max.clamp(1, Semaphore::MAX_PERMITS)))
}

/// The items, each as soon as the window has room; [`Answers`] makes room.
fn through<S: Stream>(items: S, window: Arc<Semaphore>) -> impl Stream<Item = S::Item> {
    items.then(move |item| {
        let window = Arc::clone(&window);
        async move {
            window.acquire().await.expect("the window is never closed").forget();
            item
        }
    })
}

#[cfg(test)]
mod tests {
    use futures::{FutureExt, stream};

    use super::*;

    fn answer() -> Result<PublishResponse, Status> {
        Ok(PublishResponse { publication_id: "1".to_owned(), result: None })
    }

    #[test]
    fn no_more_items_leave_than_may_be_unanswered() {
        let window = window(2);
        let mut items = Box::pin(through(stream::iter(1..=4), Arc::clone(&window)));
        let mut answers = Answers { answers: stream::iter([answer(), Err(Status::aborted("over"))]), window };
        assert_eq!(items.next().now_or_never(), Some(Some(1)));
        assert_eq!(items.next().now_or_never(), Some(Some(2)));
        assert_eq!(items.next().now_or_never(), None);
        answers.next().now_or_never().unwrap().unwrap().unwrap();
        assert_eq!(items.next().now_or_never(), Some(Some(3)));
        assert_eq!(items.next().now_or_never(), None);
    }

    #[test]
    fn a_window_of_nothing_lets_one_item_through() {
        let mut items = Box::pin(through(stream::iter(1..=2), window(0)));
        assert_eq!(items.next().now_or_never(), Some(Some(1)));
        assert_eq!(items.next().now_or_never(), None);
    }
}
