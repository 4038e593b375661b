//! The page of the catalogue: what the contract and the registry of the demonstration say of each dataset.

use anyhow::Context;
use unefois_catalog::{Catalog, Dataset, DescribedField, FolderLimits};
use unefois_core::{Agreement, RegistryFile};

use crate::shell::top;

const REGISTRY: &str = "deploy/demonstration/registry.toml";

/// The catalogue of the contract as it stands in the repository, built or not.
pub(crate) fn of_the_repository() -> anyhow::Result<Catalog> {
    Catalog::load_with_folders(&[], [top().join("proto")], FolderLimits::default())
        .context("the contract in `proto/` is not valid")
}

pub(crate) fn page() -> anyhow::Result<String> {
    let catalog = of_the_repository()?;
    let registry =
        std::fs::read_to_string(top().join(REGISTRY)).with_context(|| format!("cannot read `{REGISTRY}`"))?;
    let registry: RegistryFile = toml::from_str(&registry).with_context(|| format!("`{REGISTRY}` is not valid"))?;
    let mut text = String::from(
        "# The catalogue\n\nWhat is exchanged, and who provides it to whom in the registry of the demonstration. \
         `unefois catalog` says the same of any registry file. Generated from the contract by `cargo xtask docs`.\n\n\
         | Dataset | En français | Rows | About |\n|---|---|---|---|\n",
    );
    for dataset in catalog.datasets() {
        let (rows, about) = (dataset.rows().join(" "), dataset.subject_kind().name());
        text += &format!(
            "| [{0}](#{1}) | {2} | {rows} | {about} |\n",
            title(dataset),
            anchor(dataset),
            dataset.french_name()
        );
    }
    for dataset in catalog.datasets() {
        text += &section(dataset, &registry);
    }
    Ok(text)
}

fn title(dataset: &Dataset) -> String {
    match dataset.major() {
        1 => dataset.id().to_owned(),
        major => format!("{} {major}", dataset.id()),
    }
}

fn anchor(dataset: &Dataset) -> String {
    title(dataset).replace(' ', "-")
}

fn section(dataset: &Dataset, registry: &RegistryFile) -> String {
    let key: Vec<String> = dataset.natural_key().map(|name| format!("`{name}`")).collect();
    let mut text = format!(
        "\n## {}\n\n{}\n\n`{}`, known by {}.\n\n| Field | Unit | Sensitivity | Meaning | Source |\n|---|---|---|---|---|\n",
        title(dataset),
        dataset.meaning(),
        dataset.message_name(),
        key.join(", ")
    );
    for DescribedField { path, unit, sensitivity, meaning, source } in dataset.described() {
        let (meaning, source) = (cell(&meaning), cell(&source));
        text += &format!("| `{path}` | {unit} | {} | {meaning} | {source} |\n", sensitivity.name());
    }
    text += "\n| Agreement | Who to whom | Operations | Purpose | Legal basis | Fields |\n|---|---|---|---|---|---|\n";
    let on_it = |agreement: &&Agreement| {
        (agreement.dataset.as_str(), agreement.dataset_major) == (dataset.id(), dataset.major())
    };
    for agreement in registry.agreements.iter().filter(on_it) {
        let Agreement { id, provider, consumer, purpose, legal_basis, fields, .. } = agreement;
        let fields: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
        let (purpose, basis, fields) = (purpose.code(), legal_basis.code(), fields.join(", "));
        let operations = operations(agreement);
        text += &format!("| `{id}` | {provider} → {consumer} | {operations} | {purpose} | `{basis}` | {fields} |\n");
    }
    text
}

/// What may be done under an agreement; whom a `push` is about, where it is not about open dossiers only.
fn operations(agreement: &Agreement) -> String {
    let codes: Vec<&str> = agreement.operations.iter().map(|operation| operation.code()).collect();
    let about = if agreement.whole_population { " (whole population)" } else { "" };
    format!("{}{about}", codes.join(", "))
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
