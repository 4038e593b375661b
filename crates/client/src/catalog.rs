//! What a hub exchanges, in words and as a contract.

use unefois_proto::pb::catalog::v1::{Dataset, GetDatasetRequest, GetFileDescriptorSetRequest, ListDatasetsRequest};

use crate::{connect::Connection, refusal::Refused};

/// Lists the datasets of the hub (`CatalogService.ListDatasets`), without their fields.
///
/// # Errors
///
/// [`Refused`] by the hub, or it failed.
pub async fn datasets(connection: &Connection) -> Result<Vec<Dataset>, Refused> {
    let listed = connection.catalog().list_datasets(ListDatasetsRequest {}).await;
    Ok(listed.map_err(|status| Refused::from_status(&status))?.into_inner().datasets)
}

/// Describes a dataset in its newest major version, with its fields (`CatalogService.GetDataset`).
///
/// # Errors
///
/// [`Refused`]: `DATASET_UNKNOWN` when the hub has none of that identifier; or it failed.
pub async fn dataset(connection: &Connection, id: &str) -> Result<Dataset, Refused> {
    let asked = GetDatasetRequest { dataset: id.to_owned(), major: 0 };
    let described = connection.catalog().get_dataset(asked).await;
    Ok(described.map_err(|status| Refused::from_status(&status))?.into_inner().dataset.unwrap_or_default())
}

/// The whole contract of the hub, as an encoded `google.protobuf.FileDescriptorSet`
/// (`CatalogService.GetFileDescriptorSet`): all that a generator needs.
///
/// # Errors
///
/// [`Refused`] by the hub, or it failed.
pub async fn contract(connection: &Connection) -> Result<Vec<u8>, Refused> {
    let given = connection.catalog().get_file_descriptor_set(GetFileDescriptorSetRequest {}).await;
    Ok(given.map_err(|status| Refused::from_status(&status))?.into_inner().file_descriptor_set)
}
