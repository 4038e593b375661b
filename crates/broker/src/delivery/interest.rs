//! What a subscription is to be told of each major version of its dataset, under the agreement in force.

use std::collections::HashMap;

use unefois_catalog::{Catalog, Dataset};
use unefois_core::{Agreement, FieldName, FieldNumbers, Interest, Reach, Registry, Subscription};
use unefois_store::EventRow;

/// What a subscription is interested in.
#[derive(Debug)]
pub(super) struct Interests {
    /// Who publishes it.
    pub(super) provider: String,
    /// Whom it is about.
    pub(super) reach: Reach,
    /// By the name under which a major version is stored.
    of: HashMap<String, Interest>,
}

impl Interests {
    /// `None` while no agreement is known, or its dataset is not served.
    pub(super) fn of(subscription: &Subscription, registry: &Registry, catalog: &Catalog) -> Option<Self> {
        let agreement = registry.agreement(&subscription.asked.agreement)?;
        let reach = subscription.asked.reach.under(agreement);
        let interest = |dataset: &Dataset| Interest {
            kinds: subscription.asked.filter.kinds.clone(),
            fields: numbers(subscription, agreement, dataset),
            population: agreement.population.iter().copied().collect(),
            reach,
        };
        let majors = catalog.majors(agreement.dataset.as_str());
        let of: HashMap<_, _> = majors.map(|dataset| (dataset.stored_name(), interest(dataset))).collect();
        let provider = agreement.provider.to_string();
        (!of.is_empty()).then_some(Self { provider, reach, of })
    }

    /// The names under which what it is about is stored.
    pub(super) fn datasets(&self) -> Vec<String> {
        self.of.keys().cloned().collect()
    }

    /// Whether an event is of the provider and in a dataset that it is about.
    pub(super) fn may_concern(&self, row: &EventRow) -> bool {
        row.event.provider == self.provider && self.of.contains_key(&row.event.dataset)
    }

    /// What concerns an event.
    pub(super) fn in_dataset_of(&self, row: &EventRow) -> Option<&Interest> {
        self.of.get(&row.event.dataset)
    }
}

/// The fields of which the subscription is told, as a major version of the dataset numbers them. Where one of them is by
/// another name there, it is not known which field it was: each may be.
fn numbers(subscription: &Subscription, agreement: &Agreement, dataset: &Dataset) -> FieldNumbers {
    let told = subscription.asked.filter.told(agreement).map(FieldName::as_str);
    let every = || FieldNumbers::of(1..=FieldNumbers::NUMBER_MAX).unwrap_or_default();
    let known = dataset.field_set(told).map(|fields| FieldNumbers::of(fields.numbers()));
    known.ok().and_then(Result::ok).unwrap_or_else(every)
}
