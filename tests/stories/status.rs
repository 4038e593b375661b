//! The status that a command ends with: what a script may rely on, whoever reads what the command says.

use std::{
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
    process::{Command, Stdio},
};

use unefois_testkit::House;

use crate::UNEFOIS;

/// What becomes of a command that needs no hub, and what it says on standard error.
fn ends(command: &mut Command) -> (Option<i32>, String) {
    ends_in(&std::env::temp_dir(), command)
}

fn ends_in(folder: &Path, command: &mut Command) -> (Option<i32>, String) {
    let output = command.current_dir(folder).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_reader_that_leaves_is_no_failure_and_a_full_disk_is() {
    for arguments in [&["catalog", "list"][..], &["catalog", "list", "--json"], &["catalog", "show", "bank-details"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (code, errors) = ends(Command::new(UNEFOIS).args(arguments).stdout(writer));
        assert_eq!((code, errors.as_str()), (Some(0), ""), "{arguments:?}");
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (code, errors) = ends(Command::new(UNEFOIS).args(arguments).stdout(full));
        assert_eq!(code, Some(1), "{arguments:?}");
        assert!(errors.starts_with("error: standard output cannot be written\n  because: "), "{errors}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_tells_what_was_typed_wrong_from_what_failed() {
    let house = House::open(UNEFOIS).await;
    let wrong = house.path().join("wrong.toml");
    std::fs::write(&wrong, "[hub]\nnonsense = 1\n").unwrap();
    let folder = house.path().join("folder.toml");
    std::fs::write(&folder, "[catalog]\nfolders = [\"nowhere\"]\n").unwrap();
    let (wrong, folder) = (wrong.to_str().unwrap(), folder.to_str().unwrap());
    for arguments in [
        &["nonsense"][..],
        &["pull", "--nonsense"],
        &["--config", "nowhere.toml", "serve"],
        &["--config", wrong, "serve"],
        &["--config", folder, "catalog", "list"],
        &["audit", "search", "--case", "E-1"],
        &["--certificate", "nowhere.pem", "--key", "nowhere.key", "registry", "show"],
    ] {
        let (code, errors) = ends(Command::new(UNEFOIS).args(arguments));
        assert_eq!(code, Some(2), "{arguments:?}: {errors}");
    }
    let (code, errors) = ends(Command::new(UNEFOIS).args(house.flags("cnaf")).args(["registry", "show"]));
    assert_eq!(code, Some(1), "{errors}");
    assert!(errors.contains("ROLE_REQUIRED"), "{errors}");
}

#[test]
fn a_hub_that_cannot_be_configured_so_ends_with_status_2_and_has_opened_nothing() {
    for (more, named) in [
        ("[identifiers]\nsandbox = [\"810000117\"]", "identifiers.sandbox"),
        ("[identifiers]\nsandbox = [\"810000117:siren\"]", "none of the kinds"),
        ("[server]\ncertificate = \"pki/nowhere.pem\"", "pki/nowhere.pem"),
        ("[server]\nkey = \"pki/operator-admin.key\"", "does not belong to the certificate"),
        ("[server]\npartner-ca = \"unefois.toml\"", "unefois.toml"),
        ("[hub]\noperator = \"No Agency\"", "hub.operator"),
        ("[storage]\nkind = \"postgres\"", "storage.url"),
        (
            "[storage]\nkind = \"postgres\"\nurl = \"postgres://127.0.0.1:1/hub\"\nkeys-url = \"nonsense\"",
            "storage.keys-url",
        ),
        ("[storage]\nkind = \"postgres\"\n[limits.store]\nlease = \"1s\"", "transaction-idle-max"),
        ("[telemetry]\notlp-endpoint = \"127.0.0.1:4317\"", "telemetry.otlp-endpoint"),
    ] {
        let folder = tempfile::TempDir::new().unwrap();
        let unefois = |arguments: &[&str]| ends_in(folder.path(), Command::new(UNEFOIS).args(arguments));
        assert_eq!(unefois(&["pki", "init", "pki"]).0, Some(0));
        let good = "[admin]\nlisten = \"127.0.0.1:0\"\n";
        std::fs::write(folder.path().join("unefois.toml"), format!("{good}{more}\n")).unwrap();
        let (code, errors) = unefois(&["--config", "unefois.toml", "serve", "--listen", "127.0.0.1:0"]);
        assert!(code == Some(2) && errors.contains(named), "{named}: {code:?} {errors}");
        assert!(!errors.contains("810000117"), "{errors}");
        assert!(!folder.path().join("unefois-data").exists(), "{named}: something was opened");
    }
}

#[test]
fn a_reader_of_errors_that_leaves_changes_no_status() {
    let folder = tempfile::TempDir::new().unwrap();
    for (arguments, due) in [(&["catalog", "show", "nonsense"][..], 1), (&["--config", "nowhere.toml", "serve"], 2)] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let full = File::options().write(true).open("/dev/full").unwrap();
        for deaf in [Stdio::from(writer), full.into()] {
            let status =
                Command::new(UNEFOIS).args(arguments).current_dir(folder.path()).stderr(deaf).status().unwrap();
            assert_eq!(status.code(), Some(due), "{arguments:?}");
        }
    }
}

#[test]
fn a_hub_whose_log_nobody_reads_comes_up() {
    let folder = tempfile::TempDir::new().unwrap();
    let unefois = |arguments: &[&str]| {
        let mut command = Command::new(UNEFOIS);
        command.args(arguments).current_dir(folder.path()).env("UNEFOIS_ADMIN__LISTEN", "127.0.0.1:0");
        command
    };
    assert_eq!(ends_in(folder.path(), &mut unefois(&["pki", "init", "pki"])).0, Some(0));
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut serve = unefois(&["serve", "--listen", "127.0.0.1:0"]);
    let mut hub = serve.stdout(Stdio::piped()).stderr(writer).spawn().unwrap();
    let mut told = BufReader::new(hub.stdout.take().unwrap()).lines();
    let addresses = [told.next(), told.next()].map(|line| line.and_then(Result::ok));
    // It logs that it is ready, that it was told to stop, and that it has stopped.
    let killed = Command::new("kill").args(["-TERM", &hub.id().to_string()]).status().unwrap();
    let status = hub.wait().unwrap();
    assert!(addresses.iter().flatten().count() == 2 && killed.success(), "{addresses:?}");
    assert_eq!(status.code(), Some(0));
}
