//! Legal bases: a closed list, as data, with the purposes that each permits.

use serde::{Deserialize, Serialize};

use crate::purpose::Purpose;

/// The article and paragraph of law under which data is exchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LegalBasis(usize);

/// Whether the reading of an article is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    /// The text says it.
    Settled,
    /// A lawyer must confirm the purposes before it is relied on in production.
    ToConfirm,
}

/// A code that names no legal basis.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{code}` is not a legal basis; the list is closed: {}", LegalBasis::codes())]
pub struct InvalidLegalBasis {
    /// The code.
    pub code: String,
}

struct Article {
    code: &'static str,
    article: &'static str,
    paragraph: &'static str,
    gist: &'static str,
    purposes: &'static [Purpose],
    payload_kept_months: Option<u32>,
    review: Review,
}

use Purpose::{Audit, Collection, Fraud, NonTakeUp, Simplification};
use Review::{Settled, ToConfirm};

/// The list. An index into it is stored nowhere: codes are.
const ARTICLES: &[Article] = &[
    Article {
        code: "crpa-l114-8-i",
        article: "CRPA, article L114-8",
        paragraph: "I",
        gist: "administrations exchange what is needed to handle a request or declaration of the user",
        purposes: &[Simplification],
        payload_kept_months: None,
        review: Settled,
    },
    Article {
        code: "crpa-l114-8-ii",
        article: "CRPA, article L114-8",
        paragraph: "II",
        gist: "administrations exchange what is needed to inform people of their rights and to grant them; what was \
               obtained may not be used against the person (loi 3DS, 2022, article 162)",
        purposes: &[NonTakeUp],
        payload_kept_months: Some(12),
        review: Settled,
    },
    Article {
        code: "crpa-l113-12",
        article: "CRPA, article L113-12",
        paragraph: "",
        gist: "a person need not give again what another administration can obtain",
        purposes: &[Simplification],
        payload_kept_months: None,
        review: ToConfirm,
    },
    Article {
        code: "crpa-l114-9",
        article: "CRPA, article L114-9",
        paragraph: "",
        gist: "decrees say how the exchanges are made, and for how long data is kept",
        purposes: &[Simplification],
        payload_kept_months: None,
        review: ToConfirm,
    },
    Article {
        code: "crpa-r114-9-7",
        article: "CRPA, article R114-9-7",
        paragraph: "",
        gist: "the trace of the exchanges is kept 36 months and made available to the person",
        purposes: &[Audit],
        payload_kept_months: None,
        review: Settled,
    },
    Article {
        code: "css-l114-12",
        article: "Code de la sécurité sociale, article L114-12",
        paragraph: "",
        gist: "social-security bodies tell each other what they need to open, compute and control rights",
        purposes: &[Simplification, Fraud],
        payload_kept_months: None,
        review: ToConfirm,
    },
    Article {
        code: "css-l114-12-1",
        article: "Code de la sécurité sociale, article L114-12-1",
        paragraph: "",
        gist: "social-security bodies share a national directory of who is affiliated where and receives what (RNCPS), \
               to simplify formalities and to control rights (code de la sécurité sociale, article R114-19)",
        purposes: &[Simplification, Fraud],
        payload_kept_months: None,
        review: ToConfirm,
    },
    Article {
        code: "css-l114-16",
        article: "Code de la sécurité sociale, article L114-16",
        paragraph: "",
        gist: "authorities tell social-security bodies what may show fraud in social matters",
        purposes: &[Fraud],
        payload_kept_months: None,
        review: ToConfirm,
    },
    Article {
        code: "css-l114-19",
        article: "Code de la sécurité sociale, article L114-19",
        paragraph: "",
        gist: "agents of social-security bodies may obtain what they need to control declarations and documents \
               (droit de communication)",
        purposes: &[Fraud],
        payload_kept_months: None,
        review: ToConfirm,
    },
    Article {
        code: "css-l613-4",
        article: "Code de la sécurité sociale, article L613-4",
        paragraph: "",
        gist: "the body that strikes a self-employed person off, after two years without turnover, tells the \
               administrations that keep files on the activity",
        purposes: &[Simplification],
        payload_kept_months: None,
        review: ToConfirm,
    },
    Article {
        code: "lpf-l152",
        article: "Livre des procédures fiscales, article L152",
        paragraph: "",
        gist: "the tax administration tells social-security bodies what they need to compute and collect contributions",
        purposes: &[Collection, Fraud],
        payload_kept_months: None,
        review: ToConfirm,
    },
];

