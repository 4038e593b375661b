//! The typed calls: the record as a message, and the bytes that it was received as.

use std::fmt;

use prost::Message;
use unefois_proto::pb::{
    income::v1::{CompanyTurnover, DeclaredTurnover, GetCompanyTurnoverRequest, GetDeclaredTurnoverRequest},
    status::v1::{GetSelfEmployedAffiliationRequest, SelfEmployedAffiliation},
};

use crate::{
    connect::Connection,
    pull::{PullError, Pulled, call, identify},
    retry::RetryPolicy,
};

/// An answer with its record as a message. Its `Debug` shows no data.
#[derive(Clone, PartialEq)]
pub struct Typed<T> {
    /// The record, minimised: a field that was withheld is absent.
    pub data: T,
    /// The answer as it was received; [`Pulled::verify`] checks it.
    pub pulled: Pulled,
}

/// The turnover that an auto-entrepreneur declared for one month or quarter (`IncomeService.GetDeclaredTurnover`);
/// otherwise like [`pull`](crate::pull()).
///
/// # Errors
///
/// [`PullError`].
pub async fn declared_turnover(
    connection: &Connection,
    mut request: GetDeclaredTurnoverRequest,
    policy: &RetryPolicy,
) -> Result<Typed<DeclaredTurnover>, PullError> {
    identify(request.context.as_mut());
    let method = "/unefois.income.v1.IncomeService/GetDeclaredTurnover";
    Typed::of(call(connection, method, &request, policy).await?)
}

/// The turnover of a company for one fiscal year (`IncomeService.GetCompanyTurnover`); otherwise like
/// [`pull`](crate::pull()).
///
/// # Errors
///
/// [`PullError`].
pub async fn company_turnover(
    connection: &Connection,
    mut request: GetCompanyTurnoverRequest,
    policy: &RetryPolicy,
) -> Result<Typed<CompanyTurnover>, PullError> {
    identify(request.context.as_mut());
    let method = "/unefois.income.v1.IncomeService/GetCompanyTurnover";
    Typed::of(call(connection, method, &request, policy).await?)
}

/// Whether a self-employed person is affiliated, and since when (`StatusService.GetSelfEmployedAffiliation`); otherwise
/// like [`pull`](crate::pull()).
///
/// # Errors
///
/// [`PullError`].
pub async fn self_employed_affiliation(
    connection: &Connection,
    mut request: GetSelfEmployedAffiliationRequest,
    policy: &RetryPolicy,
) -> Result<Typed<SelfEmployedAffiliation>, PullError> {
    identify(request.context.as_mut());
    let method = "/unefois.status.v1.StatusService/GetSelfEmployedAffiliation";
    Typed::of(call(connection, method, &request, policy).await?)
}

impl<T: Message + Default> Typed<T> {
    fn of(pulled: Pulled) -> Result<Self, PullError> {
        let data = T::decode(pulled.response.data()).map_err(PullError::Record)?;
        Ok(Self { data, pulled })
    }
}

impl<T> fmt::Debug for Typed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Typed").field("pulled", &self.pulled).finish_non_exhaustive()
    }
}
