//! Node, with grpc-js and protobuf.js, which read the contract's files when they start.

use std::process::Command;

use crate::{
    program::{is_there, lines_of, output_of, top, works},
    python::{GOOGLE, python},
    scene::Scene,
    story, told,
};

const MODULES: &str = "require('@grpc/grpc-js'); require('@grpc/proto-loader')";

/// Modules are looked for from the repository upwards.
fn node_finds_them() -> bool {
    let mut node = Command::new("node");
    node.args(["-e", MODULES]).current_dir(top()).output().is_ok_and(|output| output.status.success())
}

fn all_is_there() -> bool {
    is_there("grpc-js", node_finds_them()) && is_there("googleapis-common-protos", works(&python(), &["-c", GOOGLE]))
}

fn program(file: &str, scene: &Scene) -> Command {
    let google = output_of(Command::new(python()).args(["-c", GOOGLE]), "");
    let mut program = Command::new("node");
    program.arg(top().join("tests/clients/node").join(file)).args([scene.address(), scene.pki()]);
    program.arg(top().join("proto")).arg(google.trim());
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_program_exchanges_is_refused_with_details_and_hashes_what_it_received() {
    if !all_is_there() {
        return;
    }
    let scene = Scene::set(104).await;

    let told = lines_of(&mut program("main.js", &scene), &scene.lines());

    story::is_told_and_recorded(&scene, &told).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_program_receives_acknowledges_and_resumes() {
    if !all_is_there() {
        return;
    }
    let scene = Scene::set(106).await;

    let lines = lines_of(&mut program("receive.js", &scene), &scene.lines());

    told::is_told_and_recorded(&scene, &lines).await;
}
