//! One load on one server: every stream asks, waits for the answer, looks at it, and asks again.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures::future::try_join_all;
use http::uri::PathAndQuery;
use tokio::time::{sleep_until, timeout};
use tonic::{Request, Status, client::Grpc, transport::Channel};
use unefois_client::Connection;

use crate::{
    codec::BytesCodec,
    cpu::Processor,
    measured::{Measured, Tally, Used},
    pace::Pace,
    questions::Questions,
    running::{Due, Running},
    shape::Shape,
};

/// How long a caller waits, as the default client does.
const DEADLINE: Duration = Duration::from_secs(30);
/// Of how many answers one is kept, to be verified when nothing is measured.
const SAMPLED_EVERY: u64 = 256;
/// How many answers a stream keeps at most.
const SAMPLES_MAX: usize = 8;

/// What is done to a server, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) shape: Shape,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    /// Calls a second in an open loop; absent in a closed one.
    pub(crate) rate: Option<u64>,
}

/// The span in which calls count.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Instant,
    until: Instant,
}

impl Load {
    /// Puts the load on the server, and measures it.
    pub(crate) async fn run(
        &self,
        server: &Running<'_>,
        questions: &Arc<Questions>,
        processor: Processor,
    ) -> anyhow::Result<Measured> {
        let connections = try_join_all((0..self.shape.connections).map(|_| server.connect())).await?;
        let from = Instant::now() + self.warm_up;
        let window = Window { from, until: from + self.measured };
        let pace = match self.rate {
            Some(rate) => Pace::open(rate, window.until),
            None => Pace::Closed { until: window.until },
        };
        let streams: Vec<_> = connections
            .iter()
            .flat_map(|connection| std::iter::repeat_n(connection, usize::from(self.shape.streams)))
            .map(|connection| {
                let stream = Stream::new(connection, server, questions);
                tokio::spawn(stream.run(pace.clone(), window))
            })
            .collect();
        let used = || {
            anyhow::Ok([
                processor.used_by(server.processes.server)?,
                processor.used_by(std::process::id())?,
                processor.used_by_database(server.processes)?,
            ])
        };
        sleep_until(window.from.into()).await;
        let before = used()?;
        sleep_until(window.until.into()).await;
        let after = used()?;
        let tallies = timeout(DEADLINE * 2, try_join_all(streams)).await??;
        let [server, generator, database] = std::array::from_fn(|of| after[of] - before[of]);
        Measured::of(tallies, self.measured, Used { server, generator, database })
    }
}

/// One stream of calls, one at a time.
struct Stream {
    grpc: Grpc<Channel>,
    method: PathAndQuery,
    due: Due,
    questions: Arc<Questions>,
}

impl Stream {
    fn new(connection: &Connection, server: &Running<'_>, questions: &Arc<Questions>) -> Self {
        let method = PathAndQuery::from_static(server.method());
        Self { grpc: Grpc::new(connection.channel()), method, due: server.due(), questions: Arc::clone(questions) }
    }

    async fn run(mut self, pace: Pace, window: Window) -> Tally {
        let mut tally = Tally::default();
        while let Some(began) = pace.next().await {
            let (request, answer) = self.questions.next();
            let answered = self.call(request).await;
            match answered {
                Ok(found) if self.due.is_met_by(&found, &answer) => {
                    tally.answered += 1;
                    if began >= window.from {
                        tally.latencies.push(began.elapsed());
                        self.sample(&mut tally, found);
                    }
                }
                Ok(found) => tally.failed(format!("an answer of {} bytes is not the one that is due", found.len())),
                Err(status) => tally.failed(format!("{:?}: {}", status.code(), status.message())),
            }
        }
        tally
    }

    async fn call(&mut self, request: Bytes) -> Result<Bytes, Status> {
        self.grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let mut request = Request::new(request);
        request.set_timeout(DEADLINE);
        Ok(self.grpc.unary(request, self.method.clone(), BytesCodec).await?.into_inner())
    }

    fn sample(&self, tally: &mut Tally, answer: Bytes) {
        let count = tally.latencies.len() as u64;
        if count % SAMPLED_EVERY == 1 && tally.samples.len() < SAMPLES_MAX {
            tally.samples.push(answer);
        }
    }
}
