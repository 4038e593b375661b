//! The auditor's commands on a ledger of two shards.

use unefois_testkit::Person;

use super::{NAMES, house_of_two_shards};

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_exports_each_shard_to_a_file_and_verifies_them_all() {
    let house = house_of_two_shards(&Person::invented(156), "0s").await;
    let flags = house.flags("cour-des-comptes");
    let audit = |arguments: &[&str]| {
        let flags = flags.iter().map(String::as_str);
        house.runs(&flags.chain(["audit"]).chain(arguments.iter().copied()).collect::<Vec<_>>(), "")
    };
    let (good, output, errors) = audit(&["shards"]);
    assert!(good && NAMES.iter().all(|origin| output.contains(origin)), "{output}{errors}");
    for (slot, origin) in NAMES.iter().enumerate() {
        let (good, output, errors) = audit(&["checkpoint", "--origin", origin]);
        let (_, checkpoint) = output.split_once("\n\n").unwrap();
        assert!(good && checkpoint.starts_with(origin), "{output}{errors}");
        std::fs::write(house.path().join(format!("kept{slot}")), checkpoint.trim_end().to_owned() + "\n").unwrap();
    }
    let (good, output, errors) = audit(&["export", "ledger", "--case", "E-1"]);
    assert!(good && output.contains(" to ledger\n") && output.contains(" to ledger.1\n"), "{output}{errors}");
    let (good, output, errors) = audit(&["search", "--case", "E-1", "--consumer", "cnaf"]);
    assert!(good && NAMES.iter().all(|origin| output.contains(origin)), "{output}{errors}");

    let key = house.public_key().await.to_string();
    let verify = |words: &[&str]| house.runs(&[&["audit", "verify", "--public-key", &key], words].concat(), "");
    let since = ["--since", "kept0", "--since", "kept1"];
    let (good, output, errors) = verify(&[&["ledger", "ledger.1"][..], &since].concat());
    assert!(good && output.matches("verified: ").count() == 2, "{output}{errors}");
    let (good, _, errors) = verify(&[&["ledger"][..], &since].concat());
    assert!(!good && errors.contains("`unefois.local/shard/1`, and none of the exports is"), "{errors}");
    let changed = std::fs::read_to_string(house.path().join("ledger.1")).unwrap().replacen("shard/1\n", "shard/2\n", 1);
    std::fs::write(house.path().join("changed"), changed).unwrap();
    let (good, _, errors) = verify(&["ledger", "changed"]);
    assert!(!good && errors.contains("`changed` does not verify"), "{errors}");
}
