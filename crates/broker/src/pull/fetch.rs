//! Fetch: from the hub's own records, or live from the provider.

use std::time::Duration;

use unefois_catalog::Dataset;
use unefois_connect::{Call, ProviderFailure, Question, RestProvider};
use unefois_core::{AgencyCode, Grant, Reason};
use unefois_ledger::Source;
use unefois_store::{HeldRevision, RecordAsked};
use unefois_telemetry::TraceContext;
use unefois_vault::RecordAad;

use super::identify::Exchange;
use crate::{failure::Failure, hub::Hub, question::Freshness};

/// A whole record, before it is minimised.
#[derive(Debug, Clone)]
pub(super) struct Fetched {
    pub(super) canonical: Vec<u8>,
    /// The record and revision, when the hub holds it.
    pub(super) held: Option<([u8; 16], u64)>,
    /// The key that it was sealed under, when the hub holds it.
    pub(super) payload_key: Option<[u8; 16]>,
    pub(super) freshness: Freshness,
}

/// A live answer that was understood and is not the record that was asked for.
#[derive(Debug, thiserror::Error)]
enum UnfitAnswer {
    #[error("a value of the answer does not fit its field")]
    Message,
    #[error("the answer is about another key than the one asked for")]
    OtherKey,
}

/// How long to wait for a provider that does not say so itself.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How long a sealed blind is, in front of the canonical bytes.
const BLIND_BYTES: usize = 32;

impl Exchange {
    /// The record that the question asks for. A live provider has its share of the patience, and is told the trace.
    pub(super) async fn fetch(
        &self,
        grant: &Grant,
        patience: Duration,
        onward: Option<TraceContext>,
    ) -> Result<Fetched, Failure> {
        match self.hub.connectors.get(&(grant.provider.clone(), self.dataset.clone())) {
            Some(connector) => self.fetch_live(connector, &grant.provider, patience, onward).await,
            None => self.fetch_held(grant).await,
        }
    }

    async fn fetch_held(&self, grant: &Grant) -> Result<Fetched, Failure> {
        let mut found = Vec::new();
        for version in self.readable() {
            found.extend(self.find_held(grant, version).await?.into_iter().map(|revision| (version, revision)));
        }
        let (version, revision) = newest(found)?;
        let canonical = self.hub.open_revision(&version.stored_name(), &revision).await?.canonical;
        let canonical = self.told_here(canonical, version)?;
        let HeldRevision { record, number, provider_recorded_at, learned_at, change, payload_key, .. } = revision;
        let freshness = Freshness {
            source: Source::Held,
            provider_recorded_at: Some(provider_recorded_at),
            learned_at,
            revision: number,
            change,
        };
        Ok(Fetched { canonical, held: Some((record, number)), payload_key: Some(payload_key), freshness })
    }

    /// The newest revisions of what may be the record, as they were published in one major version. The key is the
    /// same in all of them.
    async fn find_held(&self, grant: &Grant, version: &Dataset) -> Result<Vec<HeldRevision>, Failure> {
        let dataset = self.dataset.as_str();
        let asked = RecordAsked {
            root: self.subject.root,
            dataset: version.stored_name(),
            provider: grant.provider.as_str().to_owned(),
            selector: self.hub.pseudonyms.natural_key(dataset, "selector", &self.key.selector),
        };
        let mut found = self.hub.loader.fetch(asked).await?;
        if let Some(part) = &self.key.discriminator {
            let discriminator = self.hub.pseudonyms.natural_key(dataset, "discriminator", part);
            found.retain(|revision| revision.discriminator == discriminator);
        }
        Ok(found)
    }

