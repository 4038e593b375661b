//! Latencies at half of what a hub can do, in an open loop: calls are due whoever is late.

use super::{Outcome, SATURATING, Section, figure};
use crate::{
    load::{Calls, per_second},
    ratio::{Bounds, Ratio, Sense},
    rig::Rig,
    shape::Shape,
};

/// Many callers with little each, and room for those that are late.
const SHAPE: Shape = Shape { connections: 32, streams: 8 };
const SHARE: f64 = 0.5;
const TAIL: Bounds = Bounds { sense: Sense::AtMost, owed: 4.0, wanted: 3.0 };

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    for server in rig.hubs() {
        let mut rounds = Vec::new();
        for _ in 0..rig.options.rounds {
            let saturation = rig.measure(server, SATURATING, Calls::Closed).await?;
            let rate = per_second(saturation.per_second * SHARE);
            rounds.push(rig.measure(server, SHAPE, Calls::Due(rate)).await?);
        }
        outcome.ratios.push(Ratio {
            what: format!("{}: p99 ÷ median at half of saturation, {SHAPE}", server.row.name()),
            bounds: Some(TAIL),
            rounds: rounds.iter().map(|round| round.p99_us / round.p50_us).collect(),
        });
        outcome.figures.push(figure(Section::Open.name(), server.row, SHAPE, &rounds));
    }
    Ok(outcome)
}
