//! Identifiers against python-stdnum, an implementation that is not ours.
//!
//! `UNEFOIS_PYTHON` names the interpreter (default `python3`). Where it cannot import `stdnum` the test says NOT RUN, and
//! fails when `UNEFOIS_CI` is set.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use unefois_core::{Identifier, IdentifierKind, Sandbox};

/// Reads `kind text` lines and answers each with 1 or 0.
const ORACLE: &str = "
import sys
from stdnum.fr import nif, nir, siren, siret
modules = {'nir': nir, 'siren': siren, 'siret': siret, 'spi': nif}
for line in sys.stdin.read().splitlines():
    kind, text = line.split(' ', 1)
    print(int(modules[kind].is_valid(text)))
";

const NUMBERS_PER_KIND: u64 = 4000;

#[test]
fn we_accept_what_python_stdnum_accepts_and_refuse_what_it_refuses() {
    let python = variable("UNEFOIS_PYTHON").unwrap_or_else(|| "python3".to_owned());
    if !imports_stdnum(&python) {
        assert!(variable("UNEFOIS_CI").is_none(), "`{python}` cannot import stdnum: pip install python-stdnum");
        println!("NOT RUN: `{python}` cannot import stdnum (pip install python-stdnum; UNEFOIS_PYTHON names another)");
        return;
    }
    let numbers = numbers();
    let verdicts = ask(&python, &numbers);
    assert_eq!(verdicts.len(), numbers.len());

    let mut accepted = 0;
    for ((kind, text), oracle) in numbers.iter().zip(verdicts) {
        let ours = Identifier::parse(*kind, text, &Sandbox::default()).is_ok();
        // stdnum checks neither the sex nor the month of a NIR: there we are stricter, by a rule of our own.
        let expected = oracle && (*kind != IdentifierKind::Nir || can_be_born(text));
        assert_eq!(ours, expected, "{} {text}", kind.code());
        accepted += usize::from(ours);
    }
    assert!(accepted > numbers.len() / 4 && accepted < numbers.len() * 3 / 4, "{accepted} of {}", numbers.len());
}

#[expect(clippy::disallowed_methods, reason = "a test is told by its environment where Python is")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn imports_stdnum(python: &str) -> bool {
    let import = Command::new(python).args(["-c", "import stdnum.fr.nif"]).stderr(Stdio::null()).status();
    import.is_ok_and(|status| status.success())
}

fn ask(python: &str, numbers: &[(IdentifierKind, String)]) -> Vec<bool> {
    let lines: String = numbers.iter().map(|(kind, text)| format!("{} {text}\n", kind.code())).collect();
    let mut oracle = Command::new(python)
        .args(["-c", ORACLE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it ran a moment ago");
    // It reads everything before it answers: no pipe can fill up while we write.
    oracle.stdin.take().expect("piped above").write_all(lines.as_bytes()).expect("it reads to the end");
    let output = oracle.wait_with_output().expect("it answers");
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).expect("ones and zeros").lines().map(|line| line == "1").collect()
}

/// Numbers of every kind: with the right key, with a key that is off by one digit, and with any key.
fn numbers() -> Vec<(IdentifierKind, String)> {
    let mut chance = Chance(0x2026);
    let mut numbers = Vec::new();
    for _ in 0..NUMBERS_PER_KIND {
        for (kind, right) in [
            (IdentifierKind::Nir, nir(&mut chance)),
            (IdentifierKind::Siren, siren(&mut chance)),
            (IdentifierKind::Siret, siret(&mut chance)),
            (IdentifierKind::Spi, spi(&mut chance)),
        ] {
            numbers.push((kind, off_by_one_digit(&mut chance, &right)));
            numbers.push((kind, right));
        }
    }
    numbers
}

fn nir(chance: &mut Chance) -> String {
    let department = match chance.below(10) {
        0 => "2A".to_owned(),
        1 => "2B".to_owned(),
        _ => format!("{:02}", chance.below(100)),
    };
    let (sex, year, month) = (1 + chance.below(9), chance.below(100), chance.below(100));
    let body = format!("{sex}{year:02}{month:02}{department}{:06}", chance.below(1_000_000));
    let number: u64 = body.replace("2A", "19").replace("2B", "18").parse().expect("digits");
    format!("{body}{:02}", 97 - number % 97)
}

fn siren(chance: &mut Chance) -> String {
    with_luhn_key(&format!("{:08}", chance.below(100_000_000)))
}

fn siret(chance: &mut Chance) -> String {
    // One in four is La Poste's, and those have any last digit: its rule is another.
    if chance.below(4) == 0 {
        return format!("356000000{:05}", chance.below(100_000));
    }
    with_luhn_key(&format!("{}{:04}", siren(chance), chance.below(10_000)))
}

fn spi(chance: &mut Chance) -> String {
    let number = chance.below(5_000_000_000);
    format!("{number:010}{:03}", number % 511)
}

fn with_luhn_key(body: &str) -> String {
    let sum: u64 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| (place % 2, u64::from(byte - b'0')))
        .map(|(parity, digit)| if parity == 1 { digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

fn off_by_one_digit(chance: &mut Chance, text: &str) -> String {
    let place = usize::try_from(chance.below(text.len() as u64)).expect("below a length");
    let mut changed = text.to_owned();
    changed.replace_range(place..=place, &chance.below(10).to_string());
    changed
}

fn can_be_born(nir: &str) -> bool {
    let sex = nir.as_bytes()[0];
    let month: u8 = nir[3..5].parse().expect("the oracle checked that these are digits");
    matches!(sex, b'1'..=b'4' | b'7' | b'8') && matches!(month, 1..=12 | 20 | 30..=42 | 50..=99)
}

/// Numbers that are the same on every run, so that a failure can be looked at (xorshift, Marsaglia 2003).
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
