//! Publishing a stream of records.

use futures::Stream;
use tonic::{Status, Streaming};
use unefois_proto::pb::publication::v1::{PublishRequest, PublishResponse};

use crate::connect::Connection;

/// Publishes records; the answers come in their order. The stream of HTTP/2 bounds what is in flight: a hub that does
/// not keep up stops the publisher.
///
/// # Errors
/// The hub refuses the stream as a whole.
pub async fn publish(
    connection: &Connection,
    items: impl Stream<Item = PublishRequest> + Send + 'static,
) -> Result<Streaming<PublishResponse>, Status> {
    Ok(connection.publication().publish(items).await?.into_inner())
}
