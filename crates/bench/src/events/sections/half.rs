//! How long an event takes from end to end at half of what a row can do, in an open loop: events are due whoever is late.

use super::{Outcome, Section, figure};
use crate::{
    events::{load::Publishing, rig::Rig},
    load::per_second,
    ratio::{Bounds, Ratio, Sense},
};

const SHARE: f64 = 0.5;
/// Milliseconds.
const TAIL: Bounds = Bounds { sense: Sense::AtMost, owed: 10.0, wanted: 5.0 };

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let shape = rig.shape(1);
    let mut outcome = Outcome::default();
    for server in rig.servers {
        let mut rounds = Vec::new();
        for _ in 0..rig.options.rounds {
            let saturation = rig.measure(server, shape, Publishing::Closed).await?;
            let rate = per_second(saturation.per_second * SHARE);
            rounds.push(rig.measure(server, shape, Publishing::Due(rate)).await?);
        }
        let name = server.teller.name();
        outcome.ratios.push(Ratio {
            what: format!("{name}: p99 from end to end at half load, in ms, {shape}"),
            bounds: server.teller.is_hub().then_some(TAIL),
            rounds: rounds.iter().map(|round| round.p99_us / 1e3).collect(),
        });
        outcome.figures.push(figure(Section::Half.name(), server.teller, shape, &rounds));
    }
    Ok(outcome)
}
