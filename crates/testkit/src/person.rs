//! Invented people, with identifiers whose keys fit.

use unefois_proto::pb::subject::v1::{Subject, subject::Identifier};

/// An invented person with a business of their own.
#[derive(Debug, Clone)]
pub struct Person {
    /// Their social-security number, with its key.
    pub nir: String,
    /// The number of their company.
    pub siren: String,
    /// The number of its establishment.
    pub siret: String,
}

impl Person {
    /// The person of that number: the same number gives the same person.
    #[must_use]
    pub fn invented(number: u32) -> Self {
        let nir = format!("2{:02}0699{:06}", number % 100, 100_000 + number % 800_000);
        let key = 97 - nir.parse::<u64>().unwrap() % 97;
        let siren = with_luhn(&format!("{:08}", 90_000_000 + number % 9_000_000));
        let siret = with_luhn(&format!("{siren}0001"));
        Self { nir: format!("{nir}{key:02}"), siren, siret }
    }

    /// The person, by NIR.
    #[must_use]
    pub fn by_nir(&self) -> Subject {
        Subject { identifier: Some(Identifier::Nir(self.nir.clone())) }
    }

    /// The person, by SIREN.
    #[must_use]
    pub fn by_siren(&self) -> Subject {
        Subject { identifier: Some(Identifier::Siren(self.siren.clone())) }
    }

    /// The person, by SIRET.
    #[must_use]
    pub fn by_siret(&self) -> Subject {
        Subject { identifier: Some(Identifier::Siret(self.siret.clone())) }
    }
}

fn with_luhn(digits: &str) -> String {
    let sum = |text: &str| -> u32 {
        let doubled = |(position, byte): (usize, u8)| {
            let digit = u32::from(byte - b'0');
            if position % 2 == 1 { digit * 2 / 10 + digit * 2 % 10 } else { digit }
        };
        text.bytes().rev().enumerate().map(doubled).sum()
    };
    (0..10).map(|key| format!("{digits}{key}")).find(|text| sum(text).is_multiple_of(10)).unwrap()
}
