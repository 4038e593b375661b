//! What ties an answer to the question: every value of the natural key, and the subject.

use unefois_catalog::Dataset;
use unefois_core::IdentifierKind;

use super::InvalidInterface;
use super::ask::Ask;
use crate::interface::path::Path;
use crate::interface::rule::{Fields, Presence, Rows, Rule};
use crate::interface::subject::Named;
use crate::interface::template::Hole;

/// The values of the key that the question asks by and the answer is not read for.
///
/// Every value is asked by, selected by, or read: otherwise an answer about another would do.
pub(super) fn key_of_question(
    ask: &Ask,
    rows: Option<&Rows>,
    fields: &Fields,
    dataset: &Dataset,
) -> Result<Vec<Path>, InvalidInterface> {
    let mut asked: Vec<&Path> = selected_by(rows, fields).collect();
    for hole in ask.asked() {
        if let Hole::Key(path) = hole {
            asked.push(path);
        }
    }
    let is_bound = |value: &str| {
        let value = Path::parse(value).expect("the names of fields have no dots");
        fields.0.iter().any(|(place, _)| place.leads_to(&value)) || asked.iter().any(|path| path.leads_to(&value))
    };
    if let Some(value) = dataset.unbound_key_value(&is_bound) {
        let rule = format!("key field `{value}` is neither in `ask`, nor in a `where`, nor among the fields");
        return Err(InvalidInterface::new("fields", rule));
    }
    let is_read = |path: &Path| fields.0.iter().any(|(place, _)| place.leads_to(path));
    Ok(asked.into_iter().filter(|path| !is_read(path)).cloned().collect())
}

/// By what items of a list are selected. A list that may be missing selects nothing: the answer without it would do.
fn selected_by<'a>(rows: Option<&'a Rows>, fields: &'a Fields) -> impl Iterator<Item = &'a Path> {
    let of_fields = fields.0.iter().filter_map(|(_, rule)| match rule {
        Rule::Each { within, presence: Presence::Required, .. } => within.as_ref(),
        Rule::Each { presence: Presence::Optional, .. } | Rule::Fixed(_) | Rule::From { .. } => None,
    });
    let of_rows = rows.into_iter().filter_map(|rows| rows.within.as_ref());
    of_fields.chain(of_rows).map(|within| &within.key)
}

/// How the question names the subject: otherwise the answer about anybody would be taken for the subject's.
pub(super) fn named(ask: &Ask, dataset: &Dataset) -> Result<Named, InvalidInterface> {
    let is_asked = |name: &str| ask.asked().any(|hole| matches!(hole, Hole::Key(path) if path.names() == [name]));
    let in_key = dataset.natural_key().filter(|name| is_asked(name)).filter_map(|name| {
        let field = dataset.fields().iter().find(|field| field.name == name)?;
        Some((field.name.clone(), of_catalog(field.identifier?)))
    });
    let in_key: Vec<_> = in_key.collect();
    if ask.asked().any(|hole| matches!(hole, Hole::Subject(_))) {
        return Ok(Named::BySubject(in_key));
    }
    if in_key.is_empty() {
        let rule = "it does not name the subject: `{subject.…}`, or a key field that is its identifier, is in `path` or \
                    `query`";
        return Err(InvalidInterface::new("ask", rule));
    }
    Ok(Named::ByKey(in_key))
}

fn of_catalog(kind: unefois_catalog::IdentifierKind) -> IdentifierKind {
    match kind {
        unefois_catalog::IdentifierKind::Nir => IdentifierKind::Nir,
        unefois_catalog::IdentifierKind::Siren => IdentifierKind::Siren,
        unefois_catalog::IdentifierKind::Siret => IdentifierKind::Siret,
        unefois_catalog::IdentifierKind::Spi => IdentifierKind::Spi,
    }
}
