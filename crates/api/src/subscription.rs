//! `SubscriptionService`.

mod encode;
mod event;
mod receive;

use tonic::{Request, Response, Status, Streaming};
use unefois_broker::{Failure, FetchedEvents, Hub};
use unefois_core::{EventId, Reason, SubscriptionId};
use unefois_proto::{
    InvalidSubscription, new_subscription_from_wire, pb::subscription::v1 as wire,
    server::subscription::v1::subscription_service_server::SubscriptionService, subscription_to_wire,
};
use uuid::Uuid;

use self::{
    encode::{dead_letter_to_wire, described_to_wire},
    event::delivery_to_wire,
};
use crate::{
    request::{caller, page_size},
    status::status_of,
};

/// How many dead letters a page holds: by default, and at most.
const PAGE: (u32, u32) = (100, 500);

/// How many events are fetched by default.
const FETCHED: u32 = 100;

/// `SubscriptionService`.
#[derive(Debug, Clone)]
pub(crate) struct Subscriptions {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl SubscriptionService for Subscriptions {
    type ReceiveStream = receive::Stream;

    async fn create(&self, request: Request<wire::CreateRequest>) -> Result<Response<wire::CreateResponse>, Status> {
        let caller = caller(request.extensions())?;
        let asked = new_subscription_from_wire(request.into_inner(), self.hub.subscription_terms())
            .map_err(|invalid| status_of(&not_understood(&invalid)))?;
        let (subscription, id) =
            self.hub.subscription_create(&caller, asked).await.map_err(|failure| status_of(&failure))?;
        let subscription = Some(subscription_to_wire(subscription));
        Ok(Response::new(wire::CreateResponse { subscription, exchange_id: id.to_string() }))
    }

