//! The measurement: the servers take turns under every shape of load, round after round.

use std::time::Duration;

use anyhow::{Context, ensure};

use crate::{
    arguments::PullOptions,
    cpu::Processor,
    load::Load,
    measured::Measured,
    optimised::Server,
    report::{Figure, Report},
    row::Row,
    running::Running,
    shape::Shape,
    site::Site,
    targets::{self, Ratios},
};

/// Measures, prints, and writes the figures where they are wanted. Any error is one of the whole run.
pub(crate) async fn run(options: &PullOptions) -> anyhow::Result<()> {
    let server = Server::find(options)?;
    server.warn();
    let processor = Processor::new()?;
    let site = Site::open(options, &server).await?;
    let servers = options.rows.iter().map(|row| row.start(&site)).collect::<anyhow::Result<Vec<_>>>()?;
    for server in &servers {
        println!("{}: {:?}", server.row.name(), server.processes);
    }
    println!("{:?}", site.sizes);

    let mut taken = Vec::new();
    for round in 1..=options.rounds {
        for shape in &options.shapes {
            for server in &servers {
                processor.settle(server.processes).await?;
                let measured = measure(&site, server, *shape, options, processor).await?;
                println!(
                    "round {round} {shape} {}: {:.0}/s, {:.0} µs of the server's processor each",
                    server.row.name(),
                    measured.per_second,
                    measured.server_cpu_us
                );
                taken.push((server.row, *shape, measured));
            }
        }
    }
    report(options, &server, &taken)
}

async fn measure(
    site: &Site,
    server: &Running<'_>,
    shape: Shape,
    options: &PullOptions,
    processor: Processor,
) -> anyhow::Result<Measured> {
    let load = Load {
        shape,
        warm_up: Duration::from_secs(options.warm_up),
        measured: Duration::from_secs(options.seconds),
        rate: options.rate,
    };
    let before = server.entries.count().await?;
    let mut measured = load.run(server, &site.questions, processor).await?;
    if let Some(error) = &measured.first_error {
        println!("{} calls failed, the first with: {error}", measured.errors);
        return Ok(measured);
    }
    if let (Some(before), Some(after)) = (before, server.entries.count().await?) {
        let (answered, recorded) = (measured.answered, after - before);
        ensure!(recorded == answered, "{} answered {answered} calls and recorded {recorded}", server.row.name());
    }
    let samples = std::mem::take(&mut measured.samples);
    if let Some(hub) = server.hub {
        hub.verify(&samples).await.context("an answer under load, or its entry, does not verify")?;
        println!("{} receipts of this load and their entries verified", samples.len());
    }
    Ok(measured)
}

fn report(options: &PullOptions, server: &Server, taken: &[(Row, Shape, Measured)]) -> anyhow::Result<()> {
    let mut figures = Vec::new();
    for shape in &options.shapes {
        for row in &options.rows {
            figures.push(Figure::median(*row, *shape, &rounds(taken, *row, *shape), &rounds(taken, Row::Echo, *shape)));
        }
    }
    let report = Report { figures, is_optimised: server.is_optimised };
    println!("\n{report}\n\n{}", Ratios(targets::of_table(taken)));
    server.warn();
    if let Some(file) = &options.json {
        let text = serde_json::to_string_pretty(&report.lines())?;
        std::fs::write(file, text + "\n").with_context(|| format!("cannot write `{}`", file.display()))?;
    }
    let errors: u64 = taken.iter().map(|(_, _, measured)| measured.errors).sum();
    ensure!(errors == 0, "{errors} calls failed: the figures of their rows are worthless");
    Ok(())
}

/// What was measured of one row at one shape, round after round.
fn rounds(taken: &[(Row, Shape, Measured)], row: Row, shape: Shape) -> Vec<&Measured> {
    taken.iter().filter(|(of, at, _)| *of == row && *at == shape).map(|(_, _, measured)| measured).collect()
}
