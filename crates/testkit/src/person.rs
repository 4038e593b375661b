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
    /// The person of that number: the same number gives the same person, and nineteen million are different ones.
    #[must_use]
    pub fn invented(number: u32) -> Self {
        let (sex, month) = (2 - number / 9_600_000 % 2, (number / 800_000 + 5) % 12 + 1);
        let nir = format!("{sex}{:02}{month:02}99{:06}", number % 100, 100_000 + number % 800_000);
        let key = 97 - nir.parse::<u64>().unwrap() % 97;
        let siren = with_luhn(&format!("{:08}", 10_000_000 + (80_000_000 + number) % 90_000_000));
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn people_of_different_numbers_are_different_people() {
        let numbers = (0..19_000_000).step_by(799).chain([800_000, 1_600_000, 9_600_000, 9_600_001]);
        let people: Vec<Person> = numbers.map(Person::invented).collect();
        let nirs: HashSet<&str> = people.iter().map(|person| person.nir.as_str()).collect();
        let sirens: HashSet<&str> = people.iter().map(|person| person.siren.as_str()).collect();
        assert_eq!((nirs.len(), sirens.len()), (people.len(), people.len()));
        assert!(people.iter().all(|person| (person.nir.len(), person.siren.len()) == (15, 9)));
    }
}
