//! The first hour: what the README and the page on datasets say is typed into a shell, word for word.

use std::{
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

use crate::UNEFOIS;

const README: &str = include_str!("../../README.md");
const DATASETS: &str = include_str!("../../deploy/datasets.md");

/// The first command of the README, which builds what is tested here and chooses a folder.
const BUILD: &str = r#"cargo build && export PATH="$PWD/target/debug:$PATH" && mkdir -p /tmp/first && cd /tmp/first"#;

/// What a page tells its reader to type, of the section with that title.
fn typed(page: &str, section: &str) -> String {
    let (_, rest) = page.split_once(section).unwrap();
    let rest = rest.split("\n## ").next().unwrap();
    let blocks = rest.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.collect::<Vec<_>>().join("\n")
}

/// Two ports that were free a moment ago: the page starts its hub twice, and both times callers know where it is.
fn free_ports() -> [u16; 2] {
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

/// Types it into a shell that stops at the first failure; whatever hub it leaves is ended.
fn types(script: &str, folder: &Path) -> Output {
    let [hub, admin] = free_ports();
    Command::new("bash")
        .args(["-euc", &format!("trap 'kill $! 2> /dev/null; wait' EXIT\nPATH=\"$PROGRAMS:$PATH\"\n{script}")])
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
        .env("PROGRAMS", Path::new(UNEFOIS).parent().unwrap())
        .env("NEW_FOLDER", folder)
        .env("UNEFOIS_SERVER__LISTEN", format!("127.0.0.1:{hub}"))
        .env("UNEFOIS_ADMIN__LISTEN", format!("127.0.0.1:{admin}"))
        .env("UNEFOIS_CLIENT__HUB", format!("https://127.0.0.1:{hub}"))
        .output()
        .unwrap()
}

#[test]
fn a_newcomer_adds_a_dataset_and_pulls_a_record_of_it_by_the_page_alone() {
    let folder = TempDir::new().unwrap();
    let first = typed(README, "## Your own first pull\n");
    assert!(first.contains(BUILD), "the README begins in another way");
    let first = first.replace(BUILD, r#"cd "$NEW_FOLDER""#);
    let script = format!("{first}\n{}", typed(DATASETS, "# A dataset of one's own\n"));

    let output = types(&script, folder.path());

    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{errors}");
    assert_eq!(said.matches("receipt verified").count(), 2, "{said}\n{errors}");
    assert!(said.contains("What a family paid its childminder for one month."), "{said}");
    let (_, pulled) = said.rsplit_once("1 created").unwrap();
    assert!(pulled.contains("84300") && !pulled.contains("31555"), "{pulled}");
    assert!(pulled.contains("2 of 3 fields") && pulled.contains("withheld: commune"), "{pulled}");
}
