//! Dossiers: a consumer says on whom it has a file open, and that it has closed one.

mod close;
mod open;
mod page;

use jiff::{SignedDuration, Timestamp};
use unefois_core::{Caller, DossierTerms, Identifier, ImpersonalCode, Reason, paris_day};
use unefois_ledger::{Change, EntryKind, Outcome, PersonalPart, PublicPart};
use unefois_store::{DossierFound, DossierRow};
use unefois_vault::SubjectKey;
use uuid::Uuid;

use crate::{entry::Draft, failure::Failure, hub::Hub};

/// What a consumer declares of one subject.
#[derive(Debug, Clone)]
pub struct Declaration {
    /// On whom.
    pub subject: Identifier,
    /// Why, and until when.
    pub terms: DossierTerms,
}

/// What became of a declaration: the entry that says so, or none where it was open with the same terms.
pub type Declared = Result<Option<Uuid>, Failure>;

/// An open dossier, as its agency sees it.
#[derive(Debug, Clone)]
pub struct ListedDossier {
    /// The agency's own pseudonym of the subject.
    pub subject_pseudonym: [u8; 32],
    /// Why, and until when.
    pub terms: DossierTerms,
    /// When it was opened.
    pub opened_at: Timestamp,
}

impl Hub {
    /// The open dossiers of the caller's agency, of one subject or of all, and the token of the next page.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` for a token of another listing.
    pub async fn dossiers_list(
        &self,
        caller: &Caller,
        subject: Option<&Identifier>,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<ListedDossier>, String), Failure> {
        let agency = caller.agency.as_str();
        let now = self.clock.now();
        if let Some(subject) = subject {
            let Some(known) = self.subject_find(subject).await? else { return Ok((Vec::new(), String::new())) };
            let found = self.store.dossiers_of_subjects_list(agency, &[known.root]).await?;
            let open = found.iter().filter(|found| is_open(&found.row, now));
            return Ok((open.map(|found| self.listed(found)).collect::<Result<_, _>>()?, String::new()));
        }
        let after = self.dossiers_after(agency, page_token).await?;
        // One more than the page holds: whether there is a next one.
        let asked = page_size.saturating_add(1);
        let mut found = self.store.dossiers_list(agency, Some(now.as_microsecond()), after, asked).await?;
        let is_last = found.len() < asked as usize;
        found.truncate(page_size as usize);
        let next = match found.last() {
            Some(last) if !is_last => self.dossiers_token(agency, last.row.subject, now).await?,
            Some(_) | None => String::new(),
        };
        Ok((found.iter().map(|found| self.listed(found)).collect::<Result<_, _>>()?, next))
    }

    fn listed(&self, found: &DossierFound) -> Result<ListedDossier, Failure> {
        let DossierFound { row: DossierRow { agency, reason, opened_at, until, .. }, root } = found;
        let instant = |micros| Timestamp::from_microsecond(micros).map_err(Failure::internal);
        let last_day = paris_day(instant(*until)? - SignedDuration::from_micros(1));
        Ok(ListedDossier {
            subject_pseudonym: self.pseudonyms.subject_for_consumer(*root, agency),
            terms: DossierTerms { reason: ImpersonalCode::parse(reason).map_err(Failure::internal)?, last_day },
            opened_at: instant(*opened_at)?,
        })
    }
}

fn is_open(row: &DossierRow, now: Timestamp) -> bool {
    row.closed_at.is_none() && row.until > now.as_microsecond()
}

/// What is the same in all entries of one act on dossiers.
struct DossierEntries<'a> {
    hub: &'a Hub,
    caller: &'a Caller,
    case_reference: &'a str,
    verb: &'static str,
}

impl DossierEntries<'_> {
    /// The entry about one subject. Its terms are personal: together with a day they may point at somebody.
    fn about(&self, root: [u8; 16], trace_key: &SubjectKey, terms: Option<&DossierTerms>) -> Draft {
        let Self { hub, caller, case_reference, verb } = self;
        let public = PublicPart {
            kind: EntryKind::Dossier.into(),
            outcome: Outcome::Accepted.into(),
            caller_agency: caller.agency.to_string(),
            caller_system: caller.system.clone(),
            consumer: caller.agency.to_string(),
            // No identifier: it would link the entries of one person after their erasure.
            change: Some(Change { noun: "dossier".to_owned(), verb: (*verb).to_owned(), ..Change::default() }),
            ..PublicPart::default()
        };
        let personal = PersonalPart {
            subject_pseudonym: hub.pseudonyms.subject_for_consumer(root, caller.agency.as_str()).to_vec(),
            case_reference: (*case_reference).to_owned(),
            dossier: terms.map(|DossierTerms { reason, last_day }| unefois_ledger::DossierTerms {
                reason: reason.as_str().to_owned(),
                last_day: last_day.to_string(),
            }),
            ..PersonalPart::default()
        };
        Draft::new(public, Uuid::now_v7()).sealed(&personal, trace_key, Some(root), &hub.origin)
    }
}

fn unknown() -> Failure {
    Failure::new(Reason::DossierUnknown)
}
