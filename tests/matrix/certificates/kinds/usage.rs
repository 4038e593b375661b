//! Certificates that are good for something else.

use unefois_testkit::Presented;

use crate::certificates::{
    extension::{
        ANY_PURPOSE, CODE_SIGNING, CRL_SIGN, Critical, DIGITAL_SIGNATURE, EXTENDED_KEY_USAGE, Extension, KEY_AGREEMENT,
        KEY_CERT_SIGN, SERVER_AUTH,
    },
    kind::{Kind, Refusal},
    recipe::Recipe,
    sound::{Make, Sound},
    world::World,
};

/// These kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    [purposes(), key_usages(), authorities()].into_iter().flatten().collect()
}

fn kind(name: &'static str, rule: &'static str, refusal: Refusal, make: Make) -> Kind {
    Kind { name, rule, sound: Sound::Plain, make, refusal }
}

fn purposes() -> Vec<Kind> {
    let purpose = || Refusal::Alert("UnsupportedCertificate", "does not allow extended key usage for client");
    vec![
        kind("for servers only", "14", purpose(), |world| with(world, Extension::purposes(&[SERVER_AUTH]))),
        kind("for signing code", "14", purpose(), |world| with(world, Extension::purposes(&[CODE_SIGNING]))),
        kind("for any purpose", "14", purpose(), |world| with(world, Extension::purposes(&[ANY_PURPOSE]))),
        kind("for no purpose", "14", Refusal::Alert("CertificateUnknown", "EmptyEkuExtension"), |world| {
            with(world, Extension::new(EXTENDED_KEY_USAGE, Critical::No, vec![0x30, 0]))
        }),
        kind("the hub's own", "14", purpose(), |world| file_pair(world, "hub-server")),
    ]
}

fn key_usages() -> Vec<Kind> {
    let authority = || Refusal::Alert("CertificateUnknown", "permits to sign certificates or revocation lists");
    let no_signature = || Refusal::Alert("CertificateUnknown", "its key usage does not permit digital signatures");
    vec![
        kind("to agree on keys only", "15", no_signature(), |world| with(world, Extension::key_usage(KEY_AGREEMENT))),
        kind("to sign certificates only", "16", authority(), |world| with(world, Extension::key_usage(KEY_CERT_SIGN))),
        kind("to sign certificates too", "16", authority(), |world| {
            with(world, Extension::key_usage(DIGITAL_SIGNATURE | KEY_CERT_SIGN))
        }),
        kind("to sign revocation lists too", "16", authority(), |world| {
            with(world, Extension::key_usage(DIGITAL_SIGNATURE | CRL_SIGN))
        }),
    ]
}

fn authorities() -> Vec<Kind> {
    let used = || Refusal::Alert("CertificateUnknown", "CaUsedAsEndEntity");
    vec![
        kind("of an authority, with the name of a client", "13", used(), |world| {
            with(world, Extension::authority(None))
        }),
        kind("of the trusted authority itself", "13", used(), |world| file_pair(world, "ca")),
        kind("of an intermediate authority", "13", used(), |world| {
            Recipe::authority("intermediate", None).presented(&world.trusted.root)
        }),
    ]
}

fn with(world: &World, extension: Extension) -> Presented {
    Recipe::client().with(extension).presented(&world.trusted.root)
}

/// A certificate of the hub's own folder, with its key.
fn file_pair(world: &World, name: &str) -> Presented {
    Presented::read(&world.house.path().join("pki").join(name).with_extension("pem"))
}