impl LegalBasis {
    /// Every legal basis.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ARTICLES.len()).map(Self)
    }

    /// The legal basis of that code.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        ARTICLES.iter().position(|article| article.code == code).map(Self)
    }

    /// Its code, such as `crpa-l114-8-i`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.text().code
    }

    /// The article, as it is cited.
    #[must_use]
    pub fn article(self) -> &'static str {
        self.text().article
    }

    /// The paragraph; empty where the article as a whole is meant.
    #[must_use]
    pub fn paragraph(self) -> &'static str {
        self.text().paragraph
    }

    /// What it says, in short: our paraphrase of [`LegalBasis::article`], not a quotation.
    #[must_use]
    pub fn gist(self) -> &'static str {
        self.text().gist
    }

    /// The purposes that it permits.
    #[must_use]
    pub fn purposes(self) -> &'static [Purpose] {
        self.text().purposes
    }

    /// Whether it permits that purpose.
    #[must_use]
    pub fn permits(self, purpose: Purpose) -> bool {
        self.purposes().contains(&purpose)
    }

    /// How long a consumer may keep what it received, in months, where the law says so (CRPA article R114-9-7).
    #[must_use]
    pub fn payload_kept_months(self) -> Option<u32> {
        self.text().payload_kept_months
    }

    /// Whether its reading is settled.
    #[must_use]
    pub fn review(self) -> Review {
        self.text().review
    }

    fn text(self) -> &'static Article {
        &ARTICLES[self.0]
    }

    fn codes() -> String {
        Self::all().map(Self::code).collect::<Vec<_>>().join(", ")
    }
}

impl TryFrom<String> for LegalBasis {
    type Error = InvalidLegalBasis;

    fn try_from(code: String) -> Result<Self, InvalidLegalBasis> {
        Self::from_code(&code).ok_or(InvalidLegalBasis { code })
    }
}

impl From<LegalBasis> for String {
    fn from(basis: LegalBasis) -> Self {
        basis.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::{LegalBasis, Purpose, Review};

    #[test]
    fn codes_are_unique_and_every_basis_permits_something() {
        for basis in LegalBasis::all() {
            assert_eq!(LegalBasis::from_code(basis.code()), Some(basis));
            assert!(!basis.purposes().is_empty(), "{}", basis.code());
            assert!(!basis.article().is_empty() && !basis.gist().is_empty(), "{}", basis.code());
        }
    }

    #[test]
    fn a_code_ends_with_the_article_and_paragraph_that_it_stands_for() {
        for basis in LegalBasis::all() {
            let number = basis.article().rsplit(' ').next().unwrap();
            let cited = [number, basis.paragraph()].join("-").trim_end_matches('-').to_lowercase();
            assert_eq!(basis.code().split_once('-').unwrap().1, cited);
        }
    }

    #[test]
    fn no_two_legal_bases_say_the_same() {
        let gists: std::collections::HashSet<_> = LegalBasis::all().map(LegalBasis::gist).collect();
        assert_eq!(gists.len(), LegalBasis::all().count());
    }

    #[test]
    fn a_request_of_the_user_permits_simplification_only() {
        let basis = LegalBasis::from_code("crpa-l114-8-i").unwrap();
        assert_eq!(basis.purposes(), [Purpose::Simplification]);
        assert_eq!((basis.paragraph(), basis.review()), ("I", Review::Settled));
    }

    #[test]
    fn fraud_rests_on_no_article_that_is_settled() {
        for basis in LegalBasis::all().filter(|basis| basis.permits(Purpose::Fraud)) {
            assert_eq!(basis.review(), Review::ToConfirm, "{}", basis.code());
        }
    }

    #[test]
    fn a_code_outside_the_list_is_refused_with_the_list() {
        let refused = LegalBasis::try_from("crpa-l999".to_owned()).unwrap_err().to_string();
        assert!(refused.contains("crpa-l999") && refused.contains("crpa-l114-8-ii"), "{refused}");
    }

    #[test]
    fn what_was_obtained_to_find_rights_is_not_for_fraud() {
        let basis = LegalBasis::from_code("crpa-l114-8-ii").unwrap();
        assert!(basis.permits(Purpose::NonTakeUp));
        assert!(!basis.permits(Purpose::Fraud));
        assert_eq!(basis.payload_kept_months(), Some(12));
    }
}
