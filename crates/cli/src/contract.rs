//! The contract of this program with the datasets that its configuration adds.

use unefois_catalog::{Catalog, InvalidCatalog};

use crate::config::CatalogConfig;

/// The catalogue of the contract, and of the folders of the configuration.
pub(crate) fn load(config: &CatalogConfig) -> Result<Catalog, InvalidCatalog> {
    Catalog::load_with_folders(unefois_proto::FILE_DESCRIPTOR_SET, &config.folders)
}
