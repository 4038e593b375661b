//! What `grpc.health.v1` says of a hub.

use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use unefois_client::Connection;

/// Whether the hub says that it is ready for new work.
pub async fn is_serving(connection: &Connection) -> bool {
    let asked = HealthCheckRequest { service: String::new() };
    let answer = HealthClient::new(connection.channel()).check(asked).await.unwrap().into_inner();
    answer.status() == ServingStatus::Serving
}
