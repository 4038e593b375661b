//! The scene on which every program plays the same story: a hub, an invented person, and the agencies' certificates.

use unefois_testkit::{ApiGouv, House, HouseSettings, Person, Script};

use crate::UNEFOIS;

/// The agencies as which a program calls.
const AGENCIES: [&str; 3] = ["urssaf", "cnaf", "cour-des-comptes"];

/// For how long the hub of a house believes a provider that asks to be left alone, at most.
pub(crate) const PROVIDER_PAUSE_MILLIS_MAX: u64 = 200;

/// Everything that a program of another language finds.
pub(crate) struct Scene {
    pub(crate) house: House,
    pub(crate) person: Person,
    _provider: ApiGouv,
}

impl Scene {
    /// A hub whose live provider is overloaded, and certificates made by `unefois pki`.
    pub(crate) async fn set(person: u32) -> Self {
        let provider = ApiGouv::serve(None).await;
        let settings = HouseSettings { provider: Some(provider.base_url()), ..HouseSettings::default() };
        let house = House::open_with(UNEFOIS, &settings).await;
        for agency in AGENCIES {
            let issue = ["pki", "issue", "pki", "--agency", agency, "--system", "main"];
            let (good, _, errors) = house.runs(&issue, "");
            assert!(good, "{errors}");
        }
        provider.answers_next(Script::Answer("429 Too Many Requests", "retry-after: 2\r\n", "{}")).await;
        Self { house, person: Person::invented(person), _provider: provider }
    }

    /// The address of the hub as most languages want it: `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.house.endpoint().strip_prefix("https://").unwrap().to_owned()
    }

    /// The folder of the certificates.
    pub(crate) fn pki(&self) -> String {
        self.house.path().join("pki").to_str().unwrap().to_owned()
    }

    /// The person, as a program reads her from its standard input.
    pub(crate) fn lines(&self) -> String {
        let Person { nir, siren, siret } = &self.person;
        format!("nir:{nir}\nsiren:{siren}\nsiret:{siret}\n")
    }
}
