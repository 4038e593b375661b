//! What differs between two versions of an item, a line for each property, in words for a person.

use std::fmt::Display;

/// One property of an item, as registry files name it.
pub(super) struct Property {
    key: &'static str,
    items: Vec<String>,
}

impl Property {
    /// A property of one value.
    pub(super) fn one(key: &'static str, value: &(impl Display + ?Sized)) -> Self {
        Self { key, items: vec![value.to_string()] }
    }

    /// A property that may have no value.
    pub(super) fn maybe(key: &'static str, value: Option<&impl Display>) -> Self {
        Self { key, items: value.map(|value| value.to_string()).into_iter().collect() }
    }

    /// A list.
    pub(super) fn list(key: &'static str, items: impl IntoIterator<Item: Display>) -> Self {
        Self { key, items: items.into_iter().map(|item| item.to_string()).collect() }
    }

    fn created(&self) -> Option<String> {
        (!self.items.is_empty()).then(|| format!("{}: {}", self.key, self.items.join(", ")))
    }

    /// `fields: + status, - amounts` for a list, `title: old → new` for what was replaced or put in another order.
    fn changed(&self, before: &Self) -> Option<String> {
        if self.items == before.items {
            return None;
        }
        let added: Vec<_> = self.items.iter().filter(|item| !before.items.contains(item)).collect();
        let removed: Vec<_> = before.items.iter().filter(|item| !self.items.contains(item)).collect();
        let replaced = before.items.len() == 1 && self.items.len() == 1;
        if replaced || (added.is_empty() && removed.is_empty()) {
            return Some(format!("{}: {} → {}", self.key, before.items.join(", "), self.items.join(", ")));
        }
        let added = added.into_iter().map(|item| format!("+ {item}"));
        let removed = removed.into_iter().map(|item| format!("- {item}"));
        Some(format!("{}: {}", self.key, added.chain(removed).collect::<Vec<_>>().join(", ")))
    }
}

/// The lines of an item: all that it has when it is new, otherwise what differs. Both lists of properties have the same
/// keys in the same order, because one function made them.
pub(super) fn lines(before: Option<&[Property]>, after: &[Property]) -> Vec<String> {
    match before {
        None => after.iter().filter_map(Property::created).collect(),
        Some(before) => after.iter().zip(before).filter_map(|(after, before)| after.changed(before)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Property, lines};

    fn changed(before: Property, after: Property) -> Vec<String> {
        lines(Some(&[before]), &[after])
    }

    #[test]
    fn a_list_says_what_came_and_what_went() {
        let before = Property::list("fields", ["siren", "amounts"]);
        assert_eq!(changed(before, Property::list("fields", ["siren", "status"])), ["fields: + status, - amounts"]);
    }

    #[test]
    fn another_order_is_shown_because_it_counts() {
        let before = Property::list("fields", ["siren", "status"]);
        let line = "fields: siren, status → status, siren";
        assert_eq!(changed(before, Property::list("fields", ["status", "siren"])), [line]);
    }

    #[test]
    fn a_value_that_comes_goes_or_is_replaced_is_shown() {
        let quota = |value: Option<u64>| Property::maybe("daily-quota", value.as_ref());
        assert_eq!(changed(quota(None), quota(Some(5))), ["daily-quota: + 5"]);
        assert_eq!(changed(quota(Some(5)), quota(None)), ["daily-quota: - 5"]);
        assert_eq!(changed(quota(Some(5)), quota(Some(6))), ["daily-quota: 5 → 6"]);
    }

    #[test]
    fn a_new_item_shows_what_it_has() {
        let after = [Property::one("title", "Benefits"), Property::maybe("valid-until", None::<&String>)];
        assert_eq!(lines(None, &after), ["title: Benefits"]);
    }
}
