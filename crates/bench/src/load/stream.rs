//! One stream of calls: it asks, waits for the answer, looks at it, and asks again.

use std::sync::Arc;

use bytes::Bytes;
use http::uri::PathAndQuery;
use tonic::{Request, Status, client::Grpc, transport::Channel};
use unefois_client::{ClientSettings, Connection};

use super::{Calls, DEADLINE, Window};
use crate::{
    codec::BytesCodec,
    measured::Tally,
    pace::Pace,
    questions::Questions,
    running::{Due, Running},
};

/// Of how many answers one is kept, to be verified when nothing is measured.
const SAMPLED_EVERY: u64 = 256;
/// How many answers a stream keeps at most.
const SAMPLES_MAX: usize = 8;

/// What a stream calls on.
pub(super) enum Wire {
    Kept(Grpc<Channel>),
    Cold(Box<ClientSettings>),
}

/// One stream of calls, one at a time.
pub(super) struct Stream {
    wire: Wire,
    method: PathAndQuery,
    due: Due,
    questions: Arc<Questions>,
    calls: Calls,
}

impl Stream {
    pub(super) fn new(wire: Wire, server: &Running<'_>, questions: &Arc<Questions>, calls: Calls) -> Self {
        let method = PathAndQuery::from_static(server.method());
        Self { wire, method, due: server.due(), questions: Arc::clone(questions), calls }
    }

    pub(super) async fn run(mut self, pace: Pace, window: Window) -> Tally {
        let mut tally = Tally::default();
        while let Some(began) = pace.next().await {
            let (request, answer) = self.questions.next();
            let answered = self.call(request).await;
            match answered {
                Ok(found) if self.due.is_met_by(&found, &answer) => {
                    tally.answered += 1;
                    if self.calls.count(began, window) {
                        tally.latencies.push(began.elapsed());
                        self.sample(&mut tally, found);
                    }
                }
                Ok(found) => tally.failed(format!("an answer of {} bytes is not the one that is due", found.len())),
                Err(status) if self.calls.may_be_refused(&status) => {
                    tally.refused += u64::from(self.calls.count(began, window));
                }
                Err(status) => tally.failed(format!("{:?}: {}", status.code(), status.message())),
            }
        }
        tally
    }

    async fn call(&mut self, request: Bytes) -> Result<Bytes, Status> {
        let mut cold;
        let grpc = match &mut self.wire {
            Wire::Kept(grpc) => grpc,
            Wire::Cold(settings) => {
                let connected = Connection::open(settings).await;
                let connection = connected.map_err(|error| Status::aborted(format!("no connection: {error:?}")))?;
                cold = Grpc::new(connection.channel());
                &mut cold
            }
        };
        grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
        let mut request = Request::new(request);
        request.set_timeout(DEADLINE);
        Ok(grpc.unary(request, self.method.clone(), BytesCodec).await?.into_inner())
    }

    fn sample(&self, tally: &mut Tally, answer: Bytes) {
        let count = tally.latencies.len() as u64;
        if count % SAMPLED_EVERY == 1 && tally.samples.len() < SAMPLES_MAX {
            tally.samples.push(answer);
        }
    }
}
