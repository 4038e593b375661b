//! `buf curl`, which knows no schema but what the hub tells it by reflection.

use std::process::{Command, Output, Stdio};

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use serde_json::{Value, json};
use tempfile::TempDir;
use unefois_proto::pb::{audit::v1::SearchExchangesRequest, ledger::v1::Outcome};
use unefois_testkit::turnover_of;

use crate::{
    program::{contract, is_there, node_tool, top, works},
    publish_one,
    scene::Scene,
};

const METHOD: &str = "unefois.income.v1.IncomeService/GetDeclaredTurnover";

/// Calls the hub as CNAF, from a folder that holds no schema.
fn curl(scene: &Scene, arguments: &[&str], url: &str, message: Option<&Value>) -> Output {
    use std::io::Write;
    let elsewhere = TempDir::new().unwrap();
    let file = |name: &str| format!("{}/{name}", scene.pki());
    let mut command = Command::new(node_tool("buf"));
    command.args(["curl", "--protocol", "grpc", "--cacert", &file("ca.pem"), "--cert", &file("cnaf-main.pem")]);
    command.args(["--key", &file("cnaf-main.key")]).args(arguments);
    command.args(message.iter().flat_map(|_| ["--data", "@-"])).arg(format!("{}/{url}", scene.house.endpoint()));
    let pipes = command.current_dir(elsewhere.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = pipes.stderr(Stdio::piped()).spawn().unwrap();
    let text = message.map(Value::to_string).unwrap_or_default();
    // Without a message it does not read.
    let _closed = child.stdin.take().unwrap().write_all(text.as_bytes());
    child.wait_with_output().unwrap()
}

fn answered(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn question(scene: &Scene, agreement: &str) -> Value {
    json!({
        "context": {
            "agreement": agreement,
            "purpose": "PURPOSE_SIMPLIFICATION",
            "caseReference": "DOSSIER-4711",
            "agentReference": "AGENT-0815",
        },
        "subject": { "nir": scene.person.nir },
        "period": { "month": { "year": 2026, "month": 3 } },
    })
}

/// Every service of the contract, with its package.
fn services() -> Vec<String> {
    let files = contract().into_iter().map(|file| std::fs::read_to_string(top().join("proto").join(file)).unwrap());
    let of_file = |text: String| {
        let line = |word: &str| {
            let lines = text.lines().filter_map(|line| line.strip_prefix(word));
            lines.map(|rest| rest.trim_end_matches([';', '{', ' ']).to_owned()).collect::<Vec<_>>()
        };
        let package = line("package ").concat();
        line("service ").into_iter().map(|service| format!("{package}.{service}")).collect::<Vec<_>>()
    };
    files.flat_map(of_file).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_a_schema_lists_pulls_and_is_refused_with_details() {
    if !is_there("buf", works(&node_tool("buf"), &["--version"])) {
        return;
    }
    let scene = Scene::set(103).await;
    publish_one(&scene.house, turnover_of(&scene.person, 123_400)).await;

    for reflection in ["grpc-v1", "grpc-v1alpha"] {
        let listed = curl(&scene, &["--reflect-protocol", reflection, "--list-services"], "", None);
        let listed = String::from_utf8(listed.stdout).unwrap();
        for due in services().iter().map(String::as_str).chain(["grpc.health.v1.Health"]) {
            assert!(listed.lines().any(|line| line == due), "{due} is not listed by {reflection}:\n{listed}");
        }
    }
    let healthy = curl(&scene, &[], "grpc.health.v1.Health/Check", Some(&json!({})));
    assert_eq!(answered(&healthy), json!({"status": "SERVING"}));

    let pulled = answered(&curl(&scene, &[], METHOD, Some(&question(&scene, "d14-benefits"))));
    assert_eq!(pulled["data"]["amounts"]["bncCents"], json!("123400"));
    assert_eq!(pulled["data"]["declaredOn"], Value::Null, "it is not granted");

    let refused = curl(&scene, &[], METHOD, Some(&question(&scene, "d13-unemployment")));
    assert!(!refused.status.success());
    let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
    assert_eq!(error["code"], json!("permission_denied"));
    let details = error["details"].as_array().unwrap();
    let info = details.iter().find(|detail| detail["type"] == "google.rpc.ErrorInfo").unwrap();
    let info = STANDARD_NO_PAD.decode(info["value"].as_str().unwrap()).unwrap();
    assert!(String::from_utf8_lossy(&info).contains("AGREEMENT_OF_ANOTHER_CONSUMER"), "{error}");

    let found = scene.house.audited(SearchExchangesRequest { consumer: "cnaf".to_owned(), ..Default::default() }).await;
    let outcomes: Vec<Outcome> = found.into_iter().map(|entry| entry.public_part.unwrap().outcome()).collect();
    assert_eq!(outcomes, [Outcome::Refused, Outcome::Released], "newest first");
}
