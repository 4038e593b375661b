//! `unefois subscribe`: prints what is told of a subscription, as it comes.

use std::path::Path;

use unefois_catalog::Catalog;
use unefois_client::{ReceiveFrom, Receiver, ReceiverSettings, Told, cursor_of};
use unefois_proto::{
    pb::{
        io::cloudevents::v1::{
            CloudEvent,
            cloud_event::{CloudEventAttributeValue, Data, cloud_event_attribute_value::Attr},
        },
        subscription::v1::Delivery,
    },
    timestamp_from_wire, timestamp_to_wire,
};

use crate::{
    arguments::{HubArguments, SubscribeOptions},
    client,
    config::Config,
    contract, output, subscription,
};

pub(crate) async fn run(options: SubscribeOptions, config: Option<&Path>, hub: HubArguments) -> anyhow::Result<()> {
    let SubscribeOptions { subscription: called, ack, count, window, from, since, json } = options;
    let catalog = contract::load(&Config::load(config)?.catalog)?;
    let connection = client::connect(&client::settings(config, hub)?).await?;
    let subscription_id = subscription::id_of(&connection, called).await?;
    let from = match (from, since) {
        (Some(cursor), _) => ReceiveFrom::Cursor(cursor),
        (None, Some(at)) => ReceiveFrom::RecordedAt(timestamp_to_wire(at)),
        (None, None) => ReceiveFrom::Acknowledged,
    };
    let settings = ReceiverSettings { window, from, ..ReceiverSettings::of(subscription_id) };
    let mut receiver = Receiver::new(connection, settings);
    let mut left = count;
    while left != Some(0) {
        match receiver.next().await? {
            Told::Event(delivery) => {
                print(&catalog, &delivery, json)?;
                if ack {
                    receiver.acknowledge(cursor_of(&delivery)).await;
                }
                left = left.map(|left| left - 1);
            }
            Told::Holds(reason) => output::error_line!("nothing is told for now: {reason}"),
            Told::GoesOn => output::error_line!("it goes on"),
        }
    }
    receiver.close().await;
    Ok(())
}

fn print(catalog: &Catalog, delivery: &Delivery, json: bool) -> anyhow::Result<()> {
    let Delivery { event, attempt, exchange_id } = delivery;
    let event = event.clone().unwrap_or_default();
    let record = record(catalog, &event)?;
    let attribute = |name: &str| text(event.attributes.get(name));
    if json {
        let attributes = event.attributes.iter().map(|(name, value)| (name.clone(), text(Some(value)).into()));
        let attributes: serde_json::Map<String, serde_json::Value> = attributes.collect();
        output::json(&serde_json::json!({
            "id": event.id, "source": event.source, "type": event.r#type, "attributes": attributes, "data": record,
            "attempt": attempt, "exchange_id": exchange_id,
        }));
        return Ok(());
    }
    let mut table = output::table(&[event.r#type.as_str(), &attribute("time")]);
    for (field, value) in record.as_object().into_iter().flatten() {
        table.add_row([field.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned)]);
    }
    output::print_line!("{table}");
    let missing = if attribute("missingbefore").is_empty() { "" } else { "; an earlier event is missing" };
    output::print_line!("event {}, attempt {attempt}, recorded as {exchange_id}{missing}", event.id);
    Ok(())
}

/// The record as JSON; null where this program does not know its dataset.
fn record(catalog: &Catalog, event: &CloudEvent) -> anyhow::Result<serde_json::Value> {
    let Some(Data::ProtoData(data)) = &event.data else { return Ok(serde_json::Value::Null) };
    let mut parts = event.r#type.split('.');
    let (dataset, major) = (parts.nth(1), parts.nth(1));
    let major = major.and_then(|major| major.strip_prefix('v')?.parse().ok());
    let known = dataset.zip(major).and_then(|(dataset, major)| catalog.version(dataset, major));
    Ok(match known {
        Some(dataset) => dataset.to_json(&data.value)?,
        None => serde_json::Value::Null,
    })
}

fn text(value: Option<&CloudEventAttributeValue>) -> String {
    match value.and_then(|value| value.attr.as_ref()) {
        Some(Attr::CeString(text) | Attr::CeUri(text) | Attr::CeUriRef(text)) => text.clone(),
        Some(Attr::CeBoolean(true)) => "true".to_owned(),
        Some(Attr::CeInteger(number)) => number.to_string(),
        Some(Attr::CeTimestamp(at)) => {
            timestamp_from_wire(*at).map(|at| output::instant(at.as_microsecond())).unwrap_or_default()
        }
        Some(Attr::CeBytes(bytes)) => output::hexadecimal(bytes),
        Some(Attr::CeBoolean(false)) | None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_shown_in_the_words_of_its_dataset_and_major_version() {
        let catalog = Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET).unwrap();
        let known = catalog.version("declared-turnover", 1).unwrap();
        let record_of = |kind: &str, value: Vec<u8>| {
            let data = Some(Data::ProtoData(prost_types::Any { type_url: String::new(), value }));
            record(&catalog, &CloudEvent { r#type: kind.to_owned(), data, ..CloudEvent::default() })
        };
        let json = serde_json::json!({"siren": "732829320"});
        let bytes = known.from_json(&json).unwrap();
        assert_eq!(record_of("unefois.declared-turnover.created.v1", bytes.clone()).unwrap(), json);
        for unknown in ["unefois.declared-turnover.created.v9", "unefois.nothing.created.v1", "created", ""] {
            assert!(record_of(unknown, bytes.clone()).unwrap().is_null(), "{unknown}");
        }
    }
}
