//! What a message must be to be a dataset: its canonical bytes are the same in every language.

use std::collections::BTreeSet;

use prost_reflect::{Kind, MessageDescriptor};

/// Every scalar is `optional`; there are no maps, no floats and no messages within themselves.
pub(crate) fn check_shape(message: &MessageDescriptor, above: &mut BTreeSet<String>) -> Result<(), String> {
    if !above.insert(message.full_name().to_owned()) {
        return Err(format!("`{}` holds itself", message.full_name()));
    }
    for field in message.fields() {
        let name = field.full_name();
        match field.kind() {
            Kind::Float | Kind::Double => return Err(format!("`{name}` is a floating-point field")),
            _ if field.is_map() => return Err(format!("`{name}` is a map")),
            Kind::Message(inner) => check_shape(&inner, above)?,
            _ if !field.is_list() && !field.supports_presence() => return Err(format!("`{name}` is not optional")),
            _ => {}
        }
    }
    above.remove(message.full_name());
    Ok(())
}
