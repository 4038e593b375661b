//! Subscriptions by command.

use unefois_testkit::House;

use crate::UNEFOIS;

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_are_made_shown_and_ended_by_command() {
    let house = House::open(UNEFOIS).await;
    let runs = |arguments: &[&str]| {
        let flags = house.flags("cnaf");
        let all = flags.iter().map(String::as_str).chain(["subscriptions"]).chain(arguments.iter().copied());
        house.runs(&all.collect::<Vec<_>>(), "")
    };
    let create = ["create", "ends", "--agreement", "d09-cnaf", "--kind", "ended", "--kind", "corrected"];
    let (good, output, errors) = runs(&create);
    assert!(good && output.starts_with("created ") && output.contains("; recorded as "), "{output}{errors}");
    let id = output["created ".len()..].split(';').next().unwrap().to_owned();
    let (good, _, errors) = runs(&create);
    assert!(!good && errors.contains("SUBSCRIPTION_NAME_TAKEN"), "{errors}");
    let (good, output, errors) = runs(&["pause", "ends"]);
    assert!(good && output.starts_with("paused; recorded as "), "{output}{errors}");
    let (good, output, _) = runs(&["list"]);
    assert!(good && output.contains(" ends ") && output.contains(" paused "), "{output}");
    let (good, output, _) = runs(&["show", &id, "--json"]);
    assert!(good && output.contains(r#""kinds":["corrected","ended"]"#), "{output}");
    let (good, output, _) = runs(&["show", "ends"]);
    assert!(good && output.contains(&id) && output.contains("open-dossiers"), "{output}");
    let (good, output, _) = runs(&["resume", &id]);
    assert!(good && output.starts_with("resumed; recorded as "), "{output}");
    let (good, output, _) = runs(&["dead-letters", "ends", "--json"]);
    assert!(good && output.is_empty(), "{output}");
    let (good, _, errors) = runs(&["replay", "ends", "00000000-0000-0000-0000-000000000000"]);
    assert!(!good && errors.contains("DEAD_LETTER_UNKNOWN"), "{errors}");
    let (good, output, _) = runs(&["delete", "ends"]);
    assert!(good && output.starts_with("deleted; recorded as "), "{output}");
    let (good, _, errors) = runs(&["show", "ends"]);
    assert!(!good && errors.contains("there is no subscription `ends`"), "{errors}");
    let subscribe: Vec<String> = house.flags("cnaf").into_iter().chain(["subscribe".to_owned(), id]).collect();
    let (good, _, errors) = house.runs(&subscribe.iter().map(String::as_str).collect::<Vec<_>>(), "");
    assert!(!good && errors.contains("SUBSCRIPTION_UNKNOWN"), "{errors}");
}
