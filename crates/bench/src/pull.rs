//! The measurement: starts the servers, runs the sections, prints and writes what they came to.

use anyhow::{Context, ensure};

use crate::{
    arguments::PullOptions, cpu::Processor, optimised::Server, ratio::Ratios, report::Report, rig::Rig,
    sections::Section, site::Site,
};

/// Measures, prints, and writes the figures where they are wanted. Any error is one of the whole run.
pub(crate) async fn run(options: &PullOptions) -> anyhow::Result<()> {
    let server = Server::find(&options.server)?;
    server.warn();
    let processor = Processor::new()?;
    let site = Site::open(options, &server).await?;
    let servers = options.rows.iter().map(|row| row.start(&site)).collect::<anyhow::Result<Vec<_>>>()?;
    for server in &servers {
        println!("{}: {:?}", server.row.name(), server.processes);
    }
    println!("{:?}", site.sizes);

    let rig = Rig { options, site: &site, servers: &servers, processor };
    let mut report = Report { figures: Vec::new(), is_optimised: server.is_optimised };
    let mut ratios = Ratios::default();
    for section in Section::chosen(&options.sections) {
        println!("\nSection {}", section.name());
        let mut outcome = section.run(rig).await.with_context(|| format!("the section `{}`", section.name()))?;
        report.figures.append(&mut outcome.figures);
        ratios.0.append(&mut outcome.ratios);
    }
    println!("\n{report}\n\n{ratios}");
    server.warn();
    report.write(options.json.as_deref())?;
    let errors = report.errors();
    ensure!(errors == 0, "{errors} calls failed: the figures of their rows are worthless");
    Ok(())
}
