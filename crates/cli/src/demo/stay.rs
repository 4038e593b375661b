//! What the reader can try while the hub stays up: lines that work as they stand.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{ask, audit, people::MARIE, stage::Stage, told};

use crate::output;

/// An instant before the story.
const BEGINNING: &str = "2026-01-01T00:00:00Z";

/// Prints the lines, each on its own after two spaces, which no other line begins with.
pub(crate) fn print_lines(stage: &Stage) -> anyhow::Result<()> {
    let binary = std::env::current_exe().context("the binary does not know where it is")?;
    output::print_line!("\nThe hub stays up until Ctrl-C. In another terminal, these lines work as they stand.\n");
    output::print_line!("CNAF pulls Marie's turnover:\n  {}", pull_line(stage, &binary)?);
    output::print_line!(
        "\nCNAF is told again what happened to Marie, from the beginning:\n  {}",
        subscribe_line(stage, &binary)?
    );
    output::print_line!("\nThe auditor searches the ledger:\n  {}", search_line(stage, &binary)?);
    output::print_line!(
        "\nAny gRPC client can call it. This one needs buf (https://buf.build/docs/cli/installation):\n  {}",
        buf_line(stage)?
    );
    output::print_line!("\nReady.");
    Ok(())
}

fn pull_line(stage: &Stage, binary: &Path) -> anyhow::Result<String> {
    let key_fields = serde_json::json!({ "period": { "month": { "year": ask::YEAR, "month": ask::MONTH } } });
    Ok(format!(
        "echo nir:{} | {} pull {} --dataset declared-turnover --agreement d14-benefits --purpose simplification \
         --case {} --agent {} --key-fields {}",
        MARIE.nir,
        quoted(binary),
        calling_as(stage, "cnaf")?,
        ask::CASE,
        ask::AGENT,
        quoted(Path::new(&key_fields.to_string())),
    ))
}

/// Her affiliation, from before the subscription, and her radiation. It sets the subscription back, and so works again.
fn subscribe_line(stage: &Stage, binary: &Path) -> anyhow::Result<String> {
    let flags = calling_as(stage, "cnaf")?;
    Ok(format!("{} subscribe {flags} {} --since {BEGINNING} --count 2 --ack", quoted(binary), told::SUBSCRIPTION))
}

fn search_line(stage: &Stage, binary: &Path) -> anyhow::Result<String> {
    let flags = calling_as(stage, "cour-des-comptes")?;
    Ok(format!("{} audit search {flags} --case {} --limit 10", quoted(binary), audit::ENQUIRY))
}

/// The message goes by standard input: shells and lists of processes remember arguments.
fn buf_line(stage: &Stage) -> anyhow::Result<String> {
    let message = serde_json::json!({
        "context": {
            "agreement": "d14-benefits",
            "purpose": "PURPOSE_SIMPLIFICATION",
            "caseReference": ask::CASE,
            "agentReference": ask::AGENT,
        },
        "subject": { "nir": MARIE.nir },
        "period": { "month": { "year": ask::YEAR, "month": ask::MONTH } },
    });
    Ok(format!(
        "echo {} | buf curl --protocol grpc --cacert {} --cert {} --key {} --data @- {}/{}",
        quoted(Path::new(&message.to_string())),
        quoted(&stage.ca()),
        quoted(&stage.certificate("cnaf")),
        quoted(&stage.key("cnaf")),
        stage.endpoint()?,
        "unefois.income.v1.IncomeService/GetDeclaredTurnover",
    ))
}

fn calling_as(stage: &Stage, agency: &str) -> anyhow::Result<String> {
    let file = |path: PathBuf| quoted(&path);
    Ok(format!(
        "--hub {} --ca {} --certificate {} --key {}",
        stage.endpoint()?,
        file(stage.ca()),
        file(stage.certificate(agency)),
        file(stage.key(agency)),
    ))
}

/// One word of a shell, in quotes where it needs them.
fn quoted(word: &Path) -> String {
    let text = word.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+:,@%".contains(&byte);
    if text.bytes().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::quoted;

    #[test]
    fn a_word_that_a_shell_would_split_is_quoted() {
        assert_eq!(quoted(Path::new("/tmp/a-b.pem")), "/tmp/a-b.pem");
        assert_eq!(quoted(Path::new("/tmp/a b")), "'/tmp/a b'");
        assert_eq!(quoted(Path::new("it's")), r"'it'\''s'");
    }
}
