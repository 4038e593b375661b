//! The keys with which a client may prove who it is.

use x509_parser::oid_registry::{OID_KEY_TYPE_EC_PUBLIC_KEY, OID_PKCS1_RSAENCRYPTION, OID_SIG_ED25519, Oid};
use x509_parser::public_key::{PublicKey, RSAPublicKey};
use x509_parser::x509::SubjectPublicKeyInfo;

use super::BrokenRule;

/// The lengths of an RSA modulus, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// An RSA exponent must be greater than this.
const RSA_EXPONENT_MIN: u64 = 65_536;
/// P-256, P-384 and P-521.
const CURVES: [&str; 3] = ["1.2.840.10045.3.1.7", "1.3.132.0.34", "1.3.132.0.35"];

/// Whether a client may prove itself with this key.
pub(super) fn key_check(key: &SubjectPublicKeyInfo<'_>) -> Result<(), BrokenRule> {
    let algorithm = &key.algorithm.algorithm;
    if *algorithm == OID_PKCS1_RSAENCRYPTION {
        return match key.parsed() {
            Ok(PublicKey::RSA(key)) => rsa_check(&key),
            Ok(_) | Err(_) => Err(BrokenRule::WeakKey),
        };
    }
    let known = *algorithm == OID_SIG_ED25519
        || *algorithm == OID_KEY_TYPE_EC_PUBLIC_KEY
            && curve_of(key).is_some_and(|curve| CURVES.contains(&curve.to_id_string().as_str()));
    if known { Ok(()) } else { Err(BrokenRule::WeakKey) }
}

fn curve_of<'a>(key: &'a SubjectPublicKeyInfo<'_>) -> Option<Oid<'a>> {
    // Curves that are not named, but spelt out, are nobody's standard.
    key.algorithm.parameters.as_ref()?.as_oid().ok()
}

fn rsa_check(key: &RSAPublicKey<'_>) -> Result<(), BrokenRule> {
    if !RSA_BITS.contains(&bits_of(key.modulus)) {
        return Err(BrokenRule::WeakKey);
    }
    match key.try_exponent() {
        Ok(exponent) if exponent <= RSA_EXPONENT_MIN => Err(BrokenRule::SmallExponent),
        // One that fits no 64 bits is great enough; the signature's verification has its own limit.
        Ok(_) | Err(_) => Ok(()),
    }
}

fn bits_of(number: &[u8]) -> usize {
    let first = number.iter().position(|byte| *byte != 0).unwrap_or(number.len());
    let number = &number[first..];
    number.first().map_or(0, |byte| number.len() * 8 - byte.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rsa(bits: usize, exponent: &[u8]) -> Result<(), BrokenRule> {
        let mut modulus = vec![0; bits.div_ceil(8)];
        modulus[0] = 1 << ((bits - 1) % 8);
        rsa_check(&RSAPublicKey { modulus: &[&[0][..], &modulus].concat(), exponent })
    }

    #[test]
    fn an_rsa_key_has_2048_to_8192_bits() {
        for (bits, due) in [(1024, false), (2047, false), (2048, true), (3072, true), (8192, true), (8193, false)] {
            assert_eq!(rsa(bits, &[1, 0, 1]).is_ok(), due, "{bits}");
        }
    }

    #[test]
    fn an_rsa_exponent_is_greater_than_65536() {
        for (exponent, due) in [(&[3][..], false), (&[1, 0, 0], false), (&[1, 0, 1], true), (&[1; 9], true)] {
            assert_eq!(rsa(2048, exponent).is_ok(), due, "{exponent:?}");
        }
    }
}
