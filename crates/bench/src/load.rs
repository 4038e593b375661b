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
    measured::{Measured, Tally},
    pace::Pace,
    questions::Questions,
    row::{Due, Running},
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
        server: &Running,
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
        let processes = [server.process_id(), std::process::id()];
        let used = || processes.map(|process| processor.used_by(process));
        sleep_until(window.from.into()).await;
        let [server_before, own_before] = used();
        sleep_until(window.until.into()).await;
        let [server_after, own_after] = used();
        let tallies = timeout(DEADLINE * 2, try_join_all(streams)).await??;
        Measured::of(tallies, self.measured, server_after? - server_before?, own_after? - own_before?)
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
    fn new(connection: &Connection, server: &Running, questions: &Arc<Questions>) -> Self {
        let method = PathAndQuery::from_static(server.method());
        Self { grpc: Grpc::new(connection.channel()), method, due: server.due(), questions: Arc::clone(questions) }
    }

    async fn run(mut self, pace: Pace, window: Window) -> Tally {
        let mut tally = Tally::default();
        while let Some(began) = pace.next().await {
            let (request, answer) = self.questions.next();
            let answered = self.call(request).await;
            if began < window.from {
                continue;
            }
            match answered {
                Ok(found) if self.due.is_met_by(&found, &answer) => {
                    tally.latencies.push(began.elapsed());
                    self.sample(&mut tally, found);
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
