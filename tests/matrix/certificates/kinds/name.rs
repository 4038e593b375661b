//! Certificates that name nobody, or somebody whom their authority may not name.

use unefois_testkit::Presented;

use crate::certificates::{
    extension::{ALTERNATIVE_NAMES, Extension, Name},
    kind::{Kind, Refusal},
    recipe::Recipe,
    sound::Sound,
    world::World,
};

/// URIs that are not quite `spiffe://unefois.local/agency/cnaf/system/main`, and what is wrong with each.
const MALFORMED: [(&str, &str); 22] = [
    ("of another scheme", "https://unefois.local/agency/cnaf/system/main"),
    ("of the scheme in capitals", "SPIFFE://unefois.local/agency/cnaf/system/main"),
    ("with a space before it", " spiffe://unefois.local/agency/cnaf/system/main"),
    ("with a trust domain in capitals", "spiffe://Unefois.local/agency/cnaf/system/main"),
    ("with an empty trust domain", "spiffe:///agency/cnaf/system/main"),
    ("with a port", "spiffe://unefois.local:443/agency/cnaf/system/main"),
    ("with a user", "spiffe://cnaf@unefois.local/agency/cnaf/system/main"),
    ("with a dot after its trust domain", "spiffe://unefois.local./agency/cnaf/system/main"),
    ("without a path", "spiffe://unefois.local"),
    ("with the root for a path", "spiffe://unefois.local/"),
    ("without a system", "spiffe://unefois.local/agency/cnaf"),
    ("with an empty segment", "spiffe://unefois.local//agency/cnaf/system/main"),
    ("with an empty agency", "spiffe://unefois.local/agency//system/main"),
    ("with a slash at its end", "spiffe://unefois.local/agency/cnaf/system/main/"),
    ("with a further segment", "spiffe://unefois.local/agency/cnaf/system/main/admin"),
    ("that goes up and down again", "spiffe://unefois.local/agency/urssaf/../cnaf/system/main"),
    ("with a percent sign", "spiffe://unefois.local/agency/cn%61f/system/main"),
    ("with a slash behind a percent sign", "spiffe://unefois.local/agency%2fcnaf/system/main"),
    ("with a query", "spiffe://unefois.local/agency/cnaf/system/main?agency=urssaf"),
    ("with a fragment", "spiffe://unefois.local/agency/cnaf/system/main#admin"),
    ("with an agency in capitals", "spiffe://unefois.local/agency/CNAF/system/main"),
    ("with a zero byte", "spiffe://unefois.local/agency/cnaf/system/main\0"),
];

/// These kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    [Vec::from(alternative_names()), constraints(), partners()].into_iter().flatten().collect()
}

/// The names of [`MALFORMED`], and how each is made.
pub(crate) fn malformed(world: &World) -> Vec<(&'static str, Presented)> {
    let named = |uri: &str| Recipe::client_named(uri).presented(&world.trusted.root);
    let mut all: Vec<_> = MALFORMED.map(|(name, uri)| (name, named(uri))).to_vec();
    let long = format!("spiffe://unefois.local/agency/cnaf/system/{}", "a".repeat(3_000));
    all.push(("of 3000 bytes", named(&long)));
    all
}

fn alternative_names() -> [Kind; 7] {
    let kind = |name, rule, refusal, make| Kind { name, rule, sound: Sound::Plain, make, refusal };
    [
        kind("without alternative names", "20", Refusal::Unknown, |world| {
            Recipe::client().without(ALTERNATIVE_NAMES).presented(&world.trusted.root)
        }),
        kind("with a DNS name only", "20", Refusal::Unknown, |world| {
            Recipe::client().with(Extension::names(&[Name::Dns("main.cnaf.example")])).presented(&world.trusted.root)
        }),
        kind("with its SPIFFE id in a DNS name", "20", Refusal::Unknown, |world| {
            let name = Name::Dns("spiffe://unefois.local/agency/cnaf/system/main");
            Recipe::client().with(Extension::names(&[name])).presented(&world.trusted.root)
        }),
        kind("with two SPIFFE ids", "21", several(), |world| {
            two(world, "spiffe://unefois.local/agency/operator/system/main")
        }),
        kind("with a SPIFFE id and another URI", "21", several(), |world| two(world, "https://cnaf.example/main")),
        kind("with a SPIFFE id of another trust domain", "22", Refusal::Unknown, |world| {
            Recipe::client_named("spiffe://elsewhere.example/agency/cnaf/system/main").presented(&world.trusted.root)
        }),
        kind("with a SPIFFE id of an agency that is not registered", "23", Refusal::Unknown, |world| {
            Recipe::client_named("spiffe://unefois.local/agency/nobody/system/main").presented(&world.trusted.root)
        }),
    ]
}

fn several() -> Refusal {
    Refusal::Alert("CertificateUnknown", "the certificate has several URIs among its alternative names")
}

fn constraints() -> Vec<Kind> {
    let kind = |name, sound, make| Kind {
        name,
        rule: "24",
        sound,
        make,
        refusal: Refusal::Alert("CertificateUnknown", "NameConstraintViolation"),
    };
    vec![
        kind("with a URI, of an authority that may vouch for none", Sound::WithoutUri, |world| {
            Recipe::client().presented(&world.trusted.without_uris)
        }),
        kind("with a URI, of an authority that may vouch for some", Sound::OtherConstraints, |world| {
            Recipe::client().presented(&world.trusted.of_one_host)
        }),
        kind("with a DNS name that its authority may not vouch for", Sound::OtherConstraints, |world| {
            let uri = Name::Uri(b"spiffe://unefois.local/agency/cnaf/system/main".to_vec());
            let names = Extension::names(&[uri, Name::Dns("main.urssaf.example")]);
            Recipe::client().with(names).presented(&world.trusted.of_one_zone)
        }),
        kind("below an authority that may vouch for no URI", Sound::Intermediate, |world| {
            let constrained = Extension::excluding(&Name::Uri(b"unefois.local".to_vec()));
            let intermediate = Recipe::authority("intermediate", None).with(constrained).below(&world.trusted.root);
            Recipe::client().presented(&intermediate)
        }),
    ]
}

fn partners() -> Vec<Kind> {
    let kind = |name, rule, make| Kind { name, rule, sound: Sound::Partner, make, refusal: Refusal::Unknown };
    vec![
        kind("of a partner that is not registered", "25", |world| {
            Recipe::client().without(ALTERNATIVE_NAMES).presented(&world.trusted.partner)
        }),
        kind("of a partner that claims a SPIFFE id of ours", "26", |world| {
            Recipe::client_named("spiffe://unefois.local/agency/operator/system/main").presented(&world.trusted.partner)
        }),
    ]
}

fn two(world: &World, other: &str) -> Presented {
    let uris = ["spiffe://unefois.local/agency/cnaf/system/main", other];
    let names = uris.map(|uri| Name::Uri(uri.as_bytes().to_vec()));
    Recipe::client().with(Extension::names(&names)).presented(&world.trusted.root)
}
