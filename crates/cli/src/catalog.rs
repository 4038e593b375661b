//! `unefois catalog`: what is exchanged, and who provides it to whom, without a hub.

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};
use unefois_catalog::{Catalog, Dataset, DescribedField};
use unefois_core::{Agreement, RegistryFile};

use crate::{
    arguments::{CatalogCommand, Registry},
    client,
    config::Config,
    contract, output,
};

/// Where no registry is given.
const DEMONSTRATION: &str = include_str!("../../../deploy/demonstration/registry.toml");

pub(crate) fn run(command: CatalogCommand, config: Option<&Path>) -> anyhow::Result<()> {
    let catalog = contract::load(&Config::load(config)?.catalog)?;
    match command {
        CatalogCommand::List { registry, json } => {
            let registry = read(&registry)?;
            if json {
                output::json(&catalog.datasets().map(|dataset| summary(dataset, &registry)).collect());
            } else {
                print_list(&catalog, &registry);
            }
            Ok(())
        }
        CatalogCommand::Show { dataset, major, registry, json } => {
            let registry = read(&registry)?;
            let dataset = find(&catalog, &dataset, major)?;
            if json {
                output::json(&whole(dataset, &registry));
            } else {
                print_one(dataset, &registry);
            }
            Ok(())
        }
    }
}

fn find<'c>(catalog: &'c Catalog, id: &str, major: Option<u32>) -> anyhow::Result<&'c Dataset> {
    match major {
        Some(major) => catalog
            .version(id, major)
            .with_context(|| format!("there is no dataset `{id}` of the major version {major}")),
        None => catalog.majors(id).last().with_context(|| {
            let mut known: Vec<&str> = catalog.datasets().map(Dataset::id).collect();
            known.dedup();
            format!("there is no dataset `{id}`; there are: {}", known.join(", "))
        }),
    }
}

fn read(registry: &Registry) -> anyhow::Result<RegistryFile> {
    let (text, name) = match &registry.registry {
        Some(file) => (client::read(file)?, file.display().to_string()),
        None => (DEMONSTRATION.to_owned(), "the registry of the demonstration".to_owned()),
    };
    toml::from_str(&text).with_context(|| format!("`{name}` is not a registry file"))
}

/// The agencies that may publish it.
fn providers<'r>(dataset: &Dataset, registry: &'r RegistryFile) -> Vec<&'r str> {
    let may = registry.agencies.iter().filter(|agency| agency.datasets.iter().any(|id| id.as_str() == dataset.id()));
    may.map(|agency| agency.code.as_str()).collect()
}

/// The agreements on it in this major version.
fn agreements<'r>(dataset: &Dataset, registry: &'r RegistryFile) -> impl Iterator<Item = &'r Agreement> {
    let (id, major) = (dataset.id().to_owned(), dataset.major());
    let on_it = move |agreement: &&Agreement| agreement.dataset.as_str() == id && agreement.dataset_major == major;
    registry.agreements.iter().filter(on_it)
}

/// Each provider and consumer that have an agreement, once.
fn pairs(dataset: &Dataset, registry: &RegistryFile) -> Vec<String> {
    let mut pairs: Vec<String> = agreements(dataset, registry)
        .map(|agreement| format!("{} → {}", agreement.provider, agreement.consumer))
        .collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn summary(dataset: &Dataset, registry: &RegistryFile) -> Value {
    json!({
        "dataset": dataset.id(),
        "major": dataset.major(),
        "french_name": dataset.french_name(),
        "meaning": dataset.meaning(),
        "rows": dataset.rows(),
        "providers": providers(dataset, registry),
        "agreements": agreements(dataset, registry).map(agreement_json).collect::<Value>(),
    })
}

fn whole(dataset: &Dataset, registry: &RegistryFile) -> Value {
    let mut whole = summary(dataset, registry);
    whole["message"] = json!(dataset.message_name());
    whole["about"] = json!(dataset.subject_kind().name());
    whole["natural_key"] = json!(dataset.natural_key().collect::<Vec<_>>());
    whole["fields"] = dataset.described().iter().map(field_json).collect();
    whole["example"] = dataset.example().unwrap_or_default();
    whole
}

fn agreement_json(agreement: &Agreement) -> Value {
    json!({
        "id": agreement.id.as_str(),
        "provider": agreement.provider.as_str(),
        "consumer": agreement.consumer.as_str(),
        "purpose": agreement.purpose.code(),
        "legal_basis": agreement.legal_basis.code(),
        "fields": agreement.fields.iter().map(|field| field.as_str()).collect::<Vec<_>>(),
    })
}

fn field_json(field: &DescribedField) -> Value {
    let DescribedField { path, unit, sensitivity, meaning, source } = field;
    json!({"path": path, "unit": unit, "sensitivity": sensitivity.name(), "meaning": meaning, "source": source})
}

fn print_list(catalog: &Catalog, registry: &RegistryFile) {
    let mut table = output::table(&["dataset", "en français", "rows", "who provides it to whom"]);
    for dataset in catalog.datasets() {
        let name = match dataset.major() {
            1 => dataset.id().to_owned(),
            major => format!("{} ({major})", dataset.id()),
        };
        let (rows, whom) = (dataset.rows().join(" "), pairs(dataset, registry).join("\n"));
        table.add_row([name, dataset.french_name().to_owned(), rows, whom]);
    }
    output::print_line!("{table}");
}

fn print_one(dataset: &Dataset, registry: &RegistryFile) {
    output::print_line!("{} ({}), major version {}", dataset.id(), dataset.french_name(), dataset.major());
    output::print_line!("{}\n", dataset.meaning());
    output::print_line!("about:       {}", dataset.subject_kind().name());
    output::print_line!("message:     {}", dataset.message_name());
    output::print_line!("key:         {}", dataset.natural_key().collect::<Vec<_>>().join(", "));
    output::print_line!("rows:        {}", dataset.rows().join(" "));
    output::print_line!("provided by: {}", providers(dataset, registry).join(", "));
    let mut fields = output::table(&["field", "unit", "sensitivity", "meaning", "source"]);
    for DescribedField { path, unit, sensitivity, meaning, source } in dataset.described() {
        fields.add_row([path, unit, sensitivity.name().to_owned(), meaning, source]);
    }
    output::print_line!("{fields}");
    let mut agreed = output::table(&["agreement", "who to whom", "purpose", "legal basis", "fields"]);
    for Agreement { id, provider, consumer, purpose, legal_basis, fields, .. } in agreements(dataset, registry) {
        let names: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
        let (who, basis) = (format!("{provider} → {consumer}"), legal_basis.code().to_owned());
        agreed.add_row([id.to_string(), who, purpose.code().to_owned(), basis, names.join(", ")]);
    }
    output::print_line!("{agreed}");
}
