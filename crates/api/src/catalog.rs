//! `CatalogService`.

use tonic::{Request, Response, Status};
use unefois_broker::{Catalogued, DescribedField, Hub, Sensitivity, SubjectKind};
use unefois_core::Agreement;
use unefois_proto::{
    pb::{catalog::v1 as wire, dataset::v1 as options},
    server::catalog::v1::catalog_service_server::CatalogService,
};

use crate::{request::caller, status::status_of};

/// `CatalogService`.
#[derive(Debug, Clone)]
pub(crate) struct Catalogs {
    pub(crate) hub: Hub,
}

#[tonic::async_trait]
impl CatalogService for Catalogs {
    async fn list_datasets(
        &self,
        request: Request<wire::ListDatasetsRequest>,
    ) -> Result<Response<wire::ListDatasetsResponse>, Status> {
        let caller = caller(request.extensions())?;
        let datasets = self.hub.datasets_list(&caller).into_iter().map(|found| dataset_to_wire(found, Vec::new()));
        Ok(Response::new(wire::ListDatasetsResponse { datasets: datasets.collect() }))
    }

    async fn get_dataset(
        &self,
        request: Request<wire::GetDatasetRequest>,
    ) -> Result<Response<wire::GetDatasetResponse>, Status> {
        let caller = caller(request.extensions())?;
        let wire::GetDatasetRequest { dataset, major } = request.into_inner();
        let major = (major != 0).then_some(major);
        let found = self.hub.dataset_fetch(&caller, &dataset, major).map_err(|failure| status_of(&failure))?;
        let fields = found.dataset.described().into_iter().map(field_to_wire).collect();
        Ok(Response::new(wire::GetDatasetResponse { dataset: Some(dataset_to_wire(found, fields)) }))
    }

    async fn get_file_descriptor_set(
        &self,
        _request: Request<wire::GetFileDescriptorSetRequest>,
    ) -> Result<Response<wire::GetFileDescriptorSetResponse>, Status> {
        let file_descriptor_set = self.hub.catalog().descriptor_set();
        Ok(Response::new(wire::GetFileDescriptorSetResponse { file_descriptor_set }))
    }
}

fn dataset_to_wire(found: Catalogued<'_>, fields: Vec<wire::Field>) -> wire::Dataset {
    let Catalogued { dataset, providers, agreements } = found;
    let subject_kind = match dataset.subject_kind() {
        SubjectKind::NaturalPerson => options::SubjectKind::NaturalPerson,
        SubjectKind::Company => options::SubjectKind::Company,
        SubjectKind::Either => options::SubjectKind::Either,
    };
    wire::Dataset {
        id: dataset.id().to_owned(),
        major: dataset.major(),
        message: dataset.message_name().to_owned(),
        french_name: dataset.french_name().to_owned(),
        meaning: dataset.meaning(),
        subject_kind: subject_kind.into(),
        natural_key: dataset.natural_key().map(str::to_owned).collect(),
        rows: dataset.rows().to_vec(),
        providers,
        agreements: agreements.iter().map(agreement_to_wire).collect(),
        fields,
    }
}

fn agreement_to_wire(agreement: &Agreement) -> wire::Agreement {
    wire::Agreement {
        id: agreement.id.to_string(),
        provider: agreement.provider.to_string(),
        consumer: agreement.consumer.to_string(),
        purpose: agreement.purpose.code().to_owned(),
        legal_basis: agreement.legal_basis.code().to_owned(),
        fields: agreement.fields.iter().map(ToString::to_string).collect(),
    }
}

fn field_to_wire(field: DescribedField) -> wire::Field {
    let DescribedField { path, unit, sensitivity, meaning, source } = field;
    let sensitivity = match sensitivity {
        Sensitivity::Public => options::Sensitivity::Public,
        Sensitivity::Personal => options::Sensitivity::Personal,
        Sensitivity::Financial => options::Sensitivity::Financial,
        Sensitivity::Identifying => options::Sensitivity::Identifying,
    };
    wire::Field { path, unit, sensitivity: sensitivity.into(), meaning, source }
}
