//! Python, with Google's gRPC (grpcio) and protobuf.

use std::{path::Path, process::Command};

use serde_json::json;

use crate::{
    program::{contract, is_there, lines_of, output_of, top, works, workshop},
    scene::Scene,
    story, told,
};

const MODULES: &str = "import grpc_tools.protoc, grpc_status, grpc_health, grpc_reflection";

/// Prints the folder of Google's own `.proto` files, those of `google.rpc` among them.
pub(crate) const GOOGLE: &str =
    "import google.rpc, os; print(os.path.realpath(os.path.join(google.rpc.__path__[0], '..', '..')))";

#[allow(clippy::disallowed_methods, reason = "the test command says in the environment which Python to use")]
pub(crate) fn python() -> String {
    std::env::var("UNEFOIS_PYTHON").unwrap_or_else(|_unset| "python3".to_owned())
}

fn generate(into: &Path) {
    let into = into.to_str().unwrap();
    let flags = ["-m", "grpc_tools.protoc", "-I."];
    let out = [format!("--python_out={into}"), format!("--grpc_python_out={into}")];
    let mut compiler = Command::new(python());
    output_of(compiler.args(flags).args(out).args(contract()).current_dir(top().join("proto")), "");
}

fn program(file: &str, scene: &Scene, generated: &Path) -> Command {
    let mut program = Command::new(python());
    program.arg(top().join("tests/clients/python").join(file)).args([scene.address(), scene.pki()]);
    program.env("PYTHONPATH", generated).env("PYTHONDONTWRITEBYTECODE", "1");
    program
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_program_exchanges_is_refused_with_details_and_hashes_what_it_received() {
    if !is_there("grpcio", works(&python(), &["-c", MODULES])) {
        return;
    }
    let generated = workshop();
    generate(generated.path());
    let scene = Scene::set(101).await;

    let told = lines_of(&mut program("main.py", &scene, generated.path()), &scene.lines());

    story::is_told_and_recorded(&scene, &told).await;
    let health = story::step(&told, "health");
    assert_eq!(health["status"], json!("SERVING"));
    let reflected = story::step(&told, "reflection");
    assert_eq!(reflected["file"], json!("unefois/income/v1/declared_turnover.proto"));
    assert_eq!(reflected["details"], json!("error_details.proto"));
    let services = reflected["services"].as_array().unwrap();
    for due in ["unefois.exchange.v1.ExchangeService", "unefois.income.v1.IncomeService", "grpc.health.v1.Health"] {
        assert!(services.contains(&json!(due)), "{due} is not listed: {services:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_program_receives_acknowledges_and_resumes() {
    if !is_there("grpcio", works(&python(), &["-c", MODULES])) {
        return;
    }
    let generated = workshop();
    generate(generated.path());
    let scene = Scene::set(105).await;

    let lines = lines_of(&mut program("receive.py", &scene, generated.path()), &scene.lines());

    told::is_told_and_recorded(&scene, &lines).await;
}
