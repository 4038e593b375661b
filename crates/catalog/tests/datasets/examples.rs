//! Every example is a record, and every field says what it is and where that comes from.

use std::collections::BTreeSet;

use unefois_catalog::Dataset;

use crate::comments::{CONTRACT, example_of};

#[test]
fn the_contract_has_a_dataset_for_every_promise() {
    let ids: Vec<&str> = CONTRACT.catalog.datasets().map(Dataset::id).collect();
    let due = [
        "artist-author-income",
        "bank-details",
        "company-turnover",
        "contact-details",
        "cross-border-income",
        "declared-turnover",
        "employer-certificate",
        "family-quotient",
        "home-service-approval",
        "home-service-spending",
        "job-seeker-registration",
        "monthly-resources",
        "self-employed-affiliation",
        "self-employed-income",
        "social-vigilance-certificate",
        "tax-compliance-certificate",
        "training-contribution-certificate",
        "unemployment-payments",
        "work-interruption",
    ];
    assert_eq!(ids, due);
}

#[test]
fn every_example_is_a_whole_record_with_all_its_fields() {
    for dataset in CONTRACT.catalog.datasets() {
        let id = dataset.id();
        let example = example_of(dataset.message_name()).unwrap_or_else(|| panic!("{id} has no example"));
        let bytes = dataset.from_json(&example).unwrap_or_else(|error| panic!("{id}: {error:?}"));
        let canonical = dataset.canonicalise(&bytes).unwrap_or_else(|invalid| panic!("{invalid}: {}", invalid.field));
        let shown = dataset.to_json(&canonical).unwrap();
        assert_eq!(shown, example, "{id}");
        let set: BTreeSet<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
        let fields: BTreeSet<&str> = dataset.fields().iter().map(|field| field.name.as_str()).collect();
        assert_eq!(set, fields, "{id}");
        dataset.key_of_record(&canonical).unwrap();
    }
}

#[test]
fn canonical_bytes_are_canonical_again() {
    for dataset in CONTRACT.catalog.datasets() {
        let bytes = dataset.from_json(&example_of(dataset.message_name()).unwrap()).unwrap();
        let canonical = dataset.canonicalise(&bytes).unwrap();
        assert_eq!(dataset.canonicalise(&canonical).unwrap(), canonical, "{}", dataset.id());
    }
}

#[test]
fn every_field_of_a_dataset_says_where_it_comes_from() {
    let packages: BTreeSet<&str> = CONTRACT
        .catalog
        .datasets()
        .filter_map(|dataset| dataset.message_name().rsplit_once('.'))
        .map(|(of, _)| of)
        .collect();
    let mut fields = 0;
    for (name, comment) in &CONTRACT.comments {
        let Some((message, field)) = name.rsplit_once('.') else { continue };
        let (package, of) = message.rsplit_once('.').unwrap();
        let is_of_a_record = (packages.contains(package) || package == "unefois.civil.v1")
            && field.chars().next().is_some_and(char::is_lowercase)
            && !of.ends_with("Request")
            && !of.ends_with("Response");
        if is_of_a_record {
            fields += 1;
            let comment = comment.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(comment.contains("Source: "), "{name}: {comment}");
            let is_money = field.ends_with("_cents");
            assert!(!is_money || comment.contains("cents") || CONTRACT.comments[message].contains("cents"), "{name}");
        }
    }
    assert!(fields > 150, "{fields} fields were looked at");
}
