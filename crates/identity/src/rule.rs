//! What a client certificate must be beyond what TLS verifies; `deploy/certificates.md` gives the source of each rule.

mod key;

use thiserror::Error;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::KeyUsage;

use self::key::key_check;

/// The longest serial number, in bytes (RFC 5280, 4.1.2.2).
const SERIAL_BYTES_MAX: usize = 20;

/// A rule that a verified certificate, or the chain that vouches for it, does not keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BrokenRule {
    /// The key usage leaves out `digitalSignature`, with which a client proves its key (RFC 8446, 4.4.2).
    #[error("its key usage does not permit digital signatures")]
    NoDigitalSignature,
    /// The key usage says that it signs certificates or revocation lists (X509-SVID, 5.2).
    #[error("its key usage permits to sign certificates or revocation lists, which is for authorities")]
    SignsAsAuthority,
    /// The key usage cannot be read.
    #[error("its key usage cannot be read")]
    KeyUsageDamaged,
    /// The serial number is zero, negative or too long (RFC 5280, 4.1.2.2).
    #[error("its serial number is not a positive number of at most 20 bytes")]
    SerialNumber,
    /// The key is of a kind, a curve or a length that the hub does not accept (RGS, annex B1).
    #[error("its key is not RSA of 2048 to 8192 bits, ECDSA on P-256, P-384 or P-521, or Ed25519")]
    WeakKey,
    /// The public exponent of an RSA key is small (RGS, annex B1).
    #[error("the public exponent of its RSA key is not greater than 65536")]
    SmallExponent,
    /// An authority of the chain has a key usage without `keyCertSign` (RFC 5280, 6.1.4 n).
    #[error("the key usage of an authority in its chain does not permit to sign certificates")]
    IssuerMayNotSign,
    /// More authorities stand in the chain than the trusted one permits below itself (RFC 5280, 4.2.1.9).
    #[error("its chain is longer than the trusted authority permits")]
    ChainTooLong,
}

/// The rules of a certificate that calls.
pub(crate) fn client_check(certificate: &X509Certificate<'_>) -> Result<(), BrokenRule> {
    if let Some(usage) = key_usage_of(certificate)? {
        if usage.key_cert_sign() || usage.crl_sign() {
            return Err(BrokenRule::SignsAsAuthority);
        }
        if !usage.digital_signature() {
            return Err(BrokenRule::NoDigitalSignature);
        }
    }
    serial_check(certificate.raw_serial())?;
    key_check(certificate.public_key())
}

/// The rules of an authority between the caller and the one that is trusted.
pub(crate) fn issuer_check(certificate: &X509Certificate<'_>) -> Result<(), BrokenRule> {
    match key_usage_of(certificate)? {
        Some(usage) if !usage.key_cert_sign() => Err(BrokenRule::IssuerMayNotSign),
        Some(_) | None => Ok(()),
    }
}

fn key_usage_of<'a>(certificate: &'a X509Certificate<'_>) -> Result<Option<&'a KeyUsage>, BrokenRule> {
    let extension = certificate.key_usage().map_err(|_unreadable| BrokenRule::KeyUsageDamaged)?;
    Ok(extension.map(|extension| extension.value))
}

fn serial_check(bytes: &[u8]) -> Result<(), BrokenRule> {
    let magnitude = match bytes {
        // The byte that keeps a number positive is not one of its twenty.
        [0, magnitude @ ..] => magnitude,
        [first, ..] if first & 0x80 == 0 => bytes,
        _ => return Err(BrokenRule::SerialNumber),
    };
    if magnitude.is_empty() || magnitude.len() > SERIAL_BYTES_MAX {
        return Err(BrokenRule::SerialNumber);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_number_is_positive_and_has_at_most_twenty_bytes() {
        for good in [&[1][..], &[0, 0x80], &[0x7f; 20], &[&[0][..], &[0xff; 20]].concat()] {
            assert_eq!(serial_check(good), Ok(()), "{good:?}");
        }
        for bad in [&[][..], &[0], &[0x80], &[0xff], &[1; 21], &[&[0][..], &[0xff; 21]].concat()] {
            assert_eq!(serial_check(bad), Err(BrokenRule::SerialNumber), "{bad:?}");
        }
    }
}
