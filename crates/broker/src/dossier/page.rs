//! Pages of dossiers: after which subject the next one begins. Sealed, because that is an identifier of ours, by which
//! two agencies could find out whom they both know.

use jiff::Timestamp;
use unefois_core::Reason;
use unefois_vault::PageAad;

use crate::{
    failure::Failure,
    hub::Hub,
    token::{InvalidToken, TokenOf},
};

const LISTING: &str = "dossiers";

/// The token holds the identifier of its key, then what that key sealed.
const KEY_ID_BYTES: usize = 16;

fn of(agency: &str) -> TokenOf<'_> {
    TokenOf { kind: LISTING, agency, context: &[] }
}

fn refused(_invalid: InvalidToken) -> Failure {
    Failure::new(Reason::PageTokenInvalid)
}

impl Hub {
    /// The token of the page after that subject.
    pub(super) async fn dossiers_token(
        &self,
        agency: &str,
        subject: [u8; 16],
        now: Timestamp,
    ) -> Result<String, Failure> {
        let key = self.keys.of_ledger(now).await?;
        let sealed = key.seal(&PageAad { listing: LISTING, agency }.encode(), &subject);
        Ok(of(agency).sign(&self.pseudonyms, &[&key.id().0[..], &sealed].concat()))
    }

    /// After which subject the page of that token begins; an empty one is that of the first page.
    pub(super) async fn dossiers_after(&self, agency: &str, token: &str) -> Result<Option<[u8; 16]>, Failure> {
        if token.is_empty() {
            return Ok(None);
        }
        let bytes = of(agency).read(&self.pseudonyms, token).map_err(refused)?;
        let (key, sealed) = bytes.split_first_chunk::<KEY_ID_BYTES>().ok_or(InvalidToken).map_err(refused)?;
        let opened = self.keys.open(*key).await?.open(&PageAad { listing: LISTING, agency }.encode(), sealed);
        let subject = opened.map_err(Failure::internal)?;
        Ok(Some(subject.try_into().map_err(|_length| InvalidToken).map_err(refused)?))
    }
}
