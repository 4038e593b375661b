//! `AuditService`.

use futures::stream::BoxStream;
use prost::Message;
use tonic::{Request, Response, Status};
use unefois_broker::{
    AuditSearch, ConsistencyProof, Export, Failure, FoundEntry, Hub, InclusionProof, Search, SearchPage, ShardHead,
};
use unefois_core::Reason;
use unefois_proto::{
    pb::{audit::v1 as wire, ledger::v1::PublicPart},
    server::audit::v1::audit_service_server::AuditService,
    timestamp_from_wire,
};

use crate::{
    exchange::identity,
    request::{caller, filter, page_size, reference},
    status::status_of,
};

/// `AuditService`.
#[derive(Debug, Clone)]
pub(crate) struct Audits {
    pub(crate) hub: Hub,
}

/// How many entries a page holds when the auditor does not say.
const PAGE_DEFAULT: u32 = 100;

#[tonic::async_trait]
impl AuditService for Audits {
    type ExportEntriesStream = BoxStream<'static, Result<wire::ExportEntriesResponse, Status>>;

    async fn search_exchanges(
        &self,
        request: Request<wire::SearchExchangesRequest>,
    ) -> Result<Response<wire::SearchExchangesResponse>, Status> {
        let caller = caller(request.extensions())?;
        let asked = self.search_of(request.into_inner())?;
        let page = self.hub.search(&caller, asked).await.map_err(|failure| status_of(&failure))?;
        page_to_wire(page).map(Response::new)
    }

