//! The scan: every byte of every file, for every secret in every form in which it could lie there.

use std::path::{Path, PathBuf};

/// What is looked for, and what it is.
#[derive(Debug)]
pub(crate) struct Scan {
    forms: Vec<(String, Vec<u8>)>,
    /// The forms by their first two bytes.
    by_start: Vec<Vec<usize>>,
}

impl Scan {
    /// Looks for these secrets: as they are, in hexadecimal, and as the list of numbers that a debugger prints.
    pub(crate) fn of(secrets: &[(&str, Vec<u8>)]) -> Self {
        let forms = secrets.iter().flat_map(|(what, secret)| {
            assert!(secret.len() >= 5, "{what} is so short that it may be there by chance");
            let hexadecimal: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
            let list: Vec<String> = secret.iter().map(u8::to_string).collect();
            [
                ((*what).to_owned(), secret.clone()),
                (format!("{what}, in hexadecimal"), hexadecimal.into_bytes()),
                (format!("{what}, as numbers"), list.join(", ").into_bytes()),
            ]
        });
        let forms: Vec<_> = forms.collect();
        let mut by_start = vec![Vec::new(); 1 << 16];
        for (number, (_, form)) in forms.iter().enumerate() {
            by_start[start(form)].push(number);
        }
        Self { forms, by_start }
    }

    /// What is found first.
    pub(crate) fn finds(&self, bytes: &[u8]) -> Option<&str> {
        (0..bytes.len().saturating_sub(1)).find_map(|at| {
            let here = &bytes[at..];
            let found = self.by_start[start(here)].iter().find(|form| here.starts_with(&self.forms[**form].1));
            found.map(|form| self.forms[*form].0.as_str())
        })
    }
}

fn start(bytes: &[u8]) -> usize {
    usize::from(bytes[0]) << 8 | usize::from(bytes[1])
}

/// Every file under a folder, with its bytes.
pub(crate) fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let paths = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { vec![(path.clone(), std::fs::read(path).unwrap())] })
        .collect()
}

#[test]
fn the_scan_finds_a_secret_wherever_it_is_and_in_each_form() {
    let scan = Scan::of(&[("a number", b"255081416802538".to_vec()), ("a word", b"DOSSIER-4711".to_vec())]);
    let noise: Vec<u8> = (0..4_000_u32).map(|number| (number * 31 % 251) as u8).collect();
    assert_eq!(scan.finds(&noise), None);
    let forms: [(&[u8], &str); 4] = [
        (b"255081416802538", "a number"),
        (b"323535303831343136383032353338", "a number, in hexadecimal"),
        (b"50, 53, 53, 48, 56, 49, 52, 49, 54, 56, 48, 50, 53, 51, 56", "a number, as numbers"),
        (b"DOSSIER-4711", "a word"),
    ];
    for (form, name) in forms {
        for at in [0, 1, 2_000, noise.len()] {
            let file = [&noise[..at], form, &noise[at..]].concat();
            assert_eq!(scan.finds(&file), Some(name), "at {at}");
        }
    }
    assert_eq!(scan.finds(b"DOSSIER-471"), None);
    assert_eq!(scan.finds(b""), None);
}
