//! Bad certificates: every kind is refused, for the reason that it is bad and for no other.

mod der;
mod extension;
mod kind;
mod kinds;
mod openssl;
mod protocol;
mod recipe;
mod revocation;
mod sound;
mod world;

use std::collections::BTreeSet;

use unefois_testkit::Answer;

use kind::Refusal;
use kinds::{kinds, malformed};
use sound::{PERMITTED, SOUND};
use world::World;

/// What a certificate must be, in words.
const RULES: &str = include_str!("../../deploy/certificates.md");

/// The numbers of the rules in the page: what the rows of its tables begin with.
fn rules() -> BTreeSet<&'static str> {
    let cells = RULES.lines().filter_map(|line| line.strip_prefix("| C")?.split_once(" |"));
    let numbers: Vec<&str> = cells.map(|(number, _)| number).collect();
    let rules: BTreeSet<&str> = numbers.iter().copied().collect();
    assert_eq!(rules.len(), numbers.len(), "a rule has two rows");
    rules
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sound_is_accepted() {
    let world = World::open().await;
    for (sound, make) in SOUND {
        assert_eq!(world.call(&make(&world)).await.answer, Answer::Served, "{sound:?}");
    }
    for (name, make) in PERMITTED {
        assert_eq!(world.call(&make(&world)).await.answer, Answer::Served, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_kind_of_bad_certificate_is_refused_for_what_is_bad_about_it() {
    let world = World::open().await;
    let mut complaints = Vec::new();
    for kind in kinds() {
        let attempt = world.call(&(kind.make)(&world)).await;
        complaints.extend(kind.refusal.complaint(&world, kind.name, attempt).await);
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
    // The hub is none the worse for it.
    for (sound, make) in SOUND {
        assert_eq!(world.call(&make(&world)).await.answer, Answer::Served, "{sound:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_is_not_quite_one_of_ours_names_nobody() {
    let world = World::open().await;
    for (name, presented) in malformed(&world) {
        let attempt = world.call(&presented).await;
        assert_eq!(Refusal::Unknown.complaint(&world, name, attempt).await, None);
    }
}

#[test]
fn every_kind_has_a_name_of_its_own_and_a_sound_certificate_to_be_compared_with() {
    let names: BTreeSet<&str> = kinds().iter().map(|kind| kind.name).collect();
    assert_eq!(names.len(), kinds().len());
    for kind in kinds() {
        assert!(SOUND.iter().any(|(sound, _)| *sound == kind.sound), "{}", kind.name);
    }
}

#[test]
fn every_rule_of_the_page_has_a_kind_that_breaks_it_and_every_kind_its_rule() {
    let broken: BTreeSet<&str> =
        kinds().iter().map(|kind| kind.rule).chain(protocol::RULES).chain(revocation::RULES).collect();
    assert_eq!(rules(), broken);
}
