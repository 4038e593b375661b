//! `IncomeService`: each call is the generic exchange with a typed key.

use tonic::{Request, Response, Status};
use unefois_broker::Hub;
use unefois_proto::{
    pb::{
        exchange::v1::PullResponse,
        income::v1::{CompanyTurnover, DeclaredTurnover, GetCompanyTurnoverRequest, GetDeclaredTurnoverRequest},
    },
    server::income::v1::income_service_server::IncomeService,
};

use crate::exchange::{answer, typed};

/// `IncomeService`.
#[derive(Debug, Clone)]
pub(crate) struct Income {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl IncomeService for Income {
    async fn get_declared_turnover(
        &self,
        request: Request<GetDeclaredTurnoverRequest>,
    ) -> Result<Response<PullResponse>, Status> {
        let generic = request.map(|GetDeclaredTurnoverRequest { context, subject, period, field_mask }| {
            let key = DeclaredTurnover { period, ..DeclaredTurnover::default() };
            typed("declared-turnover", context, subject, &key, field_mask)
        });
        answer(&self.hub, generic).await
    }

    async fn get_company_turnover(
        &self,
        request: Request<GetCompanyTurnoverRequest>,
    ) -> Result<Response<PullResponse>, Status> {
        let generic = request.map(|GetCompanyTurnoverRequest { context, subject, year, field_mask }| {
            let key = CompanyTurnover { year: Some(year), ..CompanyTurnover::default() };
            typed("company-turnover", context, subject, &key, field_mask)
        });
        answer(&self.hub, generic).await
    }
}
