//! The values that a natural key consists of, down to the last: a month is its year and its month.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::dataset::Dataset;

impl Dataset {
    /// The path of the first value of the natural key, such as `month.year`, of which `is_bound` says no; `None` when
    /// every value is bound. Where the contract has alternatives (`oneof`), one of them is enough.
    #[must_use]
    pub fn unbound_key_value(&self, is_bound: &dyn Fn(&str) -> bool) -> Option<String> {
        let fields = self.natural_key().filter_map(|name| self.message.get_field_by_name(name));
        fields.into_iter().find_map(|field| unbound_of_field(&field, field.name(), is_bound))
    }
}

fn unbound_of_field(field: &FieldDescriptor, path: &str, is_bound: &dyn Fn(&str) -> bool) -> Option<String> {
    match field.kind() {
        Kind::Message(message) if !field.is_list() => unbound_of_message(&message, path, is_bound),
        _ => (!is_bound(path)).then(|| path.to_owned()),
    }
}

fn unbound_of_message(message: &MessageDescriptor, path: &str, is_bound: &dyn Fn(&str) -> bool) -> Option<String> {
    let unbound = |field: &FieldDescriptor| unbound_of_field(field, &format!("{path}.{}", field.name()), is_bound);
    // An `optional` scalar is a choice too, by the letter: of one.
    let alone = message.fields().filter(|field| field.containing_oneof().is_none());
    let choices = message.oneofs().filter_map(|choice| {
        let of_each: Option<Vec<String>> = choice.fields().map(|field| unbound(&field)).collect();
        of_each.and_then(|unbound| unbound.into_iter().next())
    });
    alone.filter_map(|field| unbound(&field)).chain(choices).next()
}
