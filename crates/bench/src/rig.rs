//! Putting a load on a server that has come to rest, and believing nothing that it answers.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};

use crate::{
    arguments::PullOptions,
    cpu::Processor,
    load::{Calls, Load},
    measured::Measured,
    questions::Questions,
    row::Row,
    running::Running,
    shape::Shape,
    site::Site,
};

/// What every section measures with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rig<'run> {
    pub(crate) options: &'run PullOptions,
    pub(crate) site: &'run Site,
    pub(crate) servers: &'run [Running<'run>],
    pub(crate) processor: Processor,
}

impl<'run> Rig<'run> {
    /// The server of a row that a section needs.
    pub(crate) fn server(&self, row: Row) -> anyhow::Result<&'run Running<'run>> {
        let mut servers = self.servers.iter();
        servers.find(|server| server.row == row).with_context(|| format!("it needs the row `{}`", row.name()))
    }

    /// The hubs that are measured.
    pub(crate) fn hubs(&self) -> Vec<&'run Running<'run>> {
        self.servers.iter().filter(|server| server.hub.is_some()).collect()
    }

    /// Measures calls with the questions of the site.
    pub(crate) async fn measure(&self, server: &Running<'_>, shape: Shape, calls: Calls) -> anyhow::Result<Measured> {
        self.measure_with(server, shape, calls, &self.site.questions).await
    }

    /// The same with other questions.
    pub(crate) async fn measure_with(
        &self,
        server: &Running<'_>,
        shape: Shape,
        calls: Calls,
        questions: &Arc<Questions>,
    ) -> anyhow::Result<Measured> {
        let PullOptions { warm_up, seconds, .. } = *self.options;
        let [warm_up, measured] = [warm_up, seconds].map(Duration::from_secs);
        self.processor.settle(server.processes).await?;
        let before = server.entries.count().await?;
        let load = Load { shape, warm_up, measured, calls };
        let mut measured = load.run(server, questions, self.processor).await?;
        println!(
            "{shape} {}: {:.0}/s, {:.0} µs of the server's processor each, {} MiB resident",
            server.row.name(),
            measured.per_second,
            measured.server_cpu_us,
            self.processor.resident_kib(server.processes.server)? / 1024,
        );
        if let Some(error) = &measured.first_error {
            println!("{} calls failed, the first with: {error}", measured.errors);
            return Ok(measured);
        }
        if let (Some(before), Some(after)) = (before, server.entries.count().await?) {
            let (answered, recorded) = (measured.answered, after - before);
            // Whoever is refused may have an entry that says so.
            let is_right = if measured.refused == 0 { recorded == answered } else { recorded >= answered };
            ensure!(is_right, "{} answered {answered} calls and recorded {recorded}", server.row.name());
        }
        let samples = std::mem::take(&mut measured.samples);
        if let Some(hub) = server.hub {
            hub.verify(&samples).await.context("an answer under load, or its entry, does not verify")?;
            println!("{} receipts of this load and their entries verified", samples.len());
        }
        Ok(measured)
    }
}
