//! Whom the items of a batch are about: those who are known, those whom the batch makes known, and what joins them.

use std::collections::HashMap;

use jiff::Timestamp;
use unefois_core::Reason;
use unefois_store::{SubjectRow, SubjectWithIdentifiers, Transaction};
use unefois_vault::KeyUse;
use uuid::Uuid;

use super::{Newcomers, Prepared};
use crate::{failure::Failure, hub::Hub, keys::Owner, subject::one_subject};

/// The subjects by the pseudonyms of their identifiers, as the items before left them.
pub(super) struct People {
    known: HashMap<[u8; 32], SubjectRow>,
    added: Vec<SubjectWithIdentifiers>,
    joined: Vec<([u8; 32], [u8; 16])>,
}

impl People {
    /// Reads who the items are about. The caller has locked their identifiers.
    pub(super) async fn read(tx: &mut Transaction<'_>, items: &[Prepared]) -> Result<Self, Failure> {
        let pseudonyms: Vec<[u8; 32]> = items.iter().flat_map(|item| item.pseudonyms.iter().copied()).collect();
        let known = tx.subjects_list_in_tx(&pseudonyms).await?.into_iter().collect();
        Ok(Self { known, added: Vec::new(), joined: Vec::new() })
    }

    /// The subject of the item, after merging: the one that its identifiers are known by, or a new one. Identifiers
    /// that come with a known one join its subject.
    pub(super) async fn subject_of(
        &mut self,
        item: &Prepared,
        newcomers: &Newcomers,
        hub: &Hub,
        now: Timestamp,
    ) -> Result<SubjectRow, Failure> {
        let found = item.pseudonyms.iter().filter_map(|pseudonym| self.known.get(pseudonym).copied());
        let subject = match one_subject(found)? {
            Some(subject) => {
                let joins = item.pseudonyms.iter().filter(|pseudonym| !self.known.contains_key(*pseudonym));
                self.joined.extend(joins.map(|pseudonym| (*pseudonym, subject.root)));
                subject
            }
            None => {
                let newcomer = item.pseudonyms.iter().find_map(|pseudonym| newcomers.get(pseudonym).copied());
                let id = newcomer.unwrap_or_else(|| *Uuid::new_v4().as_bytes());
                let trace = hub.keys.ensure(&[Owner::Subject(id)], KeyUse::Trace, now).await?;
                let trace_key = trace.first().map(|key| key.id().0).ok_or_else(|| Failure::new(Reason::Internal))?;
                self.added.push(SubjectWithIdentifiers { id, trace_key, pseudonyms: item.pseudonyms.clone() });
                SubjectRow { id, root: id, trace_key }
            }
        };
        for pseudonym in &item.pseudonyms {
            self.known.entry(*pseudonym).or_insert(subject);
        }
        Ok(subject)
    }

    /// Writes whom the items made known, and what joined them.
    pub(super) async fn write(&self, tx: &mut Transaction<'_>, now: Timestamp) -> Result<(), Failure> {
        tx.subjects_insert_in_tx(&self.added, now.as_microsecond()).await?;
        Ok(tx.identifiers_insert_in_tx(&self.joined).await?)
    }
}
