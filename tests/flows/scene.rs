//! What every walk needs: a hub, a provider that it asks live, and what was agreed.

use unefois_catalog::Catalog;
use unefois_core::{AgencyCode, Agreement, RegistryFile, Role, SubjectKind};
use unefois_ledger::VerifyingKey;
use unefois_proto::{pb::consent::v1::GrantRequest, purpose_to_wire};
use unefois_testkit::{ApiGouv, House, HouseSettings};

use crate::{UNEFOIS, catalog, example::subject, registry};

/// What every walk needs.
pub(crate) struct Scene {
    pub(crate) provider: ApiGouv,
    pub(crate) house: House,
    pub(crate) catalog: Catalog,
    pub(crate) registry: RegistryFile,
    pub(crate) public_key: VerifyingKey,
}

impl Scene {
    /// One provider is asked live.
    pub(crate) async fn open() -> Self {
        let provider = ApiGouv::serve(None).await;
        let settings = HouseSettings { provider: Some(provider.base_url()), ..HouseSettings::default() };
        Self::with(provider, &settings).await
    }

    /// That provider is asked live, as the settings say.
    pub(crate) async fn with(provider: ApiGouv, settings: &HouseSettings) -> Self {
        let house = House::open_with(UNEFOIS, settings).await;
        let public_key = house.public_key().await;
        Self { provider, house, catalog: catalog(), registry: registry(), public_key }
    }

    /// Another consumer than that one.
    pub(crate) fn stranger_to(&self, consumer: &AgencyCode) -> &AgencyCode {
        let others = self.registry.agencies.iter().filter(|agency| agency.roles.contains(&Role::Consumer));
        others.map(|agency| &agency.code).find(|code| *code != consumer).unwrap()
    }

    /// Whom the examples are about consents, on the portal, to what the agreement is for.
    pub(crate) async fn consents(&self, agreement: &Agreement, kind: SubjectKind) {
        let request = GrantRequest {
            subject: Some(subject(kind)),
            consumer: agreement.consumer.to_string(),
            dataset: agreement.dataset.to_string(),
            purpose: purpose_to_wire(agreement.purpose).into(),
            expires_at: None,
            evidence_digest: vec![9; 32],
        };
        self.house.agency("portail").await.consent().grant(request).await.unwrap();
    }
}
