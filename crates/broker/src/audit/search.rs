//! Searching the ledger: the index, and the tail that is not indexed yet.

use unefois_core::{Caller, Identifier, Reason};
use unefois_ledger::{PersonalPart, PublicPart, decode_leaf};
use unefois_store::{IndexRow, Search};

use super::PagePlace;
use crate::{failure::Failure, hub::Hub, index::index_row};

/// What an auditor searches for.
#[derive(Debug, Clone)]
pub struct AuditSearch {
    /// The filters on public facts.
    pub filters: Search,
    /// The subject.
    pub subject: Option<Identifier>,
    /// At most this many.
    pub page_size: u32,
    /// The token of the page; empty for the first.
    pub page_token: String,
    /// The auditor's reference.
    pub case_reference: String,
    /// The request as it came, without page size and token: it is recorded, and a page token belongs to it.
    pub query: Vec<u8>,
}

/// One page of a search.
#[derive(Debug, Clone)]
pub struct SearchPage {
    /// The entries, newest first.
    pub entries: Vec<FoundEntry>,
    /// The token of the next page; empty on the last.
    pub next_page_token: String,
    /// How many match, by outcome and reason; on the first page only.
    pub counts: Vec<OutcomeCount>,
    /// The origin of the tree.
    pub origin: String,
}

/// One entry that was found.
#[derive(Debug, Clone)]
pub struct FoundEntry {
    /// Its position.
    pub index: u64,
    /// The bytes of the entry.
    pub leaf: Vec<u8>,
    /// Its public part.
    pub public: PublicPart,
}

/// How many entries had one outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutcomeCount {
    /// The number of the outcome.
    pub outcome: i32,
    /// The reason.
    pub reason: String,
    /// How many.
    pub count: u64,
}

const METHOD: &str = "/unefois.audit.v1.AuditService/SearchExchanges";

impl Hub {
    /// Searches the ledger. Every page is an entry.
    ///
    /// # Errors
    /// `PAGE_TOKEN_INVALID` for a token of another search.
    pub async fn search(&self, caller: &Caller, asked: AuditSearch) -> Result<SearchPage, Failure> {
        let AuditSearch { mut filters, subject, page_size, page_token, case_reference, query } = asked;
        let about = match &subject {
            Some(subject) => Some(self.subject_known(std::slice::from_ref(subject), self.clock.now()).await?),
            None => None,
        };
        let agency = caller.agency.as_str();
        let first_page = page_token.is_empty();
        let place = if first_page {
            PagePlace::newest(self.recorder.head().size)
        } else {
            PagePlace::of_token(&page_token, &self.pseudonyms, agency, &query)
                .map_err(|_not_ours| Failure::new(Reason::PageTokenInvalid))?
        };
        let personal = PersonalPart { case_reference, query: query.clone(), ..PersonalPart::default() };
        self.record_query(caller, about.as_ref(), METHOD, personal).await?;
        if let Some(known) = &about {
            filters.subject = Some(self.subject_search_pseudonyms(known.root).await?);
        }
        let count = page_size.clamp(1, self.limits.search_page_max);
        let found = self.find(&filters, place.before, count).await?;
        let next_page_token = match found.last() {
            Some(last) if found.len() == count as usize && last.index > 0 => {
                PagePlace { size: place.size, before: last.index }.token(&self.pseudonyms, agency, &query)
            }
            _ => String::new(),
        };
        let counts = if first_page { self.count(&filters, place.size).await? } else { Vec::new() };
        Ok(SearchPage { entries: found, next_page_token, counts, origin: self.origin.clone() })
    }

    /// The newest matching entries below `before`; at most `count`.
    pub(crate) async fn find(&self, filters: &Search, before: u64, count: u32) -> Result<Vec<FoundEntry>, Failure> {
        // The position first: what is indexed after this is in the tail that is read next.
        let indexed = self.store.index_position_fetch(self.slot).await?;
        let wanted = count as usize;
        let mut indexes: Vec<u64> = self.tail(filters, indexed, before).await?.into_iter().rev().take(wanted).collect();
        if indexes.len() < wanted {
            let rest = u32::try_from(wanted - indexes.len()).unwrap_or(u32::MAX);
            indexes.extend(self.store.index_search(self.slot, filters, before.min(indexed), rest).await?);
        }
        let mut found = Vec::with_capacity(indexes.len());
        for index in indexes {
            let entry = self.store.entry_fetch(self.slot, index).await?;
            let entry = entry.ok_or_else(|| Failure::new(Reason::Internal))?;
            let (_, public) = decode_leaf(&entry.leaf).map_err(Failure::internal)?;
            found.push(FoundEntry { index, leaf: entry.leaf, public });
        }
        Ok(found)
    }

    async fn count(&self, filters: &Search, before: u64) -> Result<Vec<OutcomeCount>, Failure> {
        let indexed = self.store.index_position_fetch(self.slot).await?;
        let tail = self.tail_rows(filters, indexed, before).await?;
        let counted = self.store.index_count(self.slot, filters, before.min(indexed)).await?;
        let mut counts: Vec<OutcomeCount> =
            counted.into_iter().map(|(outcome, reason, count)| OutcomeCount { outcome, reason, count }).collect();
        for row in tail {
            let same = |count: &&mut OutcomeCount| count.outcome == row.outcome && count.reason == row.reason;
            match counts.iter_mut().find(same) {
                Some(count) => count.count += 1,
                None => counts.push(OutcomeCount { outcome: row.outcome, reason: row.reason, count: 1 }),
            }
        }
        Ok(counts)
    }

    async fn tail(&self, filters: &Search, indexed: u64, before: u64) -> Result<Vec<u64>, Failure> {
        Ok(self.tail_rows(filters, indexed, before).await?.into_iter().map(|row| row.index).collect())
    }

    /// The entries that match and are not indexed yet, oldest first.
    async fn tail_rows(&self, filters: &Search, indexed: u64, before: u64) -> Result<Vec<IndexRow>, Failure> {
        let mut matching = Vec::new();
        let mut next = indexed;
        while next < before {
            let sources = self.store.index_sources_list(self.slot, next, self.limits.index_slice_max).await?;
            let Some(last) = sources.last() else { break };
            next = last.index + 1;
            for source in sources.into_iter().filter(|source| source.index < before) {
                let (_, public) = decode_leaf(&source.leaf).map_err(Failure::internal)?;
                let row = index_row(source.index, public);
                let search = source.subject.map(|subject| self.pseudonyms.search(subject));
                if filters.matches(&row, search.as_ref()) {
                    matching.push(row);
                }
            }
        }
        Ok(matching)
    }
}
