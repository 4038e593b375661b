//! *API Entreprise* v3: the French State's interface to what its administrations know of companies.

mod call;
mod config;
mod limits;
mod transport;
mod turnover;

use std::fmt;

pub use self::call::Call;
use self::config::Endpoint;
pub use self::config::{ApiEntrepriseConfig, InvalidConnectorConfig, TrustedRoots};
use self::transport::Transport;
pub use self::turnover::CompanyTurnover;
use crate::failure::ProviderFailure;

/// The connector to one *API Entreprise*, shared by all who ask it: its limits count for the whole hub node.
///
/// It needs a Tokio runtime with time and network. It never asks twice for one question: repeating is the caller's
/// decision, whose deadline it is.
pub struct ApiEntreprise {
    endpoint: Endpoint,
    transport: Transport,
}

impl ApiEntreprise {
    /// Prepares the connector; no connection is made yet.
    ///
    /// # Errors
    /// [`InvalidConnectorConfig`] names the setting that cannot be used.
    pub fn new(config: ApiEntrepriseConfig) -> Result<Self, InvalidConnectorConfig> {
        let endpoint = Endpoint::parse(&config)?;
        let transport = Transport::new(config, &endpoint)?;
        Ok(Self { endpoint, transport })
    }

    /// The turnover (chiffre d'affaires) that DGFIP holds for the fiscal year which ended in `year`.
    ///
    /// When two fiscal years ended in it (a company moved its closing date), the later one is given; the answer says
    /// when it ended. `siret` is 14 digits; other text is no company's number, and is `NotFound` without a call.
    /// The connector's time-out and the deadline of `call`, whichever is shorter, bound everything, connecting included.
    ///
    /// # Errors
    /// [`ProviderFailure::NotFound`] when the company, or that year of it, is unknown;
    /// [`ProviderFailure::Unavailable`] for 401, 403, 429, 5xx, failed connections, time-outs and limits reached;
    /// [`ProviderFailure::Invalid`] for anything else that is not the expected answer.
    pub async fn company_turnover(
        &self,
        siret: &str,
        year: i16,
        call: Call,
    ) -> Result<CompanyTurnover, ProviderFailure> {
        if siret.len() != 14 || !siret.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ProviderFailure::NotFound);
        }
        let body = self.transport.fetch(self.endpoint.turnover(siret, year), call).await?;
        turnover::read(&body, siret, year)
    }
}

impl fmt::Debug for ApiEntreprise {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ApiEntreprise").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}
