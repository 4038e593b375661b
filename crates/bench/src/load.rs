//! One load on one server, and what it came to.

mod stream;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use futures::future::try_join_all;
use tokio::time::{sleep_until, timeout};
use tonic::{Code, Status, client::Grpc};

use self::stream::{Stream, Wire};
use crate::{
    cpu::Processor,
    measured::{Measured, Used},
    pace::{CountedFrom, Pace},
    questions::Questions,
    running::Running,
    shape::Shape,
};

/// How long a caller waits, as the default client does.
const DEADLINE: Duration = Duration::from_secs(30);

/// What is done to a server, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) shape: Shape,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    pub(crate) calls: Calls,
}

/// When calls begin, and on what.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Calls {
    /// A closed loop: a stream asks again when it is answered.
    Closed,
    /// An open loop: so many a second are due, and their latencies count from then.
    Due(u64),
    /// The same of more than the server can do: latencies count from when a call begins, and to be refused is no error.
    Offered(u64),
    /// A closed loop in which every call makes a connection of its own.
    Cold,
}

/// The span in which calls count.
#[derive(Debug, Clone, Copy)]
struct Window {
    from: Instant,
    until: Instant,
}

impl Calls {
    /// Whether a call is one of those that are measured. Under overload those count that end in time: what a server is
    /// left with at the end was not done in that time. Otherwise those that begin in time, however late they end.
    fn count(self, began: Instant, window: Window) -> bool {
        match self {
            Self::Closed | Self::Due(_) | Self::Cold => began >= window.from,
            Self::Offered(_) => (window.from..window.until).contains(&Instant::now()),
        }
    }

    fn may_be_refused(self, status: &Status) -> bool {
        matches!(self, Self::Offered(_)) && status.code() == Code::ResourceExhausted
    }
}

impl Load {
    /// Puts the load on the server, and measures it.
    pub(crate) async fn run(
        &self,
        server: &Running<'_>,
        questions: &Arc<Questions>,
        processor: Processor,
    ) -> anyhow::Result<Measured> {
        let wires = self.wires(server).await?;
        let from = Instant::now() + self.warm_up;
        let window = Window { from, until: from + self.measured };
        let pace = match self.calls {
            Calls::Closed | Calls::Cold => Pace::Closed { until: window.until },
            Calls::Due(rate) => Pace::open(rate, window.until, CountedFrom::Due),
            Calls::Offered(rate) => Pace::open(rate, window.until, CountedFrom::Begun),
        };
        let streams: Vec<_> = wires
            .into_iter()
            .map(|wire| {
                let stream = Stream::new(wire, server, questions, self.calls);
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
        let [server, generator, database] = std::array::from_fn(|of| after[of].saturating_sub(before[of]));
        Measured::of(tallies, self.measured, Used { server, generator, database })
    }

    /// One for each stream; the streams of a connection share it.
    async fn wires(&self, server: &Running<'_>) -> anyhow::Result<Vec<Wire>> {
        let Shape { connections, streams } = self.shape;
        if matches!(self.calls, Calls::Cold) {
            let cold = |_| Wire::Cold(Box::new(server.client().clone()));
            return Ok((0..usize::from(connections) * usize::from(streams)).map(cold).collect());
        }
        let connections = try_join_all((0..connections).map(|_| server.connect())).await?;
        let each = connections.iter().flat_map(|connection| std::iter::repeat_n(connection, usize::from(streams)));
        Ok(each.map(|connection| Wire::Kept(Grpc::new(connection.channel()))).collect())
    }
}

/// A rate as a load takes one.
pub(crate) fn per_second(rate: f64) -> u64 {
    rate.round().max(1.0) as u64
}
