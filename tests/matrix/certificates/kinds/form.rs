//! Certificates that are not what X.509 says a certificate is, or not now.

use jiff::SignedDuration;
use unefois_testkit::Presented;

use crate::certificates::{
    extension::{ALTERNATIVE_NAMES, Critical, Extension},
    kind::{Kind, Refusal},
    openssl::Key,
    recipe::{Recipe, Signature},
    sound::Sound,
    world::World,
};

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// These kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    [presence(), validity(), encoding(), serial()].into_iter().flatten().collect()
}

fn kind(name: &'static str, rule: &'static str, refusal: Refusal, make: fn(&World) -> Presented) -> Kind {
    Kind { name, rule, sound: Sound::Plain, make, refusal }
}

fn presence() -> Vec<Kind> {
    let none = Refusal::Alert("CertificateRequired", "peer sent no certificates");
    let other_key = Refusal::Alert("DecryptError", "BadSignature");
    vec![
        kind("none", "1", none, |_| Presented { chain: Vec::new(), key: Key::p256().private() }),
        kind("with the key of another", "2", other_key, |world| Presented {
            key: Key::p256().private(),
            ..Recipe::client().presented(&world.trusted.root)
        }),
    ]
}

fn validity() -> Vec<Kind> {
    let expired = || Refusal::Alert("CertificateExpired", "certificate expired");
    vec![
        kind("expired", "3", expired(), |world| {
            Recipe::client()
                .but(|recipe| {
                    (recipe.not_before, recipe.not_after) = (recipe.not_before - DAY, recipe.not_after - 2 * DAY)
                })
                .presented(&world.trusted.root)
        }),
        kind("expired a second ago", "3", expired(), |world| {
            Recipe::client()
                .but(|recipe| recipe.not_after = recipe.not_before + SignedDuration::from_secs(3599))
                .presented(&world.trusted.root)
        }),
        kind("not valid yet", "3", Refusal::Alert("CertificateExpired", "certificate not valid yet"), |world| {
            Recipe::client()
                .but(|recipe| recipe.not_before += 2 * SignedDuration::from_hours(1))
                .presented(&world.trusted.root)
        }),
        kind("over before it begins", "3", Refusal::Alert("CertificateExpired", "Expired"), |world| {
            Recipe::client()
                .but(|recipe| (recipe.not_before, recipe.not_after) = (recipe.not_after, recipe.not_before))
                .presented(&world.trusted.root)
        }),
    ]
}

fn encoding() -> Vec<Kind> {
    let damaged = || Refusal::Alert("BadCertificate", "BadEncoding");
    let other = |why| Refusal::Alert("CertificateUnknown", why);
    vec![
        kind("not a certificate", "4", damaged(), |_| Presented {
            chain: vec![b"a letter to my aunt".to_vec()],
            key: Key::p256().private(),
        }),
        kind("with a byte after its end", "4", damaged(), |world| changed(world, |der| der.push(0))),
        kind("cut short", "4", damaged(), |world| changed(world, |der| der.truncate(der.len() - 1))),
        kind("of version 1", "4", other("UnsupportedCertVersion"), |world| {
            Recipe::client()
                .but(|recipe| (recipe.version, recipe.extensions) = (None, Vec::new()))
                .presented(&world.trusted.root)
        }),
        kind("of version 2", "4", other("UnsupportedCertVersion"), |world| {
            Recipe::client().but(|recipe| recipe.version = Some(1)).presented(&world.trusted.root)
        }),
        kind("with an extension twice", "4", other("ExtensionValueInvalid"), |world| {
            let twice = Extension::uri("spiffe://unefois.local/agency/operator/system/main");
            Recipe::client().but(|recipe| recipe.extensions.push(twice)).presented(&world.trusted.root)
        }),
        kind("with an alternative name cut short", "4", damaged(), |world| {
            let names = Extension::new(ALTERNATIVE_NAMES, Critical::No, vec![0x30, 0x7f, 0x86]);
            Recipe::client().with(names).presented(&world.trusted.root)
        }),
        kind("with two words on how it is signed", "4", other("SignatureAlgorithmMismatch"), |world| {
            Recipe::client()
                .but(|recipe| recipe.signature_said = Some(Signature::EcdsaSha1))
                .presented(&world.trusted.root)
        }),
        kind("with an unknown extension that must be understood", "5", damaged_extension(), |world| {
            Recipe::client().with(Extension::new("1.2.3.4", Critical::Yes, vec![5, 0])).presented(&world.trusted.root)
        }),
    ]
}

fn damaged_extension() -> Refusal {
    Refusal::Alert("CertificateUnknown", "UnsupportedCriticalExtension")
}

fn serial() -> Vec<Kind> {
    let rule =
        || Refusal::Alert("CertificateUnknown", "its serial number is not a positive number of at most 20 bytes");
    vec![
        kind("with the serial number zero", "6", rule(), |world| serial_of(&[0], world)),
        kind("with a negative serial number", "6", rule(), |world| serial_of(&[0x80], world)),
        kind("with a serial number of 21 bytes", "6", rule(), |world| serial_of(&[1; 21], world)),
    ]
}

fn serial_of(bytes: &[u8], world: &World) -> Presented {
    Recipe::client().but(|recipe| recipe.serial = bytes.to_vec()).presented(&world.trusted.root)
}

fn changed(world: &World, change: fn(&mut Vec<u8>)) -> Presented {
    let mut presented = Recipe::client().presented(&world.trusted.root);
    change(&mut presented.chain[0]);
    presented
}