    async fn export_entries(
        &self,
        request: Request<wire::ExportEntriesRequest>,
    ) -> Result<Response<Self::ExportEntriesStream>, Status> {
        let caller = caller(request.extensions())?;
        let message = request.into_inner();
        let query = message.encode_to_vec();
        let wire::ExportEntriesRequest { from_index, case_reference, origin } = message;
        let case_reference = reference(case_reference, "case_reference", self.hub.limits().reference_length_max)?;
        let export = self
            .hub
            .export(&caller, &origin, from_index, &case_reference, query)
            .await
            .map_err(|failure| status_of(&failure))?;
        let parts = futures::stream::try_unfold(Some(export), next_part);
        Ok(Response::new(Box::pin(parts)))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<wire::GetInclusionProofRequest>,
    ) -> Result<Response<wire::GetInclusionProofResponse>, Status> {
        let wire::GetInclusionProofRequest { index, tree_size, origin } = request.into_inner();
        let proof = self.hub.inclusion_proof(&origin, index, tree_size).await.map_err(|failure| status_of(&failure))?;
        let InclusionProof { leaf, path, tree_size, checkpoint } = proof;
        let path = path.into_iter().map(|hash| hash.0.to_vec()).collect();
        Ok(Response::new(wire::GetInclusionProofResponse { entry: leaf, path, tree_size, checkpoint }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<wire::GetConsistencyProofRequest>,
    ) -> Result<Response<wire::GetConsistencyProofResponse>, Status> {
        let wire::GetConsistencyProofRequest { from_size, to_size, origin } = request.into_inner();
        let proof =
            self.hub.consistency_proof(&origin, from_size, to_size).await.map_err(|failure| status_of(&failure))?;
        let ConsistencyProof { path, to_size, checkpoint } = proof;
        let path = path.into_iter().map(|hash| hash.0.to_vec()).collect();
        Ok(Response::new(wire::GetConsistencyProofResponse { path, to_size, checkpoint }))
    }

    async fn get_checkpoint(
        &self,
        request: Request<wire::GetCheckpointRequest>,
    ) -> Result<Response<wire::GetCheckpointResponse>, Status> {
        let wire::GetCheckpointRequest { origin } = request.into_inner();
        let shard = self.hub.shard(&origin).await.map_err(|failure| status_of(&failure))?;
        let wire::Shard { checkpoint, public_key, .. } = shard_to_wire(shard);
        Ok(Response::new(wire::GetCheckpointResponse { checkpoint, public_key }))
    }

    async fn list_shards(
        &self,
        request: Request<wire::ListShardsRequest>,
    ) -> Result<Response<wire::ListShardsResponse>, Status> {
        let wire::ListShardsRequest {} = request.into_inner();
        let shards = self.hub.shards().await.map_err(|failure| status_of(&failure))?;
        let shards = shards.into_iter().map(shard_to_wire).collect();
        Ok(Response::new(wire::ListShardsResponse { shards }))
    }
}

impl Audits {
    fn search_of(&self, message: wire::SearchExchangesRequest) -> Result<AuditSearch, Status> {
        // What a page token belongs to: the search without the page.
        let query = wire::SearchExchangesRequest { page_size: 0, page_token: String::new(), ..message.clone() };
        let query = query.encode_to_vec();
        let wire::SearchExchangesRequest {
            recorded_from,
            recorded_before,
            consumer,
            provider,
            local_body,
            dataset,
            purpose,
            outcome,
            reason,
            subject,
            kind,
            page_size: asked,
            page_token,
            case_reference,
        } = message;
        let limits = self.hub.limits();
        let text = |text: String, field: &str| filter(text, field, limits.reference_length_max);
        let number = |number: i32| (number != 0).then_some(number);
        let filters = Search {
            recorded_from: micros(recorded_from, "recorded_from")?,
            recorded_before: micros(recorded_before, "recorded_before")?,
            kind: number(kind),
            outcome: number(outcome),
            purpose: number(purpose),
            reason: text(reason, "reason")?,
            consumer: text(consumer, "consumer")?,
            provider: text(provider, "provider")?,
            local_body: text(local_body, "local_body")?,
            dataset: text(dataset, "dataset")?,
            subject: None,
        };
        Ok(AuditSearch {
            filters,
            subject: match subject {
                Some(subject) => Some(identity(&self.hub, Some(subject), "subject")?),
                None => None,
            },
            page_size: page_size(asked, (PAGE_DEFAULT, limits.search_page_max))?,
            page_token,
            case_reference: reference(case_reference, "case_reference", limits.reference_length_max)?,
            query,
        })
    }
}

fn micros(at: Option<prost_types::Timestamp>, field: &str) -> Result<Option<i64>, Status> {
    let Some(at) = at else { return Ok(None) };
    let at = timestamp_from_wire(at)
        .map_err(|broken| status_of(&Failure::field(Reason::ArgumentInvalid, field, broken.to_string())))?;
    Ok(Some(at.as_microsecond()))
}

fn shard_to_wire(shard: ShardHead) -> wire::Shard {
    let ShardHead { origin, size, checkpoint, public_key, .. } = shard;
    wire::Shard { origin, size, checkpoint: checkpoint.to_string(), public_key: public_key.to_string() }
}

fn page_to_wire(page: SearchPage) -> Result<wire::SearchExchangesResponse, Status> {
    let SearchPage { entries, next_page_token, counts } = page;
    let entries = entries
        .into_iter()
        .map(|found| {
            // The bytes of the ledger are those of the contract: a test vector holds the two together.
            let public_part = PublicPart::decode(found.public.encode_to_vec().as_slice());
            let public_part = Some(public_part.map_err(|broken| status_of(&Failure::internal(broken)))?);
            let FoundEntry { index, origin, leaf, public: _ } = found;
            Ok(wire::FoundEntry { index, entry: leaf, public_part, origin })
        })
        .collect::<Result<_, Status>>()?;
    let counts = counts
        .into_iter()
        .map(|count| wire::OutcomeCount { outcome: count.outcome, reason: count.reason, count: count.count })
        .collect();
    Ok(wire::SearchExchangesResponse { entries, next_page_token, counts })
}

/// The next part of an export: entries while there are some, then the checkpoint.
async fn next_part(export: Option<Export>) -> Result<Option<(wire::ExportEntriesResponse, Option<Export>)>, Status> {
    use wire::export_entries_response::Part;
    let Some(mut export) = export else { return Ok(None) };
    let rows = export.next().await.map_err(|failure| status_of(&failure))?;
    let Some(first) = rows.first() else {
        let part = Some(Part::Checkpoint(export.checkpoint().to_owned()));
        return Ok(Some((wire::ExportEntriesResponse { part }, None)));
    };
    let first_index = first.index;
    let (entries, leaf_hashes) = rows.into_iter().map(|row| (row.leaf, row.leaf_hash.to_vec())).unzip();
    let part = Some(Part::Entries(wire::ExportedEntries { first_index, entries, leaf_hashes }));
    Ok(Some((wire::ExportEntriesResponse { part }, Some(export))))
}
