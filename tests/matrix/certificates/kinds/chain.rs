//! Certificates for which no trusted authority vouches, or not by a chain that it permits.

use jiff::SignedDuration;
use unefois_testkit::Presented;

use crate::certificates::{
    extension::{BASIC_CONSTRAINTS, CRL_SIGN, Critical, DIGITAL_SIGNATURE, Extension, SERVER_AUTH},
    kind::{Kind, Refusal},
    openssl::Key,
    recipe::{Authority, Recipe},
    sound::Sound,
    world::World,
};

/// More authorities than any chain may have, and fewer bytes than a handshake message may have.
const FAR_TOO_MANY: usize = 100;
/// More bytes than a message of the handshake may have.
const TOO_LARGE: usize = 70_000;

/// These kinds.
pub(crate) fn kinds() -> Vec<Kind> {
    [strangers(), signatures(), intermediates(), lengths()].into_iter().flatten().collect()
}

fn strangers() -> Vec<Kind> {
    let unknown = || Refusal::Alert("UnknownCA", "UnknownIssuer");
    vec![
        Kind {
            name: "of an authority that is not trusted",
            rule: "7",
            sound: Sound::Plain,
            make: |_| Recipe::client().presented(&Recipe::authority("stranger", None).root()),
            refusal: unknown(),
        },
        Kind {
            name: "of an authority that is not trusted, with its root in its chain",
            rule: "7",
            sound: Sound::Plain,
            make: |_| {
                let stranger = Recipe::authority("stranger", None).root();
                let presented = Recipe::client().presented(&stranger);
                Presented { chain: [presented.chain, vec![stranger.certificate]].concat(), ..presented }
            },
            refusal: unknown(),
        },
        Kind {
            name: "of an authority that only bears the name of one",
            rule: "8",
            sound: Sound::Plain,
            make: |world| Recipe::client().presented(&Recipe::authority(&world.trusted.root.subject, None).root()),
            refusal: Refusal::Alert("DecryptError", "BadSignature"),
        },
        Kind {
            name: "signed by itself",
            rule: "7",
            sound: Sound::Plain,
            make: |_| {
                let recipe = Recipe::client();
                Presented { chain: vec![recipe.root().certificate], key: recipe.key.private() }
            },
            refusal: unknown(),
        },
        Kind {
            name: "without the intermediate authority in its chain",
            rule: "7",
            sound: Sound::Intermediate,
            make: |world| {
                let mut presented = below(world, &Recipe::authority("intermediate", None));
                presented.chain.truncate(1);
                presented
            },
            refusal: unknown(),
        },
    ]
}

fn signatures() -> Vec<Kind> {
    let bad = || Refusal::Alert("DecryptError", "BadSignature");
    vec![
        Kind {
            name: "with a bit of its signature turned",
            rule: "8",
            sound: Sound::Plain,
            make: |world| turned(Recipe::client().presented(&world.trusted.root), 0),
            refusal: bad(),
        },
        Kind {
            name: "below an authority with a bit of its signature turned",
            rule: "8",
            sound: Sound::Intermediate,
            make: |world| turned(below(world, &Recipe::authority("intermediate", None)), 1),
            refusal: bad(),
        },
        Kind {
            name: "with a name that was changed after it was signed",
            rule: "8",
            sound: Sound::Plain,
            make: |world| {
                let mut presented = Recipe::client().presented(&world.trusted.root);
                let certificate = &mut presented.chain[0];
                let at = certificate.windows(11).position(|bytes| bytes == b"agency/cnaf").unwrap();
                certificate[at..at + 11].copy_from_slice(b"agency/cnam");
                presented
            },
            refusal: bad(),
        },
    ]
}

