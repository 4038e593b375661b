//! Certificates whose key, or the signature on them, is of a kind that is weak, or that nobody uses.

use unefois_testkit::Presented;

use crate::certificates::{
    kind::{Kind, Refusal},
    openssl::Key,
    recipe::{Recipe, Signature},
    sound::{Sound, rsa_client},
    world::World,
};

/// These kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    [keys(), signatures()].into_iter().flatten().collect()
}

fn keys() -> Vec<Kind> {
    let weak = |name, key: fn(&World) -> Presented| Kind {
        name,
        rule: "17",
        sound: Sound::Plain,
        make: key,
        refusal: Refusal::Alert("CertificateUnknown", "its key is not RSA of 2048 to 8192 bits"),
    };
    vec![
        weak("with an RSA key of 1024 bits", |world| with_key(Key::rsa(1024), world)),
        weak("with an RSA key of 2040 bits", |world| with_key(Key::rsa(2040), world)),
        weak("with a key on P-192", |world| with_key(Key::on_curve("prime192v1"), world)),
        weak("with a key on P-224", |world| with_key(Key::on_curve("secp224r1"), world)),
        weak("with a key on secp256k1", |world| with_key(Key::on_curve("secp256k1"), world)),
        weak("with a key on brainpoolP256r1", |world| with_key(Key::on_curve("brainpoolP256r1"), world)),
        weak("with a key on a curve that it spells out", |world| {
            let options = ["-pkeyopt", "ec_paramgen_curve:P-256", "-pkeyopt", "ec_param_enc:explicit"];
            with_key(Key::generated(&[&["-algorithm", "EC"], &options[..]].concat()), world)
        }),
        weak("with an Ed448 key", |world| with_key(Key::generated(&["-algorithm", "ED448"]), world)),
        weak("with an X25519 key", |world| with_key(Key::generated(&["-algorithm", "X25519"]), world)),
        weak("with an RSA key for PSS only", |world| with_key(Key::generated(&["-algorithm", "RSA-PSS"]), world)),
        weak("with a DSA key", |world| with_key(Key::dsa(), world)),
        Kind {
            rule: "18",
            refusal: Refusal::Alert("CertificateUnknown", "the public exponent of its RSA key"),
            ..weak("with an RSA key of the exponent 3", |world| {
                with_key(Key::generated(&["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_pubexp:3"]), world)
            })
        },
    ]
}

fn signatures() -> Vec<Kind> {
    let kind = |name, sound, make| Kind {
        name,
        rule: "19",
        sound,
        make,
        refusal: Refusal::Alert("DecryptError", "UnsupportedSignatureAlgorithm"),
    };
    vec![
        kind("signed with ECDSA and SHA-1", Sound::Plain, |world| {
            Recipe::client().but(|recipe| recipe.signature = Signature::EcdsaSha1).presented(&world.trusted.root)
        }),
        kind("signed with RSA and SHA-1", Sound::Rsa, |world| {
            rsa_client().but(|recipe| recipe.signature = Signature::RsaSha1).presented(&world.trusted.rsa)
        }),
        kind("signed with RSA and MD5", Sound::Rsa, |world| {
            rsa_client().but(|recipe| recipe.signature = Signature::RsaMd5).presented(&world.trusted.rsa)
        }),
        kind("below an authority signed with SHA-1", Sound::Intermediate, |world| {
            let weak = Recipe::authority("intermediate", None).but(|recipe| recipe.signature = Signature::EcdsaSha1);
            Recipe::client().presented(&weak.below(&world.trusted.root))
        }),
        Kind {
            refusal: Refusal::Alert("DecryptError", "BadSignature"),
            ..kind("below an authority with an RSA key of 1024 bits", Sound::Rsa, |world| {
                let weak = Recipe::authority("intermediate", None).but(|recipe| recipe.key = Key::rsa(1024));
                rsa_client().presented(&weak.below(&world.trusted.root))
            })
        },
    ]
}

/// A client with that key. Where TLS cannot use it, a key on P-256 stands in for it: the certificate is refused before
/// its key is asked for anything, and for what it is.
fn with_key(key: Key, world: &World) -> Presented {
    let presented = Recipe::client().but(|recipe| recipe.key = key).presented(&world.trusted.root);
    if presented.is_usable() { presented } else { Presented { key: Key::p256().private(), ..presented } }
}
