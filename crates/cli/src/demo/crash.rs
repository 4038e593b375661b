//! The hub is killed under load and started again: nothing that it answered is lost, and nothing is there twice.

use std::{collections::HashMap, str::from_utf8, time::Duration};

use anyhow::{Context, anyhow, bail, ensure};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};
use unefois_client::{Connection, PullError, RetryPolicy, Typed, declared_turnover};
use unefois_ledger::{EntryKind, Receipt, leaf_hash};
use unefois_proto::pb::income::v1::{DeclaredTurnover, GetDeclaredTurnoverRequest};

use super::{
    ask::{self, Answer},
    audit::{self, Audited},
    people::PEOPLE,
    show,
    stage::Stage,
    tally::Tally,
};

/// How many systems ask at once.
const SYSTEMS: usize = 4;

/// How many answers they have between them when the hub is killed.
const ANSWERS_BEFORE: usize = 200;

/// How many answers may wait to be looked at.
const ANSWERS_WAITING_MAX: usize = 64;

/// How long the load may take.
const LOAD_MAX: Duration = Duration::from_secs(60);

/// An answer, and how long it took.
type Answered = (Typed<DeclaredTurnover>, Duration);

pub(crate) async fn tell(stage: &mut Stage, before: &Audited, tally: &mut Tally) -> anyhow::Result<()> {
    let load = tokio::time::timeout(LOAD_MAX, load_and_kill(stage)).await;
    let Load { answered, cut_off, process } = load.map_err(|_elapsed| anyhow!("the load took over {LOAD_MAX:?}"))??;
    let asked = Instant::now();
    stage.start().await.context("the hub did not start again")?;
    let ready = asked.elapsed();
    let repeated = ask_again(stage, cut_off).await.context("a question that was cut off could not be asked again")?;

    let mut receipts = Vec::new();
    let mut recorded_before = 0;
    for (answer, took) in answered.iter().chain(&repeated) {
        tally.released(*took);
        let Answer { answer, verified } = ask::verified(answer.clone(), &before.key)?;
        receipts.push(answer.pulled.receipt);
        recorded_before += u32::from(verified.public.kind() == EntryKind::Repeat);
    }
    let after = audit::export(stage, Some(before)).await.context("the ledger does not continue")?;
    each_once(&receipts, &after.export)?;

    let mut table = show::table(&["what", "how much"]);
    table.add_row(["answered before the kill", &format!("{} questions", answered.len())]);
    table.add_row(["killed", &format!("process {process}, by SIGKILL: nothing is flushed, nobody says goodbye")]);
    table.add_row(["ready again", &format!("after {} ms", ready.as_millis())]);
    let asked_again = format!("{} questions, asked again under their `request_id`", repeated.len());
    table.add_row(["cut off by the kill", &asked_again]);
    // Now and then the kill falls between recording and answering.
    if recorded_before > 0 {
        let once = format!("{recorded_before} of them: answered as a repeat, not as another exchange");
        table.add_row(["recorded, but not heard", &once]);
    }
    let (old, new) = (before.checkpoint.head.size, after.checkpoint.head.size);
    table.add_row(["the ledger", &format!("{old} entries before, {new} now; it continues the auditor's checkpoint")]);
    show::print(&table);
    show::checked(&format!("all {} receipts verify with the key from before the kill", receipts.len()));
    show::checked("each of them is in the new export, exactly once");
    Ok(())
}

/// What the load left behind.
struct Load {
    answered: Vec<Answered>,
    cut_off: Vec<GetDeclaredTurnoverRequest>,
    process: u32,
}

async fn load_and_kill(stage: &mut Stage) -> anyhow::Result<Load> {
    let (answers, mut received) = mpsc::channel(ANSWERS_WAITING_MAX);
    let mut systems = JoinSet::new();
    for system in 0..SYSTEMS {
        let connection = stage.agency("cnaf").await?;
        systems.spawn(ask_until_cut_off(connection, system, answers.clone()));
    }
    drop(answers);
    let mut answered: Vec<Answered> = Vec::new();
    while answered.len() < ANSWERS_BEFORE {
        let Some(answer) = received.recv().await else { break };
        answered.push(answer);
    }
    // The systems are still asking.
    let process = stage.kill().await?;
    while let Some(answer) = received.recv().await {
        answered.push(answer);
    }
    let mut cut_off = Vec::new();
    while let Some(question) = systems.join_next().await {
        cut_off.push(question.context("a system of CNAF broke down")??);
    }
    Ok(Load { answered, cut_off, process })
}

/// Asks one question after the other until one is not answered, and gives that one. Marie is left in peace.
async fn ask_until_cut_off(
    connection: Connection,
    system: usize,
    answers: mpsc::Sender<Answered>,
) -> anyhow::Result<GetDeclaredTurnoverRequest> {
    for person in PEOPLE[1..].iter().cycle().skip(system) {
        let question = ask::question("d14-benefits", person, &[]);
        let asked = Instant::now();
        match declared_turnover(&connection, question.clone(), &RetryPolicy::never()).await {
            Ok(answer) => answers.send((answer, asked.elapsed())).await.context("nobody waits for the answer")?,
            // A reason would come from a hub that is alive.
            Err(PullError::Refused(refused)) if refused.reason.is_empty() => return Ok(question),
            Err(error) => return Err(error).context("a question under load was refused"),
        }
    }
    bail!("the questions ran out")
}

async fn ask_again(stage: &Stage, questions: Vec<GetDeclaredTurnoverRequest>) -> anyhow::Result<Vec<Answered>> {
    let connection = stage.agency("cnaf").await?;
    let mut answered = Vec::new();
    for question in questions {
        let asked = Instant::now();
        let answer = declared_turnover(&connection, question, &RetryPolicy::default()).await?;
        answered.push((answer, asked.elapsed()));
    }
    Ok(answered)
}

/// Every receipt names an entry of the export, at its place, and no other entry is the same.
fn each_once(receipts: &[Receipt], export: &[u8]) -> anyhow::Result<()> {
    let mut places: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in from_utf8(export)?.lines() {
        if let ["entry", index, hash, _leaf] = line.split(' ').collect::<Vec<_>>()[..] {
            places.entry(hash).or_default().push(index);
        }
    }
    for receipt in receipts {
        let found = places.get(leaf_hash(&receipt.entry).to_string().as_str()).map(Vec::as_slice).unwrap_or_default();
        ensure!(found.len() == 1, "entry {} of a receipt is in the export {} times", receipt.index, found.len());
        ensure!(found[0] == receipt.index.to_string(), "entry {} of a receipt is at {}", receipt.index, found[0]);
    }
    Ok(())
}
