//! The catalogue: every dataset of the contract, by identifier.

use std::collections::BTreeMap;

use prost_reflect::DescriptorPool;

use crate::{dataset::Dataset, load, load::InvalidCatalog};

/// Every dataset that the contract defines. Built once, when a process starts.
#[derive(Debug)]
pub struct Catalog {
    datasets: BTreeMap<String, Dataset>,
}

impl Catalog {
    /// Reads the datasets of an encoded `google.protobuf.FileDescriptorSet`.
    ///
    /// # Errors
    /// The set cannot be decoded, or a dataset breaks a rule of `unefois/dataset/v1/options.proto`.
    pub fn load(descriptor_set: &[u8]) -> Result<Self, InvalidCatalog> {
        let pool = DescriptorPool::decode(descriptor_set).map_err(InvalidCatalog::Descriptors)?;
        let mut datasets = BTreeMap::new();
        for message in pool.all_messages() {
            let Some(dataset) = load::dataset_of(&pool, message)? else { continue };
            if let Some(earlier) = datasets.insert(dataset.id().to_owned(), dataset) {
                return Err(InvalidCatalog::DatasetTwice { dataset: earlier.id().to_owned() });
            }
        }
        Ok(Self { datasets })
    }

    /// The dataset of that identifier.
    #[must_use]
    pub fn dataset(&self, id: &str) -> Option<&Dataset> {
        self.datasets.get(id)
    }

    /// Every dataset, ordered by identifier.
    pub fn datasets(&self) -> impl Iterator<Item = &Dataset> {
        self.datasets.values()
    }
}
