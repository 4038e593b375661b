//! The contract of this program with the datasets that its configuration adds.

use unefois_catalog::{Catalog, FolderLimits, InvalidCatalog};

use crate::config::CatalogConfig;

/// The catalogue of the contract, and of the folders of the configuration.
pub(crate) fn load(config: &CatalogConfig) -> Result<Catalog, InvalidCatalog> {
    let CatalogConfig { folders, entries_max, size_bytes_max } = config;
    let limits = FolderLimits { entries_max: *entries_max, size_bytes_max: *size_bytes_max };
    Catalog::load_with_folders(unefois_proto::FILE_DESCRIPTOR_SET, folders, limits)
}
