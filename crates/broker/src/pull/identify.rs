//! Identify: what is asked, of whom, and whether the hub understands it.

use jiff::Timestamp;
use unefois_catalog::{Dataset, FieldSet, InvalidKey, Key, UnknownField};
use unefois_core::{DatasetId, Reason};
use unefois_store::RequestClaim;
use uuid::Uuid;

use crate::{
    failure::Failure,
    hub::Hub,
    keys::OpenKey,
    metrics::{Step, Stepping},
    question::Question,
    subject::Known,
    wire::stand_in,
};

/// One exchange on its way: everything that does not change while it travels.
pub(crate) struct Exchange {
    pub(super) hub: Hub,
    pub(super) id: Uuid,
    pub(super) question: Question,
    pub(super) dataset: DatasetId,
    /// The major version in which the record is told.
    pub(super) dataset_major: u32,
    pub(super) key: Key,
    pub(super) subject: Known,
    pub(super) trace_key: OpenKey,
    /// As given, or as made by the hub.
    pub(super) request_id: String,
    /// A keyed digest of the request, by which a repeat is known to be one.
    pub(super) content: [u8; 32],
}

impl Exchange {
    /// Understands the question. A subject that is mentioned for the first time gets its keys here.
    pub(super) async fn identify(hub: &Hub, question: Question) -> Result<Self, Failure> {
        let dataset = dataset_of(hub, &question)?;
        dataset
            .field_set(question.fields.iter().map(String::as_str))
            .map_err(|unknown| Failure::field(Reason::FieldUnknown, "field_mask", unknown_path(&question, &unknown)))?;
        let key = key_of(dataset, &question)?;
        let now = hub.clock.now();
        let subject = hub.subject_known(std::slice::from_ref(&question.subject), now).await?;
        let trace_key = hub.keys.open(subject.trace_key).await?;
        let canonical = canonical_request(hub, &question, dataset, &key);
        let content = hub.pseudonyms.request(question.caller.agency.as_str(), &canonical);
        let id = Uuid::now_v7();
        let request_id = question.context.request_id.clone().unwrap_or_else(|| id.to_string());
        let dataset_major = dataset.major();
        let dataset = DatasetId::parse(dataset.id()).map_err(Failure::internal)?;
        Ok(Self {
            hub: hub.clone(),
            id,
            question,
            dataset,
            dataset_major,
            key,
            subject,
            trace_key,
            request_id,
            content,
        })
    }

    /// Begins one of its steps.
    pub(super) fn begin(&self, step: Step) -> Stepping<'_> {
        self.hub.metrics.begin(step, &self.question.trace)
    }

    /// The dataset in the catalogue.
    pub(super) fn catalogued(&self) -> &Dataset {
        let version = self.hub.catalog.version(self.dataset.as_str(), self.dataset_major);
        version.expect("found when the question was identified")
    }

    /// The dataset in every major version, this one first: from each a record can be told in this one.
    pub(super) fn readable(&self) -> impl Iterator<Item = &Dataset> {
        let others = self.hub.catalog.majors(self.dataset.as_str());
        std::iter::once(self.catalogued()).chain(others.filter(|other| other.major() != self.dataset_major))
    }

    /// A record of one of those, in this major version.
    pub(super) fn told_here(&self, canonical: Vec<u8>, from: &Dataset) -> Result<Vec<u8>, Failure> {
        if from.major() == self.dataset_major {
            return Ok(canonical);
        }
        self.hub.catalog.convert(&canonical, from, self.catalogued()).map_err(Failure::internal)
    }

    /// The set of those fields.
    pub(super) fn field_set(&self, fields: &[impl AsRef<str>]) -> Result<FieldSet, Failure> {
        self.catalogued().field_set(fields.iter().map(AsRef::as_ref)).map_err(Failure::internal)
    }

    /// The claim of this request's identifier, when the caller chose one and it was claimed before.
    pub(super) async fn claimed(&self) -> Result<Option<RequestClaim>, Failure> {
        let Some(name) = self.claim_name() else { return Ok(None) };
        let since = self.remembered_since(self.hub.clock.now());
        Ok(self.hub.store.request_claim_fetch(self.question.caller.agency.as_str(), &name, since).await?)
    }

    /// What stands for the request identifier in the store, when the caller chose one: it may name a person.
    pub(super) fn claim_name(&self) -> Option<String> {
        let request_id = self.question.context.request_id.as_ref()?;
        let agency = self.question.caller.agency.as_str();
        Some(stand_in(&self.hub.pseudonyms, agency, "request", request_id))
    }

    fn remembered_since(&self, now: Timestamp) -> i64 {
        let kept = i64::try_from(self.hub.limits.request_id_kept.as_micros()).unwrap_or(i64::MAX);
        now.as_microsecond() - kept
    }
}

