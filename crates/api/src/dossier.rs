//! `DossierService`.

mod load;

use tonic::{Request, Response, Status, Streaming};
use unefois_broker::{Declaration, Failure, Hub, ListedDossier};
use unefois_core::Reason;
use unefois_proto::{
    dossier_terms_from_wire, identifier_from_wire, last_day_to_wire, pb::dossier::v1 as wire,
    server::dossier::v1::dossier_service_server::DossierService, timestamp_to_wire,
};

use crate::{
    exchange::identity,
    request::{caller, page_size, reference},
    status::status_of,
};

/// How many dossiers a page holds: by default, and at most.
const PAGE: (u32, u32) = (100, 1_000);

/// `DossierService`.
#[derive(Debug, Clone)]
pub(crate) struct Dossiers {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl DossierService for Dossiers {
    async fn open(&self, request: Request<wire::OpenRequest>) -> Result<Response<wire::OpenResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::OpenRequest { declaration, case_reference } = request.into_inner();
        let Some(declaration) = declaration else {
            return Err(status_of(&Failure::field(Reason::ContextIncomplete, "declaration", "it is required")));
        };
        let declaration =
            declaration_of(&self.hub, declaration).map_err(|failure| status_of(&failure.within("declaration")))?;
        let case_reference = reference(case_reference, "case_reference", self.hub.limits().reference_length_max)?;
        let opened = self.hub.dossiers_open(&caller, vec![declaration], &case_reference).await;
        let declared = opened.and_then(|mut declared| declared.pop().ok_or_else(|| Failure::new(Reason::Internal))?);
        let entry = declared.map_err(|failure| status_of(&failure.within("declaration")))?;
        Ok(Response::new(wire::OpenResponse { exchange_id: entry.map(|id| id.to_string()).unwrap_or_default() }))
    }

    async fn close(&self, request: Request<wire::CloseRequest>) -> Result<Response<wire::CloseResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::CloseRequest { subject, case_reference } = request.into_inner();
        let subject = identity(&self.hub, subject, "subject")?;
        let case_reference = reference(case_reference, "case_reference", self.hub.limits().reference_length_max)?;
        let closed = self.hub.dossier_close(&caller, &subject, &case_reference).await;
        let entry = closed.map_err(|failure| status_of(&failure))?;
        Ok(Response::new(wire::CloseResponse { exchange_id: entry.map(|id| id.to_string()).unwrap_or_default() }))
    }

    async fn list(&self, request: Request<wire::ListRequest>) -> Result<Response<wire::ListResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::ListRequest { subject, page_size: asked, page_token } = request.into_inner();
        let subject = match subject {
            Some(subject) => Some(identity(&self.hub, Some(subject), "subject")?),
            None => None,
        };
        let listed = self.hub.dossiers_list(&caller, subject.as_ref(), page_size(asked, PAGE)?, &page_token).await;
        let (dossiers, next_page_token) = listed.map_err(|failure| status_of(&failure))?;
        let dossiers = dossiers.into_iter().map(dossier_to_wire).collect();
        Ok(Response::new(wire::ListResponse { dossiers, next_page_token }))
    }

    async fn load(
        &self,
        request: Request<Streaming<wire::LoadRequest>>,
    ) -> Result<Response<wire::LoadResponse>, Status> {
        let caller = caller(request.extensions())?;
        load::load(&self.hub, &caller, request.into_inner()).await.map(Response::new)
    }
}

fn declaration_of(hub: &Hub, declaration: wire::Declaration) -> Result<Declaration, Failure> {
    let wire::Declaration { subject, reason, last_day } = declaration;
    let missing = || Failure::field(Reason::ContextIncomplete, "subject", "it is required");
    let subject = identifier_from_wire(subject.ok_or_else(missing)?, hub.sandbox())
        .map_err(|invalid| Failure::field(Reason::IdentifierInvalid, "subject", invalid.rule()))?;
    let terms = dossier_terms_from_wire(&reason, last_day)
        .map_err(|invalid| Failure::field(Reason::ArgumentInvalid, invalid.field(), invalid.rule()))?;
    Ok(Declaration { subject, terms })
}

fn dossier_to_wire(dossier: ListedDossier) -> wire::Dossier {
    let ListedDossier { subject_pseudonym, terms, opened_at } = dossier;
    wire::Dossier {
        subject_pseudonym: subject_pseudonym.to_vec(),
        reason: terms.reason.as_str().to_owned(),
        last_day: Some(last_day_to_wire(terms.last_day)),
        opened_at: Some(timestamp_to_wire(opened_at)),
        // Only those that are open are listed.
        closed_at: None,
    }
}
