//! Searching the ledger: of every shard the index, and the tail that is not indexed yet.

use std::collections::BTreeMap;

use unefois_core::{Caller, Identifier, Reason};
use unefois_ledger::{PersonalPart, PublicPart, decode_leaf};
use unefois_store::{IndexRow, Search};

use super::{
    PagePlace,
    merge::{self, Matches},
    page,
};
use crate::{audit::ShardHead, failure::Failure, hub::Hub, index::index_row};

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
}

/// One entry that was found.
#[derive(Debug, Clone)]
pub struct FoundEntry {
    /// Its position in its shard.
    pub index: u64,
    /// The origin of its shard.
    pub origin: String,
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
    /// Searches every shard of the ledger. Every page is an entry.
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
        let places = self.page_places(&page_token, agency, &query).await?;
        let personal = PersonalPart { case_reference, query: query.clone(), ..PersonalPart::default() };
        self.record_query(caller, about.as_ref(), METHOD, personal).await?;
        if let Some(known) = &about {
            filters.subject = Some(self.subject_search_pseudonyms(known.root).await?);
        }
        let count = page_size.clamp(1, self.limits.search_page_max);
        let (entries, rest) = self.find(&filters, &places, count).await?;
        let next_page_token = page::token(&rest, &self.pseudonyms, agency, &query);
        let counts = if page_token.is_empty() { self.count(&filters, &places).await? } else { Vec::new() };
        Ok(SearchPage { entries, next_page_token, counts })
    }

    /// Where a page begins: the first in every shard as it is now, a later one where its token says. `search` is what the
    /// token belongs to.
    pub(crate) async fn page_places(
        &self,
        page_token: &str,
        agency: &str,
        search: &[u8],
    ) -> Result<Vec<PagePlace>, Failure> {
        if page_token.is_empty() {
            let newest = |shard: ShardHead| PagePlace { slot: shard.slot, before: shard.size };
            return Ok(self.shards().await?.into_iter().map(newest).collect());
        }
        page::of_token(page_token, &self.pseudonyms, agency, search)
            .map_err(|_not_ours| Failure::new(Reason::PageTokenInvalid))
    }

    /// The newest matching entries below these places, at most `count`, and where the next page begins.
    pub(crate) async fn find(
        &self,
        filters: &Search,
        places: &[PagePlace],
        count: u32,
    ) -> Result<(Vec<FoundEntry>, Vec<PagePlace>), Failure> {
        let wanted = count as usize;
        let mut shards = Vec::with_capacity(places.len());
        for place in places {
            let origin = self.shard_in(place.slot).await?.origin;
            shards.push(Matches::new(origin, *place, self.matching(filters, *place, wanted).await?, wanted));
        }
        merge::newest(self, shards, wanted).await
    }

    /// The newest matches of one shard, at most `wanted`.
    async fn matching(&self, filters: &Search, place: PagePlace, wanted: usize) -> Result<Vec<u64>, Failure> {
        let PagePlace { slot, before } = place;
        // The position first: what is indexed after this is in the tail that is read next.
        let indexed = self.store.index_position_fetch(slot).await?;
        let tail = self.tail(filters, indexed, place).await?;
        let mut indexes: Vec<u64> = tail.into_iter().rev().map(|row| row.index).take(wanted).collect();
        if indexes.len() < wanted {
            let rest = u32::try_from(wanted - indexes.len()).unwrap_or(u32::MAX);
            indexes.extend(self.store.index_search(slot, filters, before.min(indexed), rest).await?);
        }
        Ok(indexes)
    }

    /// How many entries match, in the order of outcome and reason.
    async fn count(&self, filters: &Search, places: &[PagePlace]) -> Result<Vec<OutcomeCount>, Failure> {
        let mut counts: BTreeMap<(i32, String), u64> = BTreeMap::new();
        for place in places {
            let indexed = self.store.index_position_fetch(place.slot).await?;
            let tail = self.tail(filters, indexed, *place).await?;
            for (outcome, reason, count) in
                self.store.index_count(place.slot, filters, place.before.min(indexed)).await?
            {
                *counts.entry((outcome, reason)).or_default() += count;
            }
            for row in tail {
                *counts.entry((row.outcome, row.reason)).or_default() += 1;
            }
        }
        Ok(counts.into_iter().map(|((outcome, reason), count)| OutcomeCount { outcome, reason, count }).collect())
    }

    /// The entries of a shard that match and are not indexed yet, oldest first.
    async fn tail(&self, filters: &Search, indexed: u64, place: PagePlace) -> Result<Vec<IndexRow>, Failure> {
        let PagePlace { slot, before } = place;
        let mut matching = Vec::new();
        let mut next = indexed;
        while next < before {
            let sources = self.store.index_sources_list(slot, next, self.limits.index_slice_max).await?;
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
