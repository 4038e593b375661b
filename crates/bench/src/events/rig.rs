//! Putting a load on a server that has come to rest, and believing nothing that it says.

use std::time::Duration;

use anyhow::{Context, ensure};

use super::{
    load::{Load, Publishing},
    running::{Filling, Running},
    teller::Teller,
};
use crate::{arguments::EventsOptions, cpu::Processor, measured::Measured, optimised::Server, shape::Shape};

/// What every section measures with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rig<'run> {
    pub(crate) options: &'run EventsOptions,
    pub(crate) filling: &'run Filling,
    pub(crate) servers: &'run [Running],
    pub(crate) server: &'run Server,
    pub(crate) processor: Processor,
}

impl<'run> Rig<'run> {
    /// The hubs that are measured.
    pub(crate) fn hubs(&self) -> Vec<&'run Running> {
        self.servers.iter().filter(|server| server.teller.is_hub()).collect()
    }

    /// As many subscriptions, with what is in flight for each.
    pub(crate) fn shape(&self, subscriptions: u16) -> Shape {
        Shape { connections: subscriptions, streams: self.options.in_flight }
    }

    pub(crate) async fn measure(
        &self,
        server: &Running,
        shape: Shape,
        publishing: Publishing,
    ) -> anyhow::Result<Measured> {
        let EventsOptions { warm_up, seconds, subjects, .. } = *self.options;
        let [warm_up, measured] = [warm_up, seconds].map(Duration::from_secs);
        let name = server.teller.name();
        self.processor.settle(server.processes).await.with_context(|| name)?;
        let (entries, published) = (server.tells.entries().await?, server.published());
        let load = Load { shape, warm_up, measured, publishing, subjects };
        let measured = load.run(server, self.processor).await.with_context(|| format!("{shape} on {name}"))?;
        let published = server.published() - published;
        println!(
            "{shape} {name}: {:.0}/s, {:.0} µs of the server's processor each, {} MiB resident; {published} published, {} \
             told and acknowledged",
            measured.per_second,
            measured.server_cpu_us,
            self.processor.resident_kib(server.processes.server)? / 1024,
            measured.answered,
        );
        ensure!(measured.answered == published * u64::from(shape.connections), "{name} told something else");
        if let (Some(before), Some(after)) = (entries, server.tells.entries().await?) {
            // One each; and those of the publications and of the subscriptions themselves.
            let recorded = after - before;
            ensure!(recorded > measured.answered, "{name} recorded {recorded} entries of {} events", measured.answered);
        }
        Ok(measured)
    }

    /// The rounds of each server at one shape: they take turns.
    pub(crate) async fn rounds(&self, shape: Shape) -> anyhow::Result<Vec<(Teller, Vec<Measured>)>> {
        let mut rounds: Vec<_> = self.servers.iter().map(|server| (server.teller, Vec::new())).collect();
        for _ in 0..self.options.rounds {
            for (server, (_, measured)) in self.servers.iter().zip(&mut rounds) {
                measured.push(self.measure(server, shape, Publishing::Closed).await?);
            }
        }
        Ok(rounds)
    }
}
