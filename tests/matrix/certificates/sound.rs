//! Good certificates, one a recipe: what the bad ones would be if nothing were wrong with them.

use unefois_testkit::Presented;

use super::{
    extension::{
        ALTERNATIVE_NAMES, CLIENT_AUTH, Critical, DIGITAL_SIGNATURE, EXTENDED_KEY_USAGE, Extension, KEY_AGREEMENT,
        KEY_USAGE, Name, SERVER_AUTH,
    },
    openssl::Key,
    recipe::{Recipe, Signature},
    world::World,
};

/// How something to present is made.
pub(crate) type Make = fn(&World) -> Presented;

/// A good certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sound {
    /// As the hub's own authority issues them.
    Plain,
    /// RSA, signed with RSA.
    Rsa,
    /// Below an intermediate authority.
    Intermediate,
    /// Below two intermediate authorities, of which the upper permits one below itself.
    TwoIntermediates,
    /// Of the authority that permits no other below itself.
    Lonely,
    /// Without a URI, of the authority that may vouch for none: its public key is registered.
    WithoutUri,
    /// Of an authority with constraints on names of another kind.
    OtherConstraints,
    /// Of a partner: its public key is registered.
    Partner,
}

/// Each with the way it is made.
pub(crate) const SOUND: [(Sound, Make); 8] = [
    (Sound::Plain, |world| Recipe::client().presented(&world.trusted.root)),
    (Sound::Rsa, |world| rsa_client().presented(&world.trusted.rsa)),
    (Sound::Intermediate, |world| {
        Recipe::client().presented(&Recipe::authority("intermediate", Some(0)).below(&world.trusted.root))
    }),
    (Sound::TwoIntermediates, |world| {
        let upper = Recipe::authority("upper", Some(1)).below(&world.trusted.root);
        Recipe::client().presented(&Recipe::authority("lower", None).below(&upper))
    }),
    (Sound::Lonely, |world| Recipe::client().presented(&world.trusted.lonely)),
    (Sound::WithoutUri, |world| {
        registered_client(world).without(ALTERNATIVE_NAMES).presented(&world.trusted.without_uris)
    }),
    (Sound::Partner, |world| registered_client(world).presented(&world.trusted.partner)),
    (Sound::OtherConstraints, |world| Recipe::client().presented(&world.trusted.of_one_zone)),
];

/// Differences that are none: what a certificate may be besides.
pub(crate) const PERMITTED: [(&str, Make); 19] = [
    ("a key on P-384", |world| with_key(Key::on_curve("P-384"), world)),
    ("a key on P-521", |world| with_key(Key::on_curve("P-521"), world)),
    ("an Ed25519 key", |world| with_key(Key::generated(&["-algorithm", "ED25519"]), world)),
    ("an RSA key of 3072 bits", |world| with_key(Key::rsa(3072), world)),
    ("no key usage", |world| Recipe::client().without(KEY_USAGE).presented(&world.trusted.root)),
    ("a further key usage", |world| {
        let usage = Extension::key_usage(DIGITAL_SIGNATURE | KEY_AGREEMENT);
        Recipe::client().with(usage).presented(&world.trusted.root)
    }),
    ("no extended key usage", |world| Recipe::client().without(EXTENDED_KEY_USAGE).presented(&world.trusted.root)),
    ("the purposes of an SVID", |world| {
        Recipe::client().with(Extension::purposes(&[SERVER_AUTH, CLIENT_AUTH])).presented(&world.trusted.root)
    }),
    ("a DNS name besides its URI", |world| {
        let names =
            [Name::Dns("main.cnaf.example"), Name::Uri(b"spiffe://unefois.local/agency/cnaf/system/main".to_vec())];
        Recipe::client().with(Extension::names(&names)).presented(&world.trusted.root)
    }),
    ("a system that was never seen", |world| {
        Recipe::client_named("spiffe://unefois.local/agency/cnaf/system/brand-new").presented(&world.trusted.root)
    }),
    ("an extension that may be overlooked", |world| {
        Recipe::client().with(Extension::new("1.2.3.4", Critical::No, vec![5, 0])).presented(&world.trusted.root)
    }),
    ("a serial number of one byte", |world| serial(&[1], world)),
    ("a serial number of twenty bytes", |world| serial(&[0x7f; 20], world)),
    ("a serial number of twenty bytes and a sign", |world| serial(&[&[0][..], &[0xff; 20]].concat(), world)),
    ("its root in its chain", |world| {
        let presented = Recipe::client().presented(&world.trusted.root);
        Presented { chain: [presented.chain, vec![world.trusted.root.certificate.clone()]].concat(), ..presented }
    }),
    ("its root in its chain, which permits no other below itself", |world| {
        let presented = Recipe::client().presented(&world.trusted.lonely);
        Presented { chain: [presented.chain, vec![world.trusted.lonely.certificate.clone()]].concat(), ..presented }
    }),
    ("a stranger in its chain", |world| {
        let presented = Recipe::client().presented(&world.trusted.root);
        let stranger = Recipe::authority("stranger", None).root().certificate;
        Presented { chain: [presented.chain, vec![stranger]].concat(), ..presented }
    }),
    ("its chain in another order", |world| {
        let upper = Recipe::authority("upper", None).below(&world.trusted.root);
        let mut presented = Recipe::client().presented(&Recipe::authority("lower", None).below(&upper));
        presented.chain.swap(1, 2);
        presented
    }),
    ("an intermediate authority without a key usage", |world| {
        let intermediate = Recipe::authority("intermediate", None).without(KEY_USAGE).below(&world.trusted.root);
        Recipe::client().presented(&intermediate)
    }),
];

/// A client with an RSA key, to be signed with one.
pub(crate) fn rsa_client() -> Recipe {
    Recipe::client().but(|recipe| {
        recipe.key = Key::shared_rsa();
        recipe.signature = Signature::RsaSha256;
    })
}

/// A client with the key that the registry knows.
fn registered_client(world: &World) -> Recipe {
    Recipe::client().but(|recipe| recipe.key = world.registered.clone())
}

fn with_key(key: Key, world: &World) -> Presented {
    Recipe::client().but(|recipe| recipe.key = key).presented(&world.trusted.root)
}

fn serial(bytes: &[u8], world: &World) -> Presented {
    Recipe::client().but(|recipe| recipe.serial = bytes.to_vec()).presented(&world.trusted.root)
}
