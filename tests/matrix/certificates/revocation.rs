//! Certificates that were good until the registry, or the clock, said otherwise.

use std::path::PathBuf;

use tonic::Code;
use unefois_testkit::{Answer, Presented};

use super::{openssl::pem, recipe::Recipe, world::World};

/// The rule that is shown here.
pub(crate) const RULES: [&str; 1] = ["33"];

fn revoked() -> Answer {
    Answer::Refused("CERTIFICATE_REVOKED".to_owned(), Code::Unauthenticated)
}

/// The operator revokes what was presented.
async fn revoke(world: &World, presented: &Presented) {
    let file: PathBuf = world.house.path().join("revoked.pem");
    std::fs::write(&file, pem(&presented.chain[0])).unwrap();
    world.house.applies(&unefois_testkit::revocation_of(&file, "cnaf")).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_is_refused_on_open_connections_and_on_new_ones_of_the_same_sessions() {
    let world = World::open().await;
    let recipe = Recipe::client();
    let presented = recipe.presented(&world.trusted.root);
    let presenter = world.presenter(&presented);
    let open = presenter.open().await.unwrap();
    assert_eq!(open.call().await, Answer::Served);
    assert_eq!(presenter.call().await.answer, Answer::Served);
    revoke(&world, &presented).await;
    assert_eq!(open.call().await, revoked());
    let again = presenter.call().await;
    assert_eq!((again.answer, again.resumed), (revoked(), false));
    // Another certificate of the same name and key is another certificate.
    let renewed = recipe.but(|recipe| recipe.serial = vec![7]).presented(&world.trusted.root);
    assert_eq!(world.call(&renewed).await.answer, Answer::Served);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_of_a_partner_is_refused_although_its_key_is_registered() {
    let world = World::open().await;
    let presented =
        Recipe::client().but(|recipe| recipe.key = world.registered.clone()).presented(&world.trusted.partner);
    assert_eq!(world.call(&presented).await.answer, Answer::Served);
    revoke(&world, &presented).await;
    assert_eq!(world.call(&presented).await.answer, revoked());
}