fn intermediates() -> Vec<Kind> {
    let kind = |name, rule, why, make| Kind {
        name,
        rule,
        sound: Sound::Intermediate,
        make,
        refusal: Refusal::Alert("CertificateUnknown", why),
    };
    vec![
        kind("signed by a client", "9", "EndEntityUsedAsCa", |world| below(world, &Recipe::client())),
        kind("below an authority that does not say it is one", "9", "EndEntityUsedAsCa", |world| {
            below(world, &Recipe::authority("intermediate", None).without(BASIC_CONSTRAINTS))
        }),
        kind("below an authority that says it is none", "9", "EndEntityUsedAsCa", |world| {
            below(world, &Recipe::authority("intermediate", None).with(Extension::no_authority()))
        }),
        kind("below an authority that may not sign certificates", "10", "of an authority in its chain", |world| {
            let usage = Extension::key_usage(DIGITAL_SIGNATURE | CRL_SIGN);
            below(world, &Recipe::authority("intermediate", None).with(usage))
        }),
        kind(
            "below an authority with an unknown extension that must be understood",
            "5",
            "UnsupportedCritical",
            |world| {
                let unknown = Extension::new("1.2.3.4", Critical::Yes, vec![5, 0]);
                below(world, &Recipe::authority("intermediate", None).with(unknown))
            },
        ),
        Kind {
            name: "below an authority that has expired",
            rule: "3",
            sound: Sound::Intermediate,
            make: |world| {
                let ended = |recipe: &mut Recipe| recipe.not_after = recipe.not_before + SignedDuration::from_mins(30);
                below(world, &Recipe::authority("intermediate", None).but(ended))
            },
            refusal: Refusal::Alert("CertificateExpired", "certificate expired"),
        },
        Kind {
            name: "below an authority for servers only",
            rule: "14",
            sound: Sound::Intermediate,
            make: |world| {
                below(world, &Recipe::authority("intermediate", None).with(Extension::purposes(&[SERVER_AUTH])))
            },
            refusal: Refusal::Alert("UnsupportedCertificate", "does not allow extended key usage for client"),
        },
    ]
}

fn lengths() -> Vec<Kind> {
    let kind = |name, rule, sound, refusal, make| Kind { name, rule, sound, make, refusal };
    let too_long = |why| Refusal::Alert("CertificateUnknown", why);
    vec![
        kind(
            "below more authorities than one of them permits",
            "11",
            Sound::TwoIntermediates,
            too_long("PathLenConstraintViolated"),
            |world| {
                let upper = Recipe::authority("upper", Some(0)).below(&world.trusted.root);
                Recipe::client().presented(&Recipe::authority("lower", None).below(&upper))
            },
        ),
        kind(
            "below more authorities than the root permits",
            "11",
            Sound::Lonely,
            too_long("its chain is longer than the trusted authority permits"),
            |world| Recipe::client().presented(&Recipe::authority("intermediate", None).below(&world.trusted.lonely)),
        ),
        kind(
            "below a hundred authorities",
            "12",
            Sound::Intermediate,
            Refusal::Cut("MaximumPathDepthExceeded"),
            hundred,
        ),
        kind("larger than a handshake may be", "12", Sound::Plain, Refusal::Cut("HandshakePayloadTooLarge"), |world| {
            let large = Extension::new("1.2.3.4", Critical::No, vec![0; TOO_LARGE]);
            Recipe::client().with(large).presented(&world.trusted.root)
        }),
    ]
}

/// A good client below an authority of that recipe.
fn below(world: &World, intermediate: &Recipe) -> Presented {
    Recipe::client().presented(&intermediate.below(&world.trusted.root))
}

/// A good client below a hundred good authorities, all of one key.
fn hundred(world: &World) -> Presented {
    let key = Key::p256();
    let deeper = |issuer: Authority, number: usize| {
        Recipe::authority(&format!("authority {number}"), None).but(|recipe| recipe.key = key.clone()).below(&issuer)
    };
    Recipe::client().presented(&(0..FAR_TOO_MANY).fold(world.trusted.root.clone(), deeper))
}

/// The same, with the last bit of one of the certificates turned: it is in the signature.
fn turned(mut presented: Presented, certificate: usize) -> Presented {
    *presented.chain[certificate].last_mut().unwrap() ^= 1;
    presented
}