    async fn list(&self, request: Request<wire::ListRequest>) -> Result<Response<wire::ListResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ListRequest {} = request.into_inner();
        let listed = self.hub.subscriptions_list(&caller).await.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::ListResponse { subscriptions: listed.into_iter().map(described_to_wire).collect() }))
    }

    async fn get(&self, request: Request<wire::GetRequest>) -> Result<Response<wire::GetResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::GetRequest { subscription_id } = request.into_inner();
        let described = self.hub.subscription_describe(&caller, subscription(&subscription_id)?).await;
        let (described, acknowledged) = described.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::GetResponse { subscription: Some(described_to_wire(described)), acknowledged }))
    }

    async fn pause(&self, request: Request<wire::PauseRequest>) -> Result<Response<wire::PauseResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::PauseRequest { subscription_id } = request.into_inner();
        let paused = self.hub.subscription_pause(&caller, subscription(&subscription_id)?).await;
        let (paused, entry) = paused.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::PauseResponse {
            subscription: Some(subscription_to_wire(paused)),
            exchange_id: entry.map(|id| id.to_string()).unwrap_or_default(),
        }))
    }

    async fn resume(&self, request: Request<wire::ResumeRequest>) -> Result<Response<wire::ResumeResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ResumeRequest { subscription_id } = request.into_inner();
        let resumed = self.hub.subscription_resume(&caller, subscription(&subscription_id)?).await;
        let (resumed, entry) = resumed.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::ResumeResponse {
            subscription: Some(subscription_to_wire(resumed)),
            exchange_id: entry.map(|id| id.to_string()).unwrap_or_default(),
        }))
    }

    async fn delete(&self, request: Request<wire::DeleteRequest>) -> Result<Response<wire::DeleteResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::DeleteRequest { subscription_id } = request.into_inner();
        let deleted = self.hub.subscription_delete(&caller, subscription(&subscription_id)?).await;
        let id = deleted.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::DeleteResponse { exchange_id: id.to_string() }))
    }

    async fn receive(
        &self,
        request: Request<Streaming<wire::ReceiveRequest>>,
    ) -> Result<Response<Self::ReceiveStream>, Status> {
        let caller = caller(request.extensions())?;
        receive::receive(&self.hub, &caller, request.into_inner()).await.map(Response::new)
    }

    async fn fetch_events(
        &self,
        request: Request<wire::FetchEventsRequest>,
    ) -> Result<Response<wire::FetchEventsResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::FetchEventsRequest { subscription_id, events_max, from } = request.into_inner();
        let events_max = if events_max == 0 { FETCHED } else { events_max };
        let id = subscription(&subscription_id)?;
        let from = from.map(|from| match from {
            wire::fetch_events_request::From::Cursor(cursor) => wire::open::From::Cursor(cursor),
            wire::fetch_events_request::From::RecordedAt(at) => wire::open::From::RecordedAt(at),
        });
        receive::begin(&self.hub, &caller, id, from).await.map_err(|failure| status_of(&failure))?;
        let fetched = self.hub.events_fetch(&caller, id, events_max).await;
        let FetchedEvents { deliveries, held_because } = fetched.map_err(|failure| status_of(&failure))?;
        let deliveries: Result<_, Failure> =
            deliveries.into_iter().map(|delivery| delivery_to_wire(&self.hub, delivery)).collect();
        let deliveries = deliveries.map_err(|failure| status_of(&failure))?;
        let held_because = held_because.map(|reason| reason.code().to_owned()).unwrap_or_default();
        Ok(Response::new(wire::FetchEventsResponse { deliveries, held_because }))
    }

    async fn acknowledge_events(
        &self,
        request: Request<wire::AcknowledgeEventsRequest>,
    ) -> Result<Response<wire::AcknowledgeEventsResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::AcknowledgeEventsRequest { subscription_id, up_to } = request.into_inner();
        let acknowledged = self.hub.events_acknowledge(&caller, subscription(&subscription_id)?, &up_to).await;
        let acknowledged = acknowledged.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::AcknowledgeEventsResponse { acknowledged }))
    }

    async fn list_dead_letters(
        &self,
        request: Request<wire::ListDeadLettersRequest>,
    ) -> Result<Response<wire::ListDeadLettersResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ListDeadLettersRequest { subscription_id, page_size: asked, page_token } = request.into_inner();
        let (id, count) = (subscription(&subscription_id)?, page_size(asked, PAGE)?);
        let listed = self.hub.dead_letters_list(&caller, id, count, &page_token).await;
        let (letters, next_page_token) = listed.map_err(|failure| status_of(&failure))?;
        let dead_letters = letters.into_iter().map(dead_letter_to_wire).collect();
        Ok(Response::new(wire::ListDeadLettersResponse { dead_letters, next_page_token }))
    }

    async fn replay_dead_letter(
        &self,
        request: Request<wire::ReplayDeadLetterRequest>,
    ) -> Result<Response<wire::ReplayDeadLetterResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ReplayDeadLetterRequest { subscription_id, event_id } = request.into_inner();
        let (id, event) = (subscription(&subscription_id)?, EventId(uuid(&event_id, "event_id")?));
        let entry = self.hub.dead_letter_replay(&caller, id, event).await.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::ReplayDeadLetterResponse { exchange_id: entry.to_string() }))
    }
}

fn subscription(id: &str) -> Result<SubscriptionId, Status> {
    uuid(id, "subscription_id").map(SubscriptionId)
}

fn uuid(text: &str, field: &str) -> Result<Uuid, Status> {
    Uuid::parse_str(text)
        .map_err(|_not_a_uuid| status_of(&Failure::field(Reason::ArgumentInvalid, field, "it is a UUID")))
}

/// A message that asks for no subscription, with the rule that it breaks.
fn not_understood(invalid: &InvalidSubscription) -> Failure {
    let rule = std::error::Error::source(invalid).map_or_else(|| invalid.to_string(), ToString::to_string);
    Failure::field(Reason::ArgumentInvalid, invalid.field(), rule)
}
