//! Identifiers, judged by an implementation that is not ours: python-stdnum.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::disallowed_methods, reason = "the test command says in the environment which Python to use")]

use std::{
    io::Write,
    process::{Command, Stdio},
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use unefois_core::{Identifier, IdentifierKind, Sandbox};

/// Reads lines `kind number` and answers `1` or `0` to each.
const ORACLE: &str = r"
import sys
from stdnum.fr import nir, siren, siret, nif
judges = {'nir': nir, 'siren': siren, 'siret': siret, 'spi': nif}
for line in sys.stdin:
    kind, number = line.split()
    print(1 if judges[kind].is_valid(number) else 0)
";

fn python() -> String {
    std::env::var("UNEFOIS_PYTHON").unwrap_or_else(|_unset| "python3".to_owned())
}

fn oracle_is_there() -> bool {
    let found = Command::new(python()).args(["-c", "import stdnum.fr.nir"]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    assert!(found || std::env::var("UNEFOIS_CI").is_err(), "python-stdnum is missing");
    found
}

fn judged(questions: &[(IdentifierKind, String)]) -> Vec<bool> {
    let mut child =
        Command::new(python()).args(["-c", ORACLE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let lines: String = questions.iter().map(|(kind, text)| format!("{} {text}\n", kind.code())).collect();
    let mut input = child.stdin.take().unwrap();
    let writing = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|line| line == "1").collect()
}

/// Random digits, half of them with a key that fits.
fn questions(count: usize) -> Vec<(IdentifierKind, String)> {
    let mut runner = TestRunner::deterministic();
    let mut draw = |pattern: &str| {
        let strategy = proptest::string::string_regex(pattern).unwrap();
        strategy.new_tree(&mut runner).unwrap().current()
    };
    let mut questions = Vec::new();
    for turn in 0..count {
        let number = draw("[1-478][0-9]{2}(0[1-9]|1[0-2])([0-8][0-9]|9[0-5]|2A|2B)[0-9]{6}");
        let value: u64 = number.replacen("2A", "19", 1).replacen("2B", "18", 1).parse().unwrap();
        let key = if turn % 2 == 0 { 97 - value % 97 } else { value % 97 };
        questions.push((IdentifierKind::Nir, format!("{number}{key:02}")));
        let spi = draw("[0-3][0-9]{9}");
        let value: u64 = spi.parse().unwrap();
        let key = if turn % 2 == 0 { value % 511 } else { value % 510 };
        questions.push((IdentifierKind::Spi, format!("{spi}{key:03}")));
        questions.push((IdentifierKind::Siren, draw("[0-9]{9}")));
        let siren = draw("[0-9]{8}");
        let siren =
            (0..10).map(|key| format!("{siren}{key}")).find(|siren| parses(IdentifierKind::Siren, siren)).unwrap();
        questions.push((IdentifierKind::Siret, format!("{siren}{}", draw("[0-9]{5}"))));
        questions.push((IdentifierKind::Siret, format!("356000000{}", draw("[0-9]{5}"))));
        questions.push((IdentifierKind::Siren, siren));
    }
    questions
}

fn parses(kind: IdentifierKind, text: &str) -> bool {
    Identifier::parse(kind, text, &Sandbox::default()).is_ok()
}

#[test]
fn identifiers_are_judged_as_another_implementation_judges_them() {
    if !oracle_is_there() {
        println!("NOT RUN: python-stdnum is not installed; `cargo xtask test` installs it");
        return;
    }
    let questions = questions(2_000);
    let verdicts = judged(&questions);
    assert_eq!(verdicts.len(), questions.len());
    let good = verdicts.iter().filter(|verdict| **verdict).count();
    assert!(good > questions.len() / 4 && good < questions.len() * 3 / 4, "{good} of {} are valid", questions.len());
    for ((kind, text), verdict) in questions.iter().zip(verdicts) {
        // Invented numbers: they may be shown.
        assert_eq!(parses(*kind, text), verdict, "{} {text}", kind.code());
    }
}
