//! A subject's own view: what was done with their data, in words that they can read (CRPA article R114-9-7).

use jiff::{Timestamp, tz::TimeZone};
use unefois_core::{AgencyCode, Caller, ErasureScope, Identifier, LegalBasis, Reason, Registry};
use unefois_ledger::{EntryKind, Outcome, PublicPart};
use unefois_store::Search;
use uuid::Uuid;

use crate::{
    audit::{FoundEntry, page},
    failure::Failure,
    hub::Hub,
};

/// One thing that was done, or refused, with a subject's data.
#[derive(Debug, Clone)]
pub struct SubjectExchange {
    /// The identifier of the entry.
    pub id: Uuid,
    /// The public part of the entry.
    pub public: PublicPart,
    /// The name of the agency that asked.
    pub consumer: String,
    /// The name of the local body that asked.
    pub local_body: String,
    /// The name of the agency that holds the data.
    pub provider: String,
    /// The French name of the dataset.
    pub dataset: String,
    /// The article of law.
    pub legal_basis: String,
    /// All of it as one sentence in French.
    pub sentence: String,
}

const METHOD: &str = "/unefois.subject.v1.SubjectService/ListExchanges";

impl Hub {
    /// What was done with this subject's data, newest first, and the token of the next page. The listing is an entry.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` for a token of another listing.
    pub async fn subject_exchanges(
        &self,
        caller: &Caller,
        subject: &Identifier,
        case_reference: &str,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<SubjectExchange>, String), Failure> {
        let known = self.subject_known(std::slice::from_ref(subject), self.clock.now()).await?;
        let agency = caller.agency.as_str();
        let listing = self.pseudonyms.search(known.root);
        let places = self.page_places(page_token, agency, &listing).await?;
        self.record_view(caller, &known, case_reference, METHOD).await?;
        let filters = Search { subject: Some(self.subject_search_pseudonyms(known.root).await?), ..Search::default() };
        let (found, rest) = self.find(&filters, &places, page_size).await?;
        let next = page::token(&rest, &self.pseudonyms, agency, &listing);
        let registry = self.registry();
        let exchanges = found.into_iter().map(|entry| self.in_plain_words(entry, &registry)).collect();
        Ok((exchanges, next))
    }

    fn in_plain_words(&self, entry: FoundEntry, registry: &Registry) -> SubjectExchange {
        let FoundEntry { index: _, origin: _, leaf: _, public } = entry;
        let name = |code: &str| {
            let agency = AgencyCode::parse(code).ok().and_then(|code| registry.agency(&code));
            agency.map_or_else(|| code.to_owned(), |agency| agency.name.clone())
        };
        let local_body = AgencyCode::parse(&public.consumer).ok().and_then(|code| registry.agency(&code));
        let local_body = local_body.and_then(|agency| {
            agency.local_bodies.iter().find(|body| body.code == public.local_body).map(|body| body.name.clone())
        });
        // The name in the major version that was told; an act on all of them, such as a consent, has that of the first.
        let told_in = self.catalog.version(&public.dataset, public.dataset_major);
        let dataset = told_in.or_else(|| self.catalog.dataset(&public.dataset));
        let legal_basis = LegalBasis::from_code(&public.legal_basis)
            .map_or_else(String::new, |basis| [basis.article(), basis.paragraph()].join(" ").trim_end().to_owned());
        let mut exchange = SubjectExchange {
            id: Uuid::from_slice(&public.entry_id).unwrap_or_default(),
            consumer: name(if public.consumer.is_empty() { &public.caller_agency } else { &public.consumer }),
            local_body: local_body.unwrap_or_default(),
            provider: name(&public.provider),
            dataset: dataset.map(|dataset| dataset.french_name().to_owned()).unwrap_or_default(),
            legal_basis,
            sentence: String::new(),
            public,
        };
        exchange.sentence = sentence(&exchange);
        exchange
    }
}

fn sentence(exchange: &SubjectExchange) -> String {
    let SubjectExchange { public, consumer, local_body, provider, dataset, legal_basis, .. } = exchange;
    let day = Timestamp::from_microsecond(public.recorded_at_micros)
        .map(|at| at.to_zoned(TimeZone::UTC).strftime("%d/%m/%Y à %H:%M UTC").to_string())
        .unwrap_or_default();
    let who = if local_body.is_empty() { consumer.clone() } else { format!("{local_body} ({consumer})") };
    let verb = public.change.as_ref().map_or("", |change| change.verb.as_str());
    match (public.kind(), public.outcome()) {
        (EntryKind::Exchange | EntryKind::Repeat, Outcome::Released) => format!(
            "Le {day}, {who} a obtenu {} de vos données « {dataset} », détenues par {provider} ({legal_basis}).",
            count(public.released_fields.len())
        ),
        (EntryKind::Exchange | EntryKind::Repeat, Outcome::Refused) => {
            let why = Reason::from_code(&public.reason).map_or("", Reason::description_fr);
            format!("Le {day}, la demande de {who} sur vos données « {dataset} » a été refusée : {why}.")
        }
        (EntryKind::Exchange | EntryKind::Repeat, Outcome::NotFound) => {
            format!("Le {day}, {who} a demandé vos données « {dataset} » ; il n'y en avait pas.")
        }
        (EntryKind::Exchange | EntryKind::Repeat, Outcome::Failed) => {
            format!("Le {day}, {who} a demandé vos données « {dataset} » ; {provider} n'a pas répondu.")
        }
        (EntryKind::Consent, _) if verb == "withdraw" => {
            format!("Le {day}, votre consentement donné à {consumer} (« {dataset} ») a été retiré.")
        }
        (EntryKind::Consent, _) => {
            format!("Le {day}, votre consentement a été donné à {consumer} pour « {dataset} ».")
        }
        (EntryKind::SubjectView, _) => format!("Le {day}, {who} a consulté ce relevé ou vos consentements."),
        (EntryKind::AuditQuery, _) => format!("Le {day}, {who} a contrôlé les échanges vous concernant."),
        (EntryKind::Delivery, Outcome::Released) => format!(
            "Le {day}, {who} a été informé d'un changement de vos données « {dataset} », détenues par {provider} : {} \
             ({legal_basis}).",
            count(public.released_fields.len())
        ),
        (EntryKind::Delivery, _) => {
            let why = Reason::from_code(&public.reason).map_or("", Reason::description_fr);
            format!("Le {day}, {who} n'a pas été informé d'un changement de vos données « {dataset} » : {why}.")
        }
        (EntryKind::Dossier, _) if verb == "close" => format!("Le {day}, {who} a clos son dossier à votre nom."),
        (EntryKind::Dossier, _) => format!("Le {day}, {who} a déclaré un dossier ouvert à votre nom."),
        (EntryKind::Subject, _) if verb == ErasureScope::Payload.verb() => {
            format!("Le {day}, vos données détenues par le hub ont été effacées.")
        }
        (EntryKind::Subject, _) => format!("Le {day}, deux dossiers à votre nom ont été réunis."),
        (
            EntryKind::Exchange
            | EntryKind::Repeat
            | EntryKind::Publication
            | EntryKind::Registry
            | EntryKind::Access
            | EntryKind::Subscription
            | EntryKind::Unspecified,
            _,
        ) => format!("Le {day}, un acte de {who} vous concernant a été enregistré."),
    }
}

fn count(fields: usize) -> String {
    match fields {
        1 => "1 champ".to_owned(),
        several => format!("{several} champs"),
    }
}
