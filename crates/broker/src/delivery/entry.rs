//! The entries of deliveries: one of each telling, and of each refusal.

use jiff::Timestamp;
use unefois_core::{FieldName, Grant, Refusal, Tell};
use unefois_ledger::{Delivery, EntryKind, Outcome, PersonalPart, PublicPart, Source, commit};
use uuid::Uuid;

use super::{
    prepare::{Matter, Prepared},
    turn::TurnAct,
};
use crate::{entry::Draft, failure::Failure, wire};

/// An event that is told once this is committed.
#[derive(Debug, Clone)]
pub(super) struct Minimised {
    /// The granted fields of the record.
    pub(super) data: Vec<u8>,
    /// The entry that says so.
    pub(super) entry: Uuid,
}

impl TurnAct {
    /// The entry of an event that is told, and what is told of it.
    pub(super) fn told(&self, tell: &Tell, matter: &Matter, grant: &Grant) -> Result<(Draft, Minimised), Failure> {
        let dataset = self.hub.catalog.version(self.dataset.as_str(), self.told_in);
        let dataset = dataset.ok_or_else(|| Failure::new(unefois_core::Reason::DatasetUnknown))?;
        let fields = dataset.field_set(grant.fields.iter().map(FieldName::as_str)).map_err(Failure::internal)?;
        let data = dataset.minimise(&matter.canonical, fields).map_err(Failure::internal)?;
        let names = |fields: &[FieldName]| fields.iter().map(ToString::to_string).collect();
        let public = PublicPart {
            outcome: Outcome::Released.into(),
            released_fields: names(&grant.fields),
            withheld_fields: names(&grant.withheld),
            source: Source::Held.into(),
            provider: grant.provider.to_string(),
            legal_basis: grant.legal_basis.code().to_owned(),
            policy_digest: grant.policy_digest.to_vec(),
            purpose: wire::purpose(grant.purpose).into(),
            ..self.public(tell)
        };
        let blind = unefois_vault::fill::<32>();
        let personal = PersonalPart {
            payload_commitment: commit(&blind, &data).to_vec(),
            payload_blind: blind.to_vec(),
            ..self.personal(matter)
        };
        let draft = self.draft(tell, public, matter, &personal);
        let entry = draft.id;
        Ok((draft, Minimised { data, entry }))
    }

    /// The entry of an event that may not be told. Of an erased subject it names nothing.
    pub(super) fn refused(&self, prepared: &Prepared, refusal: &Refusal) -> Draft {
        let tell = &prepared.tell;
        let public = PublicPart {
            outcome: Outcome::Refused.into(),
            reason: refusal.reason.code().to_owned(),
            provider: refusal.provider.as_ref().map(ToString::to_string).unwrap_or_default(),
            legal_basis: refusal.legal_basis.as_ref().map(|basis| basis.code().to_owned()).unwrap_or_default(),
            policy_digest: refusal.policy_digest.map(|digest| digest.to_vec()).unwrap_or_default(),
            ..self.public(tell)
        };
        match prepared.matter() {
            Some(matter) => self.draft(tell, public, matter, &self.personal(matter)),
            None => Draft::new(public, self.entry_id(tell)),
        }
    }

    fn public(&self, tell: &Tell) -> PublicPart {
        PublicPart {
            kind: EntryKind::Delivery.into(),
            caller_agency: self.caller.agency.to_string(),
            caller_system: self.caller.system.clone(),
            consumer: self.caller.agency.to_string(),
            dataset: self.dataset.to_string(),
            dataset_major: self.told_in,
            operation: unefois_ledger::Operation::Push.into(),
            agreement: self.subscription.asked.agreement.to_string(),
            repeats: if is_first(tell) { Vec::new() } else { self.first_entry(tell).as_bytes().to_vec() },
            delivery: Some(Delivery {
                subscription_id: self.subscription.id.0.as_bytes().to_vec(),
                attempt: tell.attempt,
            }),
            ..PublicPart::default()
        }
    }

    fn personal(&self, matter: &Matter) -> PersonalPart {
        let event = &matter.row.event;
        let pseudonyms = &self.hub.pseudonyms;
        PersonalPart {
            subject_pseudonym: pseudonyms.subject_for_consumer(event.root, self.caller.agency.as_str()).to_vec(),
            record_id: event.record.to_vec(),
            revision: event.revision,
            natural_key: matter.natural_key.clone(),
            traceparent: event.traceparent.clone().unwrap_or_default(),
            event_id: event.id.0.as_bytes().to_vec(),
            ..PersonalPart::default()
        }
    }

    fn draft(&self, tell: &Tell, public: PublicPart, matter: &Matter, personal: &PersonalPart) -> Draft {
        let root = Some(matter.row.event.root);
        Draft::new(public, self.entry_id(tell)).sealed(personal, &matter.trace_key, root, &self.hub.origin)
    }

    fn entry_id(&self, tell: &Tell) -> Uuid {
        if is_first(tell) { self.first_entry(tell) } else { Uuid::now_v7() }
    }

    /// The identifier of the entry of the first telling since the subscription was set back, and since the event is of
    /// interest; of a replay, since its receiver came. It is derived, so that a later telling can name it though no row is
    /// kept of the first.
    fn first_entry(&self, tell: &Tell) -> Uuid {
        let since = match self.replays.get(&tell.event) {
            // Nothing is kept of a replay: each receiver is told it for the first time.
            Some(asked_at) => format!("replay {asked_at} {}", self.opened_at.0),
            None => self.set_back_at.0.to_string() + &tell.since.map_or_else(String::new, interest),
        };
        let text = format!("{}/{}/{since}", self.subscription.id.0, tell.event.0);
        let digest = self.hub.pseudonyms.reference(self.caller.agency.as_str(), "delivery", &text);
        let first: [u8; 16] = *digest.first_chunk().expect("a digest has 32 bytes");
        uuid::Builder::from_custom_bytes(first).into_uuid()
    }
}

fn interest(since: Timestamp) -> String {
    format!(" {}", since.as_microsecond())
}

fn is_first(tell: &Tell) -> bool {
    tell.tally == unefois_core::Tally::First
}
