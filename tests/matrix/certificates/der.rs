//! Writing DER (X.690): what a certificate is made of, well formed or not.

/// A value with its tag and length.
pub(crate) fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let head = match length {
        0..0x80 => vec![tag, small(length)],
        0x80..0x100 => vec![tag, 0x81, small(length)],
        0x100..0x1_0000 => vec![tag, 0x82, small(length >> 8), small(length & 0xff)],
        _ => vec![tag, 0x83, small(length >> 16), small(length >> 8 & 0xff), small(length & 0xff)],
    };
    [head, content.to_vec()].concat()
}

fn small(number: usize) -> u8 {
    u8::try_from(number).unwrap()
}

pub(crate) fn sequence<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    tagged(0x30, &joined(parts))
}

pub(crate) fn set<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    tagged(0x31, &joined(parts))
}

fn joined<P: AsRef<[u8]>>(parts: &[P]) -> Vec<u8> {
    parts.iter().flat_map(|part| part.as_ref().iter().copied()).collect()
}

/// A context-specific value that holds others.
pub(crate) fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tagged(0xa0 | number, content)
}

/// An integer of these very bytes.
pub(crate) fn integer(bytes: &[u8]) -> Vec<u8> {
    tagged(0x02, bytes)
}

pub(crate) fn truth() -> Vec<u8> {
    tagged(0x01, &[0xff])
}

pub(crate) fn null() -> Vec<u8> {
    tagged(0x05, &[])
}

pub(crate) fn octets(bytes: &[u8]) -> Vec<u8> {
    tagged(0x04, bytes)
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    tagged(0x0c, text.as_bytes())
}

/// A bit string of whole bytes.
pub(crate) fn bits(bytes: &[u8]) -> Vec<u8> {
    tagged(0x03, &[&[0], bytes].concat())
}

/// A bit string of flags, the first the highest bit: DER leaves out the zeros at its end.
pub(crate) fn flags(byte: u8) -> Vec<u8> {
    let unused = u8::try_from(byte.trailing_zeros().min(7)).unwrap();
    tagged(0x03, &[unused, byte])
}

/// An object identifier from its dotted form.
pub(crate) fn oid(dotted: &str) -> Vec<u8> {
    let arcs: Vec<u64> = dotted.split('.').map(|arc| arc.parse().unwrap()).collect();
    let [first, second, rest @ ..] = &arcs[..] else { panic!("`{dotted}` is too short") };
    let arcs = [&[first * 40 + second], rest].concat();
    tagged(0x06, &arcs.into_iter().flat_map(base128).collect::<Vec<_>>())
}

fn base128(number: u64) -> Vec<u8> {
    let digits = (1..).find(|digits| number >> (7 * digits) == 0).unwrap();
    let digit = |place: u32| u8::try_from(number >> (7 * place) & 0x7f).unwrap();
    (0..digits).rev().map(|place| if place == 0 { digit(place) } else { 0x80 | digit(place) }).collect()
}

#[test]
fn oids_and_lengths_are_written_as_x_690_says() {
    assert_eq!(oid("1.2.840.113549"), [6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]);
    assert_eq!(tagged(4, &[0; 200])[..3], [4, 0x81, 200]);
    assert_eq!(tagged(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
    assert_eq!(flags(0x80), [3, 2, 7, 0x80]);
    assert_eq!(flags(0x06), [3, 2, 1, 0x06]);
}
