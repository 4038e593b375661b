//! The people of the story: invented, with identifiers whose keys fit and which are given to nobody.

use unefois_proto::pb::subject::v1::{Subject, subject::Identifier};

/// Somebody who works on their own account.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Person {
    pub(crate) name: &'static str,
    /// The social-security number. Its place of birth, country 99999, does not exist.
    pub(crate) nir: &'static str,
    /// The number of the company. INSEE gives none that begins with 000.
    pub(crate) siren: &'static str,
    /// The number of the establishment.
    pub(crate) siret: &'static str,
    /// What they declared for March 2026: services (BNC), in euro-cents.
    pub(crate) turnover_cents: i64,
}

/// The heroine.
pub(crate) const MARIE: Person = Person {
    name: "Marie Exemple",
    nir: "285059999900131",
    siren: "000999011",
    siret: "00099901100018",
    turnover_cents: 2_481_736,
};

/// Somebody on whom CNAF has no dossier.
pub(crate) const PAUL: Person = Person {
    name: "Paul Modèle",
    nir: "179039999900251",
    siren: "000999029",
    siret: "00099902900010",
    turnover_cents: 3_120_450,
};

/// Everybody whose turnover Urssaf publishes.
pub(crate) const PEOPLE: [Person; 6] = [
    MARIE,
    PAUL,
    Person {
        name: "Samira Fictive",
        nir: "291119999900325",
        siren: "000999037",
        siret: "00099903700013",
        turnover_cents: 4_075_999,
    },
    Person {
        name: "Hugo Inventé",
        nir: "188079999900460",
        siren: "000999045",
        siret: "00099904500016",
        turnover_cents: 2_250_010,
    },
    Person {
        name: "Lina Spécimen",
        nir: "296029999900522",
        siren: "000999052",
        siret: "00099905200012",
        turnover_cents: 5_660_275,
    },
    Person {
        name: "Tom Essai",
        nir: "183099999900644",
        siren: "000999060",
        siret: "00099906000015",
        turnover_cents: 2_999_900,
    },
];

impl Person {
    pub(crate) fn by_nir(&self) -> Subject {
        Subject { identifier: Some(Identifier::Nir(self.nir.to_owned())) }
    }

    pub(crate) fn by_siren(&self) -> Subject {
        Subject { identifier: Some(Identifier::Siren(self.siren.to_owned())) }
    }

    pub(crate) fn by_siret(&self) -> Subject {
        Subject { identifier: Some(Identifier::Siret(self.siret.to_owned())) }
    }
}

#[cfg(test)]
mod tests {
    use unefois_core::{Nir, Sandbox, Siren, Siret};

    use super::PEOPLE;

    #[test]
    fn the_identifiers_of_invented_people_have_keys_that_fit() {
        let sandbox = Sandbox::default();
        for person in PEOPLE {
            assert!(Nir::parse(person.nir, &sandbox).is_ok(), "{}", person.name);
            assert!(Siren::parse(person.siren, &sandbox).is_ok(), "{}", person.name);
            assert!(Siret::parse(person.siret, &sandbox).is_ok(), "{}", person.name);
            assert!(person.siret.starts_with(person.siren), "{}", person.name);
        }
    }
}
