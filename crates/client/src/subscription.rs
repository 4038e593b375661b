//! Being told what changes: a stream of events that outlives its connections.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Status, Streaming};
use unefois_proto::pb::subscription::v1::{
    Acknowledge, Delivery, Holding, Open, ReceiveRequest, ReceiveResponse, Reject, RejectionKind, SetWindow, open,
    receive_request::Action, receive_response::Message,
};

use crate::{connect::Connection, refusal::Refused, retry::RetryPolicy};

/// How many messages to the hub may wait for the connection.
const MESSAGES_MAX: usize = 64;

/// Where a receiver begins.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ReceiveFrom {
    /// After what was acknowledged.
    #[default]
    Acknowledged,
    /// After this cursor of the subscription, which is set to it for good.
    Cursor(String),
    /// With the first event recorded at this instant or later that is still kept; the subscription is set to it for good.
    RecordedAt(prost_types::Timestamp),
}

/// What is received, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ReceiverSettings {
    /// The subscription.
    pub subscription_id: String,
    /// How many events may be told and not acknowledged.
    pub window: u32,
    /// Where to begin. A receiver that connects again begins after what was acknowledged.
    pub from: ReceiveFrom,
    /// How often, in a row, it connects again without being told anything.
    pub policy: RetryPolicy,
}

/// What a receiver is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Told {
    /// An event. Its cursor is [`cursor_of`].
    Event(Box<Delivery>),
    /// Nothing is told for now, for this stable reason; the hub says when it goes on.
    Holds(String),
    /// It goes on.
    GoesOn,
}

/// The one receiver of a subscription. It connects when it is asked for the next event, and again whenever the connection
/// breaks; what was told and not acknowledged is told again then.
#[derive(Debug)]
pub struct Receiver {
    connection: Connection,
    settings: ReceiverSettings,
    /// The newest cursor that was acknowledged: said again to a new stream, because the old one may not have heard it.
    acknowledged: Option<String>,
    attempt: u32,
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    to_hub: mpsc::Sender<ReceiveRequest>,
    from_hub: Streaming<ReceiveResponse>,
}

impl ReceiverSettings {
    /// A receiver of that subscription with a window of 100 events, which goes on connecting for as long as it may help.
    #[must_use]
    pub fn of(subscription_id: impl Into<String>) -> Self {
        let backoff_max = Duration::from_secs(30);
        Self {
            subscription_id: subscription_id.into(),
            window: 100,
            from: ReceiveFrom::Acknowledged,
            policy: RetryPolicy { attempts_max: u32::MAX, backoff_max, ..RetryPolicy::default() },
        }
    }
}

/// The cursor that an event carries, to acknowledge it and all that was told before it; empty if it carries none.
#[must_use]
pub fn cursor_of(delivery: &Delivery) -> &str {
    use unefois_proto::pb::io::cloudevents::v1::cloud_event::cloud_event_attribute_value::Attr;
    let event = delivery.event.as_ref();
    let attribute = event.and_then(|event| event.attributes.get("sequence")).and_then(|value| value.attr.as_ref());
    match attribute {
        Some(Attr::CeString(cursor)) => cursor,
        Some(_) | None => "",
    }
}

impl Receiver {
    /// A receiver that has not connected yet.
    #[must_use]
    pub fn new(connection: Connection, settings: ReceiverSettings) -> Self {
        Self { connection, settings, acknowledged: None, attempt: 1, stream: None }
    }

    /// Waits for what is told next. Dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`Refused`] with what connecting again does not help against, such as `SUBSCRIPTION_PAUSED` or `CURSOR_EXPIRED`.
    pub async fn next(&mut self) -> Result<Told, Refused> {
        loop {
            let refused = match self.told().await {
                Ok(told) => {
                    self.attempt = 1;
                    return Ok(told);
                }
                Err(status) => Refused::from_status(&status),
            };
            self.stream = None;
            let Some(wait) = self.settings.policy.wait(self.attempt, &refused) else { return Err(refused) };
            self.attempt = self.attempt.saturating_add(1);
            tokio::time::sleep(wait).await;
        }
    }

    /// Has everything that was told up to that cursor. It is said again when the connection breaks before the hub has
    /// heard it.
    pub async fn acknowledge(&mut self, up_to: impl Into<String>) {
        let up_to = up_to.into();
        self.acknowledged = Some(up_to.clone());
        self.say(Action::Acknowledge(Acknowledge { up_to })).await;
    }

    /// Cannot take an event. Where the connection breaks before the hub has heard it, the event is told again.
    pub async fn reject(&mut self, event_id: impl Into<String>, reason: impl Into<String>, kind: RejectionKind) {
        let (event_id, reason) = (event_id.into(), reason.into());
        self.say(Action::Reject(Reject { event_id, reason, kind: kind.into() })).await;
    }

    /// Changes the window, now and for later connections.
    pub async fn set_window(&mut self, window: u32) {
        self.settings.window = window;
        self.say(Action::SetWindow(SetWindow { window })).await;
    }

    /// Says that nothing more comes, and waits until the hub has heard everything: also the last acknowledgement. What is
    /// told meanwhile is left to the next receiver.
    pub async fn close(mut self) {
        if let Some(Stream { to_hub, mut from_hub }) = self.stream.take() {
            drop(to_hub);
            let ends = async { while let Ok(Some(_left)) = from_hub.message().await {} };
            // A hub that does not end it in time has heard what it will hear.
            let _ended = tokio::time::timeout(self.connection.request_timeout(), ends).await;
        }
    }

    async fn say(&mut self, action: Action) {
        if let Some(stream) = &self.stream {
            // When the stream has ended, the next one is told.
            let _ended = stream.to_hub.send(ReceiveRequest { action: Some(action) }).await;
        }
    }

    async fn told(&mut self) -> Result<Told, Status> {
        loop {
            let stream = match &mut self.stream {
                Some(stream) => stream,
                None => {
                    let stream = self.connect().await?;
                    self.stream.insert(stream)
                }
            };
            let told = stream.from_hub.message().await?;
            let told = told.ok_or_else(|| Status::unavailable("the hub ended the stream"))?;
            match told.message {
                Some(Message::Delivery(delivery)) => return Ok(Told::Event(Box::new(delivery))),
                Some(Message::Holding(Holding { because })) if because.is_empty() => return Ok(Told::GoesOn),
                Some(Message::Holding(Holding { because })) => return Ok(Told::Holds(because)),
                // Of a newer hub.
                None => {}
            }
        }
    }

    async fn connect(&mut self) -> Result<Stream, Status> {
        let ReceiverSettings { subscription_id, window, from, policy: _ } = self.settings.clone();
        let from = match from {
            ReceiveFrom::Acknowledged => None,
            ReceiveFrom::Cursor(cursor) => Some(open::From::Cursor(cursor)),
            ReceiveFrom::RecordedAt(at) => Some(open::From::RecordedAt(at)),
        };
        let (to_hub, messages) = mpsc::channel(MESSAGES_MAX);
        let again = self.acknowledged.clone().map(|up_to| Action::Acknowledge(Acknowledge { up_to }));
        for action in [Some(Action::Open(Open { subscription_id, window, from })), again].into_iter().flatten() {
            let message = ReceiveRequest { action: Some(action) };
            to_hub.try_send(message).expect("there is room for the first messages");
        }
        let from_hub = self.connection.subscription().receive(ReceiverStream::new(messages)).await?.into_inner();
        // It is set there now.
        self.settings.from = ReceiveFrom::Acknowledged;
        Ok(Stream { to_hub, from_hub })
    }
}
