//! A provider with a REST interface, asked one question at a time.

mod call;
mod encode;
mod limits;
mod linked;
mod settings;
mod target;
mod tls;
mod transport;

use std::fmt;

use serde_json::Value;

pub use self::call::Call;
use self::settings::Base;
pub use self::settings::{InvalidRestSettings, RestSettings, Secret, TrustedRoots};
use self::target::Target;
use self::transport::Transport;
use crate::failure::ProviderFailure;
use crate::interface::{Interface, Question};

/// The connector to one interface of one provider, shared by all who ask it: its limits count for the whole hub node.
///
/// It needs a Tokio runtime with time and network. It never asks twice for one question: repeating is the caller's
/// decision, whose deadline it is.
pub struct RestProvider {
    base: Base,
    interface: Interface,
    target: Target,
    transport: Transport,
}

impl RestProvider {
    /// Prepares the connector; no connection is made yet.
    ///
    /// # Errors
    /// [`InvalidRestSettings`] names the setting that cannot be used.
    pub fn new(settings: RestSettings, interface: Interface) -> Result<Self, InvalidRestSettings> {
        let base = Base::parse(&settings.base_url)?;
        let target = Target::new(&interface, &settings)?;
        let transport = Transport::new(settings, &base)?;
        Ok(Self { base, interface, target, transport })
    }

    /// The record that the provider holds, as protobuf JSON of the interface's dataset; its values are not yet checked
    /// by the rules of the dataset.
    ///
    /// The connector's time-out and the deadline of `call`, whichever is shorter, bound everything: connecting, and
    /// fetching a linked file.
    ///
    /// # Errors
    /// [`ProviderFailure::NotAskable`] when the question lacks what the provider is asked by, and
    /// [`ProviderFailure::Unfit`] when it has it in a form that cannot be asked by, or of another subject;
    /// [`ProviderFailure::NotFound`] when the provider, or its answer, knows nothing of what was asked;
    /// [`ProviderFailure::Unavailable`] for 401, 403, 429, 5xx, failed connections, time-outs and limits reached;
    /// [`ProviderFailure::Invalid`] for anything else that is not the expected answer.
    pub async fn ask(&self, question: &Question<'_>, call: Call) -> Result<Value, ProviderFailure> {
        self.interface.check(question)?;
        let uri = self.target.of(&self.base, question)?;
        self.transport.within_limits(&call, self.answer(uri, question, &call)).await
    }

    async fn answer(&self, uri: http::Uri, question: &Question<'_>, call: &Call) -> Result<Value, ProviderFailure> {
        let body = self.transport.fetch(uri, self.target.headers(), self.interface.unknown(), call).await?;
        let (mut record, links) = self.interface.read(&body, question)?;
        drop(body);
        for link in links {
            let content = self.transport.fetch_linked(&link).await?;
            link.put(&mut record, &content);
        }
        Ok(record)
    }
}

impl fmt::Debug for RestProvider {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RestProvider").field("base", &self.base).finish_non_exhaustive()
    }
}
