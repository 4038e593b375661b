//! Every call on a connection of its own: what a hub adds to the handshake that both need.

use super::{Outcome, Section, quotients};
use crate::{
    load::Calls,
    ratio::{Bounds, Ratio, Sense},
    report::Figure,
    rig::Rig,
    row::Row,
    shape::Shape,
};

/// Eight callers, each of whom connects again for every call.
const SHAPE: Shape = Shape { connections: 8, streams: 1 };
const COLD: Bounds = Bounds { sense: Sense::AtLeast, owed: 0.8, wanted: 0.95 };

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let (echo, hubs) = (rig.server(Row::Echo)?, rig.hubs());
    let mut bare = Vec::new();
    let mut of_hubs = vec![Vec::new(); hubs.len()];
    for _ in 0..rig.options.rounds {
        bare.push(rig.measure(echo, SHAPE, Calls::Cold).await?);
        for (hub, rounds) in hubs.iter().zip(&mut of_hubs) {
            rounds.push(rig.measure(hub, SHAPE, Calls::Cold).await?);
        }
    }
    let mut outcome = Outcome::default();
    let echoes: Vec<_> = bare.iter().collect();
    outcome.figures.push(Figure::median(Section::Cold.name(), Row::Echo, SHAPE, &echoes, &echoes));
    for (hub, rounds) in hubs.iter().zip(&of_hubs) {
        let of_hub: Vec<_> = rounds.iter().collect();
        outcome.figures.push(Figure::median(Section::Cold.name(), hub.row, SHAPE, &of_hub, &echoes));
        outcome.ratios.push(Ratio {
            what: format!("{} ÷ echo, each call on a new connection, {SHAPE}", hub.row.name()),
            bounds: Some(COLD),
            rounds: quotients(rounds, &bare),
        });
    }
    Ok(outcome)
}
