//! How fast `unefois audit verify` is: the command itself, on an export of a hub that was filled by pulls.

use std::{
    fs::File,
    io::{BufWriter, Write},
    sync::Arc,
    time::Instant,
};

use anyhow::{Context, ensure};
use unefois_testkit::Storage;

use crate::{
    arguments::VerifyOptions,
    cpu::Processor,
    fill::fill,
    hub::{self, Hub},
    optimised::Server,
    population::Population,
    report::median,
    row::Row,
    running::Running,
};

const POPULATION: Population = Population { subjects: 1_000, agreements: 10 };

/// Measures and prints.
pub(crate) async fn run(options: &VerifyOptions) -> anyhow::Result<()> {
    let server = Server::find(&options.server)?;
    server.warn();
    let hub = Hub::start(hub::house(server.path()?, Storage::Sqlite), POPULATION).await?;
    let running = Running::hub(Row::UnefoisSqlite, &hub);
    fill(&hub, &running, &Arc::new(POPULATION.questions()), options.entries, Processor::new()?).await?;
    let (entries, arguments) = export(&hub).await?;
    let mut rates = Vec::new();
    for _ in 0..options.rounds {
        let began = Instant::now();
        let (is_verified, said, errors) = hub.house.runs(&arguments.each_ref().map(String::as_str), "");
        ensure!(is_verified, "{errors}");
        rates.push(entries as f64 / began.elapsed().as_secs_f64());
        print!("{said}");
    }
    // The command has one thread, which waits for nothing but its file.
    println!("{:.0} entries a second of one core (median of {})", median(rates), options.rounds);
    server.warn();
    Ok(())
}

/// Exports the one shard. Gives how many entries it has, and the command that verifies it.
async fn export(hub: &Hub) -> anyhow::Result<(u64, [String; 5])> {
    let auditor = hub.house.agency("cour-des-comptes").await;
    let shards = unefois_client::shards(&auditor).await?;
    let [shard] = &shards[..] else { anyhow::bail!("the ledger has {} shards", shards.len()) };
    let file = hub.house.path().join("export");
    let mut to = BufWriter::new(File::create(&file).context("cannot write the export")?);
    let summary = unefois_client::export_to(&auditor, shard, "measurement", &mut to).await?;
    to.flush()?;
    let bytes = to.get_ref().metadata()?.len();
    println!("exported {} entries: {} MB", summary.entries, bytes / 1_000_000);
    let file = file.to_str().context("the path of the export is not UTF-8")?.to_owned();
    let key = shard.public_key.to_string();
    Ok((summary.entries, ["audit".to_owned(), "verify".to_owned(), file, "--public-key".to_owned(), key]))
}
