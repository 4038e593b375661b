//! The measurement of events: published, told to subscriptions and acknowledged, on hubs and beside other servers.

mod flight;
mod follower;
mod hub;
mod idle;
mod load;
mod nats;
mod payload;
mod process;
mod programs;
mod rabbitmq;
mod rig;
mod running;
mod sections;
mod teller;
mod tells;

use anyhow::{Context, ensure};

use self::{
    rig::Rig,
    running::{Filling, start},
};
pub(crate) use self::{sections::Section, teller::Teller};
use crate::{arguments::EventsOptions, cpu::Processor, optimised::Server, ratio::Ratios, report::Report};

/// What the figures stand on.
const FOOT: &str = "\
Every event was told once to each subscription, in the order of its subject, and acknowledged; per second: acknowledged.
Durable before it is confirmed everywhere: SQLite in WAL mode with synchronous = FULL, PostgreSQL with fsync and
synchronous_commit, JetStream with sync_interval = always, RabbitMQ in a quorum queue of one node with publisher confirms.
The hubs speak mutual TLS, decide, minimise, seal and record every delivery; the others speak plaintext over loopback and
look at nobody. RabbitMQ retains nothing that is acknowledged. JetStream writes acknowledgements to the disk later.";

/// Measures, prints, and writes the figures where they are wanted. Any event that is lost is an error of the whole run.
pub(crate) async fn run(options: &EventsOptions) -> anyhow::Result<()> {
    ensure!(
        options.retained.min(options.few) >= u64::from(options.subjects),
        "each of the {} subjects has an event that is retained: say --subjects with less, or --retained and --few with more",
        options.subjects
    );
    let server = Server::find(&options.server)?;
    server.warn();
    let processor = Processor::new()?;
    let filling = Filling::new(options.subjects, options.retained);
    let sections = Section::chosen(&options.sections);
    let tellers = if sections.iter().any(|section| section.needs_rows()) { options.rows.as_slice() } else { &[] };
    let servers = start(tellers, &filling, &server, options.nats_server.as_deref()).await?;

    let rig = Rig { options, filling: &filling, servers: &servers, server: &server, processor };
    let mut report = Report { figures: Vec::new(), is_optimised: server.is_optimised };
    let mut ratios = Ratios::default();
    for section in sections {
        println!("\nSection {}", section.name());
        let mut outcome = section.run(rig).await.with_context(|| format!("the section `{}`", section.name()))?;
        report.figures.append(&mut outcome.figures);
        ratios.0.append(&mut outcome.ratios);
    }
    println!("\n{report}\n\n{ratios}\n{FOOT}");
    server.warn();
    report.write(options.json.as_deref())
}
