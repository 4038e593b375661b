//! `grpc.health.v1`: says SERVING as long as the hub is ready for new work.

use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tonic_health::{ServingStatus, server::HealthReporter};
use unefois_broker::{Hub, Unready};

/// Follows the readiness of the hub until it is aborted.
pub(crate) async fn follow(hub: Hub, reporter: HealthReporter, every: Duration) {
    let mut turn = tokio::time::interval(every);
    turn.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut said = ServingStatus::Unknown;
    loop {
        turn.tick().await;
        let ready = hub.readiness();
        let status = status_of(&ready);
        if status != said {
            reporter.set_service_status("", status).await;
            match ready {
                Ok(()) => tracing::info!("the hub is ready for new work"),
                Err(Unready::Stopping) => tracing::info!("the hub takes no new work: it is stopping"),
                Err(why) => tracing::error!(%why, "the hub is not ready for new work"),
            }
            said = status;
        }
    }
}

fn status_of(ready: &Result<(), Unready>) -> ServingStatus {
    match ready {
        Ok(()) => ServingStatus::Serving,
        Err(_) => ServingStatus::NotServing,
    }
}
