//! Documents inside records: bytes, media type and digest agree, or the record is refused.

use serde_json::{Value, json};
use unefois_catalog::Dataset;

use crate::comments::{CONTRACT, example_of};

fn certificate() -> &'static Dataset {
    CONTRACT.catalog.dataset("tax-compliance-certificate").unwrap()
}

fn published(change: impl FnOnce(&mut Value)) -> Result<Value, (String, String)> {
    let mut record = example_of(certificate().message_name()).unwrap();
    change(&mut record["document"]);
    let bytes = certificate().from_json(&record).unwrap();
    let canonical = certificate().canonicalise(&bytes).map_err(|invalid| (invalid.field, invalid.rule))?;
    Ok(certificate().to_json(&canonical).unwrap())
}

#[test]
fn a_digest_that_is_left_out_is_added() {
    let due = example_of(certificate().message_name()).unwrap();
    let completed = published(|document| drop(document.as_object_mut().unwrap().remove("sha256")));
    assert_eq!(completed, Ok(due));
}

#[test]
fn a_document_that_is_not_what_it_says_is_refused() {
    let refused = |field: &str, value: Value| published(|document| document[field] = value).unwrap_err();
    let not_a_pdf = ("document.content".to_owned(), "it is not a whole PDF".to_owned());
    assert_eq!(refused("content", json!("")), not_a_pdf);
    // `PK`, an archive; `%PDF-` and nothing more; a PDF behind something else.
    assert_eq!(refused("content", json!("UEsDBA==")), not_a_pdf);
    assert_eq!(refused("content", json!("JVBERi0=")), not_a_pdf);
    assert_eq!(refused("content", json!("WCVQREYtMS40CiUlRU9GCg==")), not_a_pdf);
    let of_another = ("document.media_type".to_owned(), "it is not that of the content".to_owned());
    assert_eq!(refused("media_type", json!("text/html")), of_another);
    let other_digest = ("document.sha256".to_owned(), "it is not the digest of the content".to_owned());
    assert_eq!(refused("sha256", json!("AAAA")), other_digest);
    assert_eq!(refused("sha256", json!("")), other_digest);
    // Another whole PDF under the digest of the first.
    assert_eq!(refused("content", json!("JVBERi0xLjQKJSVFT0YK")), other_digest);
    let nameless = published(|document| drop(document.as_object_mut().unwrap().remove("media_type")));
    assert_eq!(nameless, Err(of_another));
}

#[test]
fn a_certificate_without_a_document_is_a_record() {
    let mut record = example_of(certificate().message_name()).unwrap();
    record.as_object_mut().unwrap().remove("document");
    let bytes = certificate().from_json(&record).unwrap();
    assert_eq!(certificate().canonicalise(&bytes).unwrap(), bytes);
    assert_eq!(certificate().documents_size_bytes(&bytes), Ok(0));
}

#[test]
fn the_size_of_a_document_is_that_of_its_content() {
    let bytes = certificate().from_json(&example_of(certificate().message_name()).unwrap()).unwrap();
    assert!(certificate().holds_document());
    assert_eq!(certificate().documents_size_bytes(&bytes), Ok(77));
    let turnover = CONTRACT.catalog.dataset("declared-turnover").unwrap();
    assert!(!turnover.holds_document());
    assert_eq!(turnover.documents_size_bytes(&[]), Ok(0));
}