/// The dataset in the major version that the call fixes, or that the agreement names.
fn dataset_of<'h>(hub: &'h Hub, question: &Question) -> Result<&'h Dataset, Failure> {
    let in_force = hub.authority.load();
    let agreed = || {
        let agreement = in_force.registry.agreement(&question.context.agreement)?;
        (agreement.dataset.as_str() == question.dataset).then_some(agreement.dataset_major)
    };
    let known = match question.dataset_major.or_else(agreed) {
        Some(major) => hub.catalog.version(&question.dataset, major),
        // No agreement will cover it: what is asked is recorded with the refusal all the same.
        None => hub.catalog.dataset(&question.dataset),
    };
    known.ok_or_else(|| Failure::new(Reason::DatasetUnknown))
}

/// The rule that a path of the mask breaks, by its place: what the caller sent is not sent back. An error travels in
/// headers, and one that is too long for them closes the connection.
fn unknown_path(question: &Question, unknown: &UnknownField) -> String {
    let place = question.fields.iter().position(|path| *path == unknown.field).unwrap_or_default();
    format!("dataset `{}` has no field of the name in `paths[{place}]`", unknown.dataset)
}

fn key_of(dataset: &Dataset, question: &Question) -> Result<Key, Failure> {
    let stands_in = crate::subject::catalogued_identifier(&question.subject);
    let stands_in = stands_in.as_ref().map(|(kind, text)| (*kind, text.as_str()));
    dataset.key_of_question(&question.key, stands_in).map_err(|invalid| {
        let (field, rule) = match &invalid {
            InvalidKey::Payload(payload) => (payload.field.clone(), payload.rule.clone()),
            InvalidKey::NotAKeyField { field, .. } | InvalidKey::Missing { field, .. } => {
                (field.clone(), invalid.to_string())
            }
        };
        Failure::field(Reason::KeyInvalid, field, rule)
    })
}

/// What makes two requests the same: everything but the request identifier, the trace and the deadline. The major
/// version is the one in which the record is told, whoever fixed it: where the agreement moved to another one in between,
/// the first answer is no answer to the same words any more.
fn canonical_request(hub: &Hub, question: &Question, told_in: &Dataset, key: &Key) -> Vec<u8> {
    let Question { caller, context, dataset: _, dataset_major: _, subject, key: _, fields, trace: _, deadline: _ } =
        question;
    let dataset = told_in.stored_name();
    let mut fields = fields.clone();
    fields.sort_unstable();
    let consent = context.consent.map(|consent| consent.0.to_string()).unwrap_or_default();
    let texts = [
        caller.agency.as_str(),
        context.agreement.as_str(),
        context.purpose.code(),
        &context.case_reference,
        &context.agent_reference,
        context.local_body.as_deref().unwrap_or_default(),
        &consent,
        &dataset,
    ];
    let pseudonym = crate::subject::pseudonym(&hub.pseudonyms, subject);
    let parts = texts.iter().map(|text| text.as_bytes()).chain([&pseudonym[..], &key.natural[..]]);
    let parts = parts.chain(fields.iter().map(String::as_bytes));
    let mut canonical = Vec::new();
    for part in parts {
        // Each behind its length: no two requests share their bytes.
        canonical.extend_from_slice(&(part.len() as u64).to_be_bytes());
        canonical.extend_from_slice(part);
    }
    canonical
}

impl std::fmt::Debug for Exchange {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Exchange").field("id", &self.id).finish_non_exhaustive()
    }
}
