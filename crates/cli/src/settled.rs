//! What a hub is made of as the configuration says, read before anything is opened: a mistake in it has done nothing.

use std::collections::HashMap;

use anyhow::{Context, ensure};
use unefois_catalog::Catalog;
use unefois_connect::RestProvider;
use unefois_core::{AgencyCode, DatasetId, IdentifierKind, Sandbox};
use unefois_identity::TrustDomain;
use unefois_store::StorageKind;

use crate::{
    config::{Config, Unusable},
    contract,
    provider::providers,
};

/// The parts of a hub that are neither opened nor connected to.
pub(crate) struct Settled {
    pub(crate) trust_domain: TrustDomain,
    pub(crate) operator: AgencyCode,
    pub(crate) sandbox: Sandbox,
    pub(crate) catalog: Catalog,
    pub(crate) connectors: HashMap<(AgencyCode, DatasetId), RestProvider>,
}

impl Settled {
    pub(crate) fn of(config: &Config) -> anyhow::Result<Self> {
        let named = |key: &str| Unusable(key.to_owned());
        let limits = &config.limits.store;
        ensure!(
            config.storage.kind == StorageKind::Sqlite || limits.transaction_idle_max < limits.lease,
            named("limits.store: `transaction-idle-max` must be shorter than `lease`")
        );
        let catalog = contract::load(&config.catalog)?;
        Ok(Self {
            trust_domain: TrustDomain::parse(&config.hub.trust_domain).context(named("hub.trust-domain"))?,
            operator: AgencyCode::parse(&config.hub.operator).context(named("hub.operator"))?,
            sandbox: sandbox(&config.identifiers.sandbox).context(named("identifiers.sandbox"))?,
            connectors: providers(&config.provider, &catalog)?,
            catalog,
        })
    }
}

fn sandbox(listed: &[String]) -> anyhow::Result<Sandbox> {
    let parsed = listed.iter().map(|item| {
        let (kind, text) = item.split_once(':').context("an item is `kind:identifier`")?;
        // Not quoted: who took one for the other wrote an identifier there.
        let kind = IdentifierKind::from_code(kind).context("an item begins with none of the kinds of identifiers")?;
        Ok((kind, text.to_owned()))
    });
    Ok(Sandbox::of(parsed.collect::<anyhow::Result<Vec<_>>>()?))
}
