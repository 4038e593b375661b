//! The catalogue: every dataset of the contract, by identifier and major version.

use std::{collections::BTreeMap, path::Path};

use prost_reflect::DescriptorPool;

use crate::{
    canonical::InvalidPayload, compile::compile, dataset::Dataset, folder::FolderLimits, load, load::InvalidCatalog,
};

/// Every dataset that the contract defines. Built once, when a process starts.
#[derive(Debug)]
pub struct Catalog {
    /// Each dataset in its major versions, at least one.
    datasets: BTreeMap<String, BTreeMap<u32, Dataset>>,
    pool: DescriptorPool,
}

impl Catalog {
    /// Reads the datasets of an encoded `google.protobuf.FileDescriptorSet`.
    ///
    /// # Errors
    /// The set cannot be decoded, or a dataset breaks a rule of `unefois/dataset/v1/options.proto`.
    pub fn load(descriptor_set: &[u8]) -> Result<Self, InvalidCatalog> {
        Self::load_with_folders(descriptor_set, std::iter::empty::<&Path>(), FolderLimits::default())
    }

    /// Reads the datasets of a descriptor set, and those of the `.proto` files below folders, which may import the
    /// files of the set.
    ///
    /// # Errors
    /// Also: a folder cannot be compiled, has a file that the set has, or exceeds a limit.
    pub fn load_with_folders(
        descriptor_set: &[u8],
        folders: impl IntoIterator<Item = impl AsRef<Path>>,
        limits: FolderLimits,
    ) -> Result<Self, InvalidCatalog> {
        let mut pool = DescriptorPool::decode(descriptor_set).map_err(InvalidCatalog::Descriptors)?;
        for folder in folders {
            let files = compile(&pool, folder.as_ref(), limits).map_err(InvalidCatalog::Folder)?;
            // What is in the pool already is left out.
            pool.decode_file_descriptor_set(files.as_slice()).map_err(InvalidCatalog::Descriptors)?;
        }
        let mut datasets: BTreeMap<String, BTreeMap<u32, Dataset>> = BTreeMap::new();
        for message in pool.all_messages() {
            let Some(dataset) = load::dataset_of(&pool, message)? else { continue };
            let majors = datasets.entry(dataset.id().to_owned()).or_default();
            if let Some(earlier) = majors.insert(dataset.major(), dataset) {
                return Err(InvalidCatalog::DatasetTwice { dataset: earlier.id().to_owned(), major: earlier.major() });
            }
        }
        for majors in datasets.values() {
            let mut previous = None;
            for dataset in majors.values() {
                dataset.check_continues(previous.replace(dataset))?;
            }
        }
        Ok(Self { datasets, pool })
    }

    /// The dataset of that identifier, in its first major version: every major has the same key.
    #[must_use]
    pub fn dataset(&self, id: &str) -> Option<&Dataset> {
        self.majors(id).next()
    }

    /// The dataset of that identifier and major version.
    #[must_use]
    pub fn version(&self, id: &str, major: u32) -> Option<&Dataset> {
        self.datasets.get(id)?.get(&major)
    }

    /// The dataset that a store knows by that name: see [`Dataset::stored_name`].
    #[must_use]
    pub fn stored(&self, stored_name: &str) -> Option<&Dataset> {
        let (id, major) = stored_name.split_once('/').unwrap_or((stored_name, "1"));
        self.version(id, major.parse().ok()?)
    }

    /// The major versions of a dataset, the first one first.
    pub fn majors(&self, id: &str) -> impl Iterator<Item = &Dataset> {
        self.datasets.get(id).into_iter().flat_map(BTreeMap::values)
    }

    /// Every dataset in every major version, ordered by identifier and version.
    pub fn datasets(&self) -> impl Iterator<Item = &Dataset> {
        self.datasets.values().flat_map(BTreeMap::values)
    }

    /// The whole contract, encoded as a `google.protobuf.FileDescriptorSet` with options and comments.
    #[must_use]
    pub fn descriptor_set(&self) -> Vec<u8> {
        self.pool.encode_to_vec()
    }

    /// A record of one major version in another one of the same dataset, by the conversions that the versions between
    /// them declare: none of those is missing.
    ///
    /// # Errors
    /// The bytes are not a record of `from`.
    pub fn convert(&self, canonical: &[u8], from: &Dataset, to: &Dataset) -> Result<Vec<u8>, InvalidPayload> {
        let (lowest, highest) = (from.major().min(to.major()), from.major().max(to.major()));
        let is_on_the_way = |version: &&Dataset| (lowest..=highest).contains(&version.major());
        let upwards: Vec<&Dataset> = self.majors(from.id()).filter(is_on_the_way).collect();
        let steps = upwards.iter().zip(upwards.iter().skip(1));
        let mut bytes = canonical.to_vec();
        if from.major() == lowest {
            for (earlier, later) in steps {
                bytes = later.carry_forward(earlier, &bytes)?;
            }
        } else {
            for (earlier, later) in steps.rev() {
                bytes = later.carry_back(earlier, &bytes)?;
            }
        }
        Ok(bytes)
    }
}
