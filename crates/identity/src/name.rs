//! One text for one distinguished name: RFC 4514, as registered rules write issuer and subject.

use std::fmt::Write as _;

use x509_parser::asn1_rs::ToDer as _;
use x509_parser::x509::{AttributeTypeAndValue, RelativeDistinguishedName, X509Name};

/// Descriptors by OID: RFC 4514 section 3, then those of RFC 4519, RFC 2985 and X.520 that French public
/// certificates (RGS, eIDAS) use. Any other type is written as its dotted OID.
const DESCRIPTORS: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.6", "C"),
    ("2.5.4.9", "STREET"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "GN"),
    ("2.5.4.97", "organizationIdentifier"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// The RFC 4514 text of `name`: last RDN first, `,` between RDNs and `+` inside one, without spaces,
/// as `openssl x509 -nameopt RFC2253,-esc_msb` prints it. An empty name gives an empty text.
pub(crate) fn rfc4514(name: &X509Name<'_>) -> String {
    let rdns: Vec<&RelativeDistinguishedName<'_>> = name.iter_rdn().collect();
    let texts: Vec<String> = rdns.into_iter().rev().map(rdn_text).collect();
    texts.join(",")
}

fn rdn_text(rdn: &RelativeDistinguishedName<'_>) -> String {
    let texts: Vec<String> = rdn.iter().map(attribute_text).collect();
    texts.join("+")
}

fn attribute_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let oid = attribute.attr_type().to_id_string();
    let descriptor = DESCRIPTORS.iter().find(|(known, _)| *known == oid);
    match (descriptor, attribute.as_str()) {
        (Some((_, descriptor)), Ok(value)) => format!("{descriptor}={}", escaped(value)),
        (Some((_, descriptor)), Err(_)) => format!("{descriptor}={}", hexadecimal(attribute)),
        (None, _) => format!("{oid}={}", hexadecimal(attribute)),
    }
}

/// RFC 4514 section 2.4: `#` and the hexadecimal of the value's DER, for values that have no text form.
fn hexadecimal(attribute: &AttributeTypeAndValue<'_>) -> String {
    let der = attribute.attr_value().to_der_vec().expect("a value just read from DER is written to DER again");
    der.iter().fold(String::from("#"), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

/// RFC 4514 section 2.4. Control characters are escaped too, which it permits: they would break a log line.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (position, character) in value.chars().enumerate() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', character]),
            '#' if position == 0 => text.push_str("\\#"),
            ' ' if position == 0 || position == last => text.push_str("\\ "),
            control if control.is_ascii_control() => {
                write!(text, "\\{:02X}", u32::from(control)).expect("writing to a string cannot fail");
            }
            plain => text.push(plain),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};

    use super::*;

    fn text_of(attributes: &[(DnType, &str)]) -> String {
        let mut name = DistinguishedName::new();
        for (kind, value) in attributes {
            name.push(kind.clone(), *value);
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = name;
        let certificate = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        let (_, parsed) = x509_parser::parse_x509_certificate(certificate.der()).unwrap();
        rfc4514(parsed.subject())
    }

    #[test]
    fn a_name_is_written_last_attribute_first_without_spaces() {
        let text = text_of(&[
            (DnType::CountryName, "FR"),
            (DnType::OrganizationName, "Caisse d'exemple"),
            (DnType::OrganizationalUnitName, "0002 130025265"),
            (DnType::CommonName, "échanges"),
        ]);
        assert_eq!(text, "CN=échanges,OU=0002 130025265,O=Caisse d'exemple,C=FR");
    }

    #[test]
    fn special_characters_are_escaped_as_rfc_4514_says() {
        for (value, escaped) in [
            ("James \"Jim\" Smith, III", "James \\\"Jim\\\" Smith\\, III"),
            (" a ", "\\ a\\ "),
            (" ", "\\ "),
            ("#1#", "\\#1#"),
            ("a+b;c<d>e\\f=g", "a\\+b\\;c\\<d\\>e\\\\f=g"),
            ("line\nbreak\0", "line\\0Abreak\\00"),
        ] {
            let text = text_of(&[(DnType::CommonName, value)]);
            assert_eq!(text, format!("CN={escaped}"));
        }
    }

    #[test]
    fn an_attribute_cannot_pass_for_two() {
        let forged = text_of(&[(DnType::CommonName, "portail,O=Urssaf")]);
        let real = text_of(&[(DnType::OrganizationName, "Urssaf"), (DnType::CommonName, "portail")]);
        assert_ne!(forged, real);
    }

    #[test]
    fn an_unknown_attribute_is_written_as_its_oid_and_der() {
        let text = text_of(&[(DnType::CustomDnType(vec![1, 3, 6, 1, 4, 1, 1466, 0]), "Hi")]);
        assert_eq!(text, "1.3.6.1.4.1.1466.0=#0c024869");
    }

    #[test]
    fn the_attributes_of_eidas_certificates_have_their_names() {
        let text = text_of(&[
            (DnType::CustomDnType(vec![2, 5, 4, 97]), "NTRFR-130025265"),
            (DnType::CustomDnType(vec![2, 5, 4, 5]), "1"),
        ]);
        assert_eq!(text, "serialNumber=1,organizationIdentifier=NTRFR-130025265");
    }

    #[test]
    fn an_empty_name_is_an_empty_text() {
        assert_eq!(text_of(&[]), "");
    }
}
