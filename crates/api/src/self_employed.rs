//! `StatusService`: each call is the generic exchange with a typed key.

use tonic::{Request, Response, Status};
use unefois_broker::Hub;
use unefois_proto::{
    pb::{
        exchange::v1::PullResponse,
        status::v1::{GetSelfEmployedAffiliationRequest, SelfEmployedAffiliation},
    },
    server::status::v1::status_service_server::StatusService,
};

use crate::exchange::{answer, typed};

/// `StatusService`.
#[derive(Debug, Clone)]
pub(crate) struct SelfEmployed {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl StatusService for SelfEmployed {
    async fn get_self_employed_affiliation(
        &self,
        request: Request<GetSelfEmployedAffiliationRequest>,
    ) -> Result<Response<PullResponse>, Status> {
        let generic = request.map(|GetSelfEmployedAffiliationRequest { context, subject, siret, field_mask }| {
            let siret = siret.filter(|siret| !siret.is_empty());
            let key = SelfEmployedAffiliation { siret, ..SelfEmployedAffiliation::default() };
            typed("self-employed-affiliation", context, subject, &key, field_mask)
        });
        answer(&self.hub, generic).await
    }
}
