//! What a connection costs a hub in memory that was used once and is kept open.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;
use futures::{StreamExt, TryStreamExt, stream};
use unefois_client::{RetryPolicy, pull};
use unefois_proto::pb::exchange::v1::PullRequest;
use unefois_testkit::Storage;

use crate::{
    arguments::IdleOptions,
    cpu::Processor,
    hub::{self, Hub},
    load::{Calls, Load},
    optimised::Server,
    population::Population,
    row::Row,
    running::Running,
    shape::Shape,
};

const POPULATION: Population = Population { subjects: 1_000, agreements: 10 };
/// How many connect at the same time.
const AT_ONCE: usize = 8;
/// What makes the hub as large as its work makes it, before it is looked at.
const WARM_UP: Load = Load {
    shape: Shape { connections: 8, streams: 32 },
    warm_up: Duration::ZERO,
    measured: Duration::from_secs(5),
    calls: Calls::Closed,
};

/// Measures and prints.
pub(crate) async fn run(options: &IdleOptions) -> anyhow::Result<()> {
    let server = Server::find(&options.server)?;
    server.warn();
    let processor = Processor::new()?;
    let hub = Hub::start(hub::house(server.path()?, Storage::Sqlite), POPULATION).await?;
    let running = Running::hub(Row::UnefoisSqlite, &hub);
    let questions = Arc::new(POPULATION.questions());
    let warmed = WARM_UP.run(&running, &questions, processor).await?;
    ensure!(warmed.errors == 0, "{} calls failed: {:?}", warmed.errors, warmed.first_error);
    processor.settle(running.processes).await?;
    let before = processor.resident_kib(running.processes.server)?;
    let connecting = stream::iter(0..options.connections).map(async |_| {
        let connection = running.connect().await?;
        let (request, _) = questions.next();
        let request = <PullRequest as prost::Message>::decode(request)?;
        pull(&connection, request, &RetryPolicy::never()).await?;
        anyhow::Ok(connection)
    });
    let connections: Vec<_> = connecting.buffer_unordered(AT_ONCE).try_collect().await?;
    processor.settle(running.processes).await?;
    let after = processor.resident_kib(running.processes.server)?;
    println!(
        "{} idle connections: {:.1} KiB each ({before} KiB resident before, {after} KiB with them)",
        connections.len(),
        after.saturating_sub(before) as f64 / connections.len() as f64,
    );
    server.warn();
    Ok(())
}
