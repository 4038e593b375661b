//! Events as CloudEvents.

use unefois_broker::{Delivery, Failure, Hub};
use unefois_core::{Event, Gap, Reason};
use unefois_proto::{
    pb::{
        io::cloudevents::v1::{
            CloudEvent,
            cloud_event::{CloudEventAttributeValue, Data, cloud_event_attribute_value::Attr},
        },
        subscription::v1 as wire,
    },
    timestamp_to_wire,
};

/// Before the full name of a message in an `Any`.
const TYPE_URL: &str = "type.googleapis.com/";

/// A telling of an event, to the wire. The person is in no attribute.
pub(super) fn delivery_to_wire(hub: &Hub, delivery: Delivery) -> Result<wire::Delivery, Failure> {
    let Delivery { event, agreement, dataset_major, data, cursor, attempt, gap, exchange_id, .. } = delivery;
    let Event { id, dataset, kind, revision, recorded_at, traceparent, .. } = event;
    let known = hub.catalog().version(dataset.as_str(), dataset_major);
    let message = known.ok_or_else(|| Failure::new(Reason::DatasetUnknown))?.message_name();
    let mut attributes = vec![
        ("time", Attr::CeTimestamp(timestamp_to_wire(recorded_at))),
        ("datacontenttype", Attr::CeString("application/protobuf".to_owned())),
        ("dataschema", Attr::CeUriRef(message.to_owned())),
        ("sequence", Attr::CeString(cursor)),
        ("agreement", Attr::CeString(agreement.to_string())),
        ("revision", Attr::CeString(revision.to_string())),
    ];
    attributes.extend(traceparent.map(|traceparent| ("traceparent", Attr::CeString(traceparent))));
    if gap == Gap::MissingBefore {
        attributes.push(("missingbefore", Attr::CeBoolean(true)));
    }
    let named = |(name, attr): (&str, Attr)| (name.to_owned(), CloudEventAttributeValue { attr: Some(attr) });
    let told = CloudEvent {
        id: id.0.to_string(),
        source: format!("/unefois/{}", hub.name()),
        spec_version: "1.0".to_owned(),
        r#type: kind.cloud_event_type(&dataset, dataset_major),
        attributes: attributes.into_iter().map(named).collect(),
        data: Some(Data::ProtoData(prost_types::Any { type_url: format!("{TYPE_URL}{message}"), value: data })),
    };
    Ok(wire::Delivery { event: Some(told), attempt, exchange_id: exchange_id.to_string() })
}
