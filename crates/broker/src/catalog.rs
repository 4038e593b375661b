//! The catalogue as a caller may see it: everybody sees datasets, and whose they are; agreements are for their parties.

use unefois_catalog::Dataset;
use unefois_core::{Agreement, Caller, Reason, Registry, Role};

use crate::{failure::Failure, hub::Hub};

/// A dataset, and what a caller may know of its exchanges.
#[derive(Debug)]
pub struct Catalogued<'h> {
    /// The dataset.
    pub dataset: &'h Dataset,
    /// The codes of the agencies that may publish it.
    pub providers: Vec<String>,
    /// The agreements on it in this major version that the caller may see.
    pub agreements: Vec<Agreement>,
}

impl Hub {
    /// Every dataset in every major version.
    #[must_use]
    pub fn datasets_list(&self, caller: &Caller) -> Vec<Catalogued<'_>> {
        let registry = self.registry();
        self.catalog().datasets().map(|dataset| catalogued_for(caller, dataset, &registry)).collect()
    }

    /// One dataset: of that major version, or the newest.
    ///
    /// # Errors
    /// `DATASET_UNKNOWN`.
    pub fn dataset_fetch(&self, caller: &Caller, id: &str, major: Option<u32>) -> Result<Catalogued<'_>, Failure> {
        let found = match major {
            Some(major) => self.catalog().version(id, major),
            None => self.catalog().majors(id).last(),
        };
        let dataset = found.ok_or_else(|| Failure::new(Reason::DatasetUnknown))?;
        Ok(catalogued_for(caller, dataset, &self.registry()))
    }
}

fn catalogued_for<'h>(caller: &Caller, dataset: &'h Dataset, registry: &Registry) -> Catalogued<'h> {
    let sees_all = caller.has(Role::Auditor) || caller.has(Role::Operator);
    let may_see = |agreement: &Agreement| {
        sees_all || [&agreement.provider, &agreement.consumer].into_iter().any(|party| *party == caller.agency)
    };
    let is_on_it = |agreement: &Agreement| {
        (agreement.dataset.as_str(), agreement.dataset_major) == (dataset.id(), dataset.major())
    };
    let provides = registry.agencies().filter(|agency| {
        agency.roles.contains(&Role::Provider) && agency.datasets.iter().any(|id| id.as_str() == dataset.id())
    });
    let providers = provides.map(|agency| agency.code.to_string()).collect();
    let agreements = registry.agreements().filter(|agreement| is_on_it(agreement) && may_see(agreement));
    Catalogued { dataset, providers, agreements: agreements.cloned().collect() }
}
