//! A receiver's stream: what it says goes to the hub, what the hub tells goes to it.

use futures::{
    FutureExt,
    future::Fuse,
    stream::{self, BoxStream, StreamExt},
};
use tokio::sync::oneshot;
use tonic::{Status, Streaming};
use unefois_broker::{Failure, Hub, Receiving, ReplayFrom, Says, Tells, Told};
use unefois_core::{Caller, EventId, Reason, SubscriptionId};
use unefois_proto::{pb::subscription::v1 as wire, rejection_from_wire, timestamp_from_wire};

use super::{event::delivery_to_wire, not_understood, subscription, uuid};
use crate::status::{of_codec, status_of};

pub(super) type Stream = BoxStream<'static, Result<wire::ReceiveResponse, Status>>;

/// Opens the subscription that the first message names, and serves its receiver until one of the two ends it.
pub(super) async fn receive(
    hub: &Hub,
    caller: &Caller,
    mut said: Streaming<wire::ReceiveRequest>,
) -> Result<Stream, Status> {
    let first = said.message().await.map_err(of_codec)?;
    let Some(wire::receive_request::Action::Open(open)) = first.and_then(|first| first.action) else {
        return Err(status_of(&Failure::field(Reason::ArgumentInvalid, "open", "the first message opens")));
    };
    let wire::Open { subscription_id, window, from } = open;
    let id = subscription(&subscription_id)?;
    begin(hub, caller, id, from).await.map_err(|failure| status_of(&failure))?;
    let receiving = hub.receive(caller, id, window).await.map_err(|failure| status_of(&failure))?;
    let Receiving { tells, says } = receiving;
    let (broken, breaks) = oneshot::channel();
    // Ends with what the receiver says, or when its loop has ended.
    tokio::spawn(async move {
        if let Err(status) = hears(&mut said, &says).await {
            let _gone = broken.send(status);
        }
    });
    let answers = Answers { hub: hub.clone(), tells, breaks: breaks.fuse() };
    Ok(stream::unfold(Some(answers), async |answers| answers?.next().await).boxed())
}

/// What the receiver is told.
struct Answers {
    hub: Hub,
    tells: Tells,
    /// What it said that cannot be understood.
    breaks: Fuse<oneshot::Receiver<Status>>,
}

type Answer = Result<wire::ReceiveResponse, Status>;

impl Answers {
    /// The next one, and the others unless it is the last.
    async fn next(mut self) -> Option<(Answer, Option<Self>)> {
        let answer = tokio::select! {
            biased;
            Ok(status) = &mut self.breaks => Err(status),
            told = self.tells.next() => match told {
                Some(Ok(told)) => told_to_wire(&self.hub, told),
                Some(Err(failure)) => Err(status_of(&failure)),
                // Its loop has ended because nothing was understood any more, or because all was said.
                None => Err((&mut self.breaks).now_or_never()?.ok()?),
            },
        };
        let others = answer.is_ok().then_some(self);
        Some((answer, others))
    }
}

/// Hands on what the receiver says, until it says no more.
async fn hears(said: &mut Streaming<wire::ReceiveRequest>, says: &Says) -> Result<(), Status> {
    while let Some(message) = said.message().await.map_err(of_codec)? {
        use wire::receive_request::Action;
        let heard = match message.action {
            Some(Action::SetWindow(wire::SetWindow { window })) => says.window(window).await,
            Some(Action::Acknowledge(wire::Acknowledge { up_to })) => says.acknowledge(&up_to).await,
            Some(Action::Reject(wire::Reject { event_id, reason, kind })) => {
                let event = EventId(uuid(&event_id, "event_id")?);
                let rejection =
                    rejection_from_wire(&reason, kind).map_err(|invalid| status_of(&not_understood(&invalid)))?;
                says.reject(event, rejection).await;
                Ok(())
            }
            Some(Action::Open(_)) | None => {
                Err(Failure::field(Reason::ArgumentInvalid, "open", "it is the first message only"))
            }
        };
        heard.map_err(|failure| status_of(&failure))?;
    }
    Ok(())
}

/// Sets a subscription to where its receiver wants to begin.
pub(super) async fn begin(
    hub: &Hub,
    caller: &Caller,
    id: SubscriptionId,
    from: Option<wire::open::From>,
) -> Result<(), Failure> {
    let from = match from {
        None => return Ok(()),
        Some(wire::open::From::Cursor(cursor)) => ReplayFrom::Cursor(cursor),
        Some(wire::open::From::RecordedAt(at)) => timestamp_from_wire(at)
            .map(ReplayFrom::RecordedAt)
            .map_err(|broken| Failure::field(Reason::ArgumentInvalid, "recorded_at", broken.to_string()))?,
    };
    hub.subscription_rewind(caller, id, &from).await.map(drop)
}

fn told_to_wire(hub: &Hub, told: Told) -> Result<wire::ReceiveResponse, Status> {
    use wire::receive_response::Message;
    let message = match told {
        Told::Delivery(delivery) => {
            Message::Delivery(delivery_to_wire(hub, *delivery).map_err(|failure| status_of(&failure))?)
        }
        Told::Holding(reason) => {
            let because = reason.map(|reason| reason.code().to_owned()).unwrap_or_default();
            Message::Holding(wire::Holding { because })
        }
    };
    Ok(wire::ReceiveResponse { message: Some(message) })
}
