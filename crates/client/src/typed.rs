//! The typed calls: the record as a message, and the bytes that it was received as.

use http::uri::PathAndQuery;
use prost::Message;
use tonic::{Request, Status};
use tonic_prost::ProstCodec;
use unefois_proto::pb::{
    exchange::v1::{ExchangeContext, PullResponse},
    income::v1::{CompanyTurnover, DeclaredTurnover, GetCompanyTurnoverRequest, GetDeclaredTurnoverRequest},
    status::v1::{GetSelfEmployedAffiliationRequest, SelfEmployedAffiliation},
};
use uuid::Uuid;

use crate::{
    connect::Connection,
    pull::{PullError, Pulled, RetryPolicy},
    refusal::Refused,
};

/// An answer with its record as a message.
#[derive(Debug, Clone)]
pub struct Typed<T> {
    /// The record, minimised: a field that was withheld is absent.
    pub data: T,
    /// The answer as it was received, which is what the receipt is about.
    pub pulled: Pulled,
}

/// The turnover that an auto-entrepreneur declared (`IncomeService.GetDeclaredTurnover`).
///
/// # Errors
/// See [`PullError`].
pub async fn declared_turnover(
    connection: &Connection,
    mut request: GetDeclaredTurnoverRequest,
    policy: &RetryPolicy,
) -> Result<Typed<DeclaredTurnover>, PullError> {
    identify(&mut request.context);
    call(connection, "/unefois.income.v1.IncomeService/GetDeclaredTurnover", request, policy).await
}

/// The turnover of a company (`IncomeService.GetCompanyTurnover`).
///
/// # Errors
/// See [`PullError`].
pub async fn company_turnover(
    connection: &Connection,
    mut request: GetCompanyTurnoverRequest,
    policy: &RetryPolicy,
) -> Result<Typed<CompanyTurnover>, PullError> {
    identify(&mut request.context);
    call(connection, "/unefois.income.v1.IncomeService/GetCompanyTurnover", request, policy).await
}

/// The affiliation of a self-employed person (`StatusService.GetSelfEmployedAffiliation`).
///
/// # Errors
/// See [`PullError`].
pub async fn self_employed_affiliation(
    connection: &Connection,
    mut request: GetSelfEmployedAffiliationRequest,
    policy: &RetryPolicy,
) -> Result<Typed<SelfEmployedAffiliation>, PullError> {
    identify(&mut request.context);
    call(connection, "/unefois.status.v1.StatusService/GetSelfEmployedAffiliation", request, policy).await
}

fn identify(context: &mut Option<ExchangeContext>) {
    if let Some(context) = context {
        context.request_id.get_or_insert_with(|| Uuid::now_v7().to_string());
    }
}

/// Calls a typed method and decodes its answer as the twin, which has the record as bytes.
async fn call<Q, T>(
    connection: &Connection,
    method: &'static str,
    request: Q,
    policy: &RetryPolicy,
) -> Result<Typed<T>, PullError>
where
    Q: Message + Clone + 'static,
    T: Message + Default,
{
    let mut attempt = 1;
    loop {
        match call_once(connection, method, request.clone()).await {
            Ok(response) => {
                let pulled = Pulled::of(response)?;
                let data = T::decode(pulled.response.data.as_deref().unwrap_or_default());
                return Ok(Typed { data: data.map_err(PullError::Record)?, pulled });
            }
            Err(status) => {
                let refused = Refused::from_status(&status);
                let Some(wait) = policy.wait(attempt, &refused) else { return Err(refused.into()) };
                tokio::time::sleep(wait).await;
                attempt += 1;
            }
        }
    }
}

async fn call_once<Q>(connection: &Connection, method: &'static str, request: Q) -> Result<PullResponse, Status>
where
    Q: Message + 'static,
{
    let mut grpc =
        tonic::client::Grpc::new(connection.channel()).max_decoding_message_size(connection.message_size_bytes_max());
    grpc.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec: ProstCodec<Q, PullResponse> = ProstCodec::default();
    let response = grpc.unary(Request::new(request), PathAndQuery::from_static(method), codec).await?;
    Ok(response.into_inner())
}
