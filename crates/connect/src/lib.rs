//! Talking to the providers' own systems: one question out, one answer or one [`ProviderFailure`] back.
//!
//! A connector knows a provider's address, credentials, limits and answers' shape. Whether the question may be asked,
//! and what is done with the answer, is the business of other rooms. No connector logs what was asked or answered.

mod amount;
mod api_entreprise;
mod failure;

pub use amount::InvalidAmount;
pub use api_entreprise::{
    ApiEntreprise, ApiEntrepriseConfig, Call, CompanyTurnover, InvalidConnectorConfig, TrustedRoots,
};
pub use failure::{InvalidAnswer, Outage, ProviderFailure};
