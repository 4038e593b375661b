//! Talking to the providers' own systems: one question out, one answer or one [`ProviderFailure`] back.
//!
//! A connector is told a provider's address, credentials and limits, and by an [`Interface`] what is asked and how the
//! answer is read: another provider is another file, no code. Whether the question may be asked, and what is done with
//! the answer, is the business of other rooms. No connector logs what was asked or answered.

mod amount;
mod failure;
mod interface;
mod rest;

pub use amount::InvalidAmount;
pub use failure::{InvalidAnswer, Outage, ProviderFailure};
pub use interface::{Interface, InvalidInterface, Question};
pub use rest::{Call, InvalidRestSettings, RestProvider, RestSettings, Secret, TrustedRoots};
