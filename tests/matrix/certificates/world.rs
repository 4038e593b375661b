//! A hub and the authorities that it trusts, good ones and such as go wrong.

use std::{fs, net::SocketAddr, time::Duration};

use serde_json::Value;
use unefois_identity::{PeerCertificate, Trust};
use unefois_testkit::{Attempt, House, HouseSettings, Presented, Presenter};

use super::{
    extension::{Extension, Name},
    openssl::{Key, pem},
    recipe::{Authority, Recipe, Signature},
};
use crate::UNEFOIS;

/// How long the hub may take to log a refusal.
const LOG_PATIENCE: Duration = Duration::from_secs(30);

/// The hub, and the authorities whose keys we hold.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) house: House,
    pub(crate) trusted: Trusted,
    /// The key of a system of CNAF that the registry knows by it.
    pub(crate) registered: Key,
}

/// The authorities of the trust domain, and one of a partner.
#[derive(Debug)]
pub(crate) struct Trusted {
    pub(crate) root: Authority,
    /// It signs with RSA.
    pub(crate) rsa: Authority,
    /// It permits no authority below itself.
    pub(crate) lonely: Authority,
    /// It may vouch for no URI at all.
    pub(crate) without_uris: Authority,
    /// It may vouch for URIs of one host only.
    pub(crate) of_one_host: Authority,
    /// It may vouch for DNS names of one zone only.
    pub(crate) of_one_zone: Authority,
    pub(crate) partner: Authority,
}

impl Trusted {
    fn new() -> Self {
        let root = |subject: &str| Recipe::authority(subject, None);
        let rsa = root("RSA root").but(|recipe| {
            recipe.key = Key::shared_rsa();
            recipe.signature = Signature::RsaSha256;
        });
        let any_uri = Name::Uri(b"unefois.local".to_vec());
        Self {
            root: root("root").root(),
            rsa: rsa.root(),
            lonely: Recipe::authority("lonely root", Some(0)).root(),
            without_uris: root("root without URIs").with(Extension::excluding(&any_uri)).root(),
            of_one_host: root("root of one host").with(Extension::permitting(&any_uri)).root(),
            of_one_zone: root("root of one zone").with(Extension::permitting(&Name::Dns("cnaf.example"))).root(),
            partner: root("partner").root(),
        }
    }

    fn own(&self) -> [&Authority; 6] {
        let Self { root, rsa, lonely, without_uris, of_one_host, of_one_zone, partner: _ } = self;
        [root, rsa, lonely, without_uris, of_one_host, of_one_zone]
    }
}

impl World {
    /// A hub that trusts them, with the registry of the demonstration.
    pub(crate) async fn open() -> Self {
        Self::open_with("").await
    }

    /// The same with more lines of configuration.
    pub(crate) async fn open_with(more: &str) -> Self {
        let more = format!("[log]\nformat = \"json\"\n{more}");
        let mut house = House::build(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() });
        let trusted = Trusted::new();
        let own: String = trusted.own().map(|authority| pem(&authority.certificate)).concat();
        let bundle = fs::read_to_string(house.pki().ca()).unwrap() + &own;
        fs::write(house.pki().ca(), bundle).unwrap();
        let partners = house.path().join("partners.pem");
        fs::write(&partners, pem(&trusted.partner.certificate)).unwrap();
        house.trusts_partners(&partners);
        house.start();
        house.applies(unefois_testkit::DEMONSTRATION_REGISTRY).await.unwrap();
        let registered = Key::p256();
        house.applies(&registration(&registered)).await.unwrap();
        Self { house, trusted, registered }
    }

    /// Where the hub listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.house.endpoint().strip_prefix("https://").unwrap().parse().unwrap()
    }

    /// A caller that presents this.
    pub(crate) fn presenter(&self, presented: &Presented) -> Presenter {
        Presenter::new(self.address(), &self.house.pki().ca(), presented)
    }

    /// Presents this once, and calls.
    pub(crate) async fn call(&self, presented: &Presented) -> Attempt {
        self.presenter(presented).call().await
    }

    /// Why the hub refused the connection that came from there, as its log says.
    pub(crate) async fn logged_refusal(&self, from: SocketAddr) -> String {
        let from = from.to_string();
        let logged = async {
            loop {
                if let Some(reason) = self.house.log().lines().find_map(|line| refusal_of(line, &from)) {
                    return reason;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(LOG_PATIENCE, logged).await.expect("a refused connection is logged")
    }
}

/// CNAF, with a system that is known by its public key.
fn registration(key: &Key) -> String {
    let certificate = Recipe::client().but(|recipe| recipe.key = key.clone()).root().certificate;
    let sha256 = PeerCertificate::parse(&certificate, Trust::Partner).unwrap().public_key_sha256;
    let sha256: String = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "[[agency]]\ncode = \"cnaf\"\nname = \"CNAF\"\nroles = [\"consumer\"]\n\
         systems = [{{ name = \"crystal\", certificates = [{{ public-key-sha256 = \"{sha256}\" }}] }}]\n"
    )
}

fn refusal_of(line: &str, from: &str) -> Option<String> {
    let line: Value = serde_json::from_str(line).ok()?;
    let fields = &line["fields"];
    let same = fields["message"] == "a connection was refused" && fields["peer"] == from;
    same.then(|| fields["reason"].as_str().unwrap().to_owned())
}