    async fn fetch_live(
        &self,
        connector: &RestProvider,
        provider: &AgencyCode,
        patience: Duration,
        onward: Option<TraceContext>,
    ) -> Result<Fetched, Failure> {
        // Providers are understood in the first major version.
        let dataset = self.hub.catalog.dataset(self.dataset.as_str()).ok_or_else(|| Failure::new(Reason::Internal))?;
        let key = dataset.to_json(&self.key.natural).map_err(Failure::internal)?;
        let question = Question { provider, subject: &self.question.subject, key: &key };
        let traceparent = onward.map(|context| context.to_string());
        let call = Call { deadline: Some(patience), traceparent };
        let record = connector.ask(&question, call).await.map_err(provider_failure)?;
        let invalid = |what: UnfitAnswer| Failure::new(Reason::ProviderAnswerInvalid).because(what);
        // What the reader of JSON says may quote a value: it is not kept.
        let data = dataset.from_json(&record).map_err(|_may_quote| invalid(UnfitAnswer::Message))?;
        let stated = self
            .hub
            .take_in(dataset, &data)
            .map_err(|invalid| Failure::new(Reason::ProviderAnswerInvalid).because(invalid))?;
        let answered = dataset.key_of_record(&stated).map_err(Failure::internal)?;
        let is_other_part = self.key.discriminator.is_some() && answered.discriminator != self.key.discriminator;
        if answered.selector != self.key.selector || is_other_part {
            return Err(invalid(UnfitAnswer::OtherKey));
        }
        let canonical = self.told_here(stated, dataset)?;
        let freshness = Freshness {
            source: Source::Live,
            provider_recorded_at: None,
            learned_at: self.hub.clock.now().as_microsecond(),
            revision: 0,
            change: None,
        };
        Ok(Fetched { canonical, held: None, payload_key: None, freshness })
    }
}

/// A revision, opened.
pub(crate) struct OpenRevision {
    pub(crate) blind: [u8; 32],
    pub(crate) canonical: Vec<u8>,
}

impl Hub {
    /// Opens a stored revision of the dataset of that name: see [`Dataset::stored_name`].
    pub(crate) async fn open_revision(&self, stored_name: &str, held: &HeldRevision) -> Result<OpenRevision, Failure> {
        let key = self.keys.open(held.payload_key).await?;
        let aad = RecordAad { dataset: stored_name, record: held.record, revision: held.number };
        let opened = key.open(&aad.encode(), &held.sealed).map_err(Failure::internal)?;
        let Some((blind, canonical)) = opened.split_first_chunk::<BLIND_BYTES>() else {
            return Err(Failure::new(Reason::Internal));
        };
        Ok(OpenRevision { blind: *blind, canonical: canonical.to_vec() })
    }
}

/// The one record that was found; of several under one key, a merged subject's or of several major versions, the newest.
fn newest(found: Vec<(&Dataset, HeldRevision)>) -> Result<(&Dataset, HeldRevision), Failure> {
    let first = found.first().map(|(_, revision)| revision.discriminator);
    if found.iter().any(|(_, revision)| Some(revision.discriminator) != first) {
        return Err(Failure::new(Reason::RecordAmbiguous));
    }
    let when = |(version, revision): &(&Dataset, HeldRevision)| (revision.learned_at, version.major(), revision.number);
    let newest = found.into_iter().max_by_key(when);
    newest.ok_or_else(|| Failure::new(Reason::NotFound))
}

fn provider_failure(failure: ProviderFailure) -> Failure {
    let told = match &failure {
        ProviderFailure::NotFound => return Failure::new(Reason::NotFound),
        ProviderFailure::NotAskable { lacks } => {
            return Failure::field(Reason::KeyInvalid, lacks.clone(), "the provider is asked by it");
        }
        ProviderFailure::Unfit { value, rule } => Failure::field(Reason::KeyInvalid, value.clone(), *rule),
        ProviderFailure::Unavailable { retry_after, .. } => {
            Failure::new(Reason::ProviderUnavailable).retry_after(retry_after.unwrap_or(RETRY_AFTER))
        }
        ProviderFailure::Invalid { .. } => Failure::new(Reason::ProviderAnswerInvalid),
    };
    told.because(failure)
}
