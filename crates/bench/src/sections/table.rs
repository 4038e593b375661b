//! The table: every row at every shape, in turns.

use super::{Outcome, Section};
use crate::{load::Calls, measured::Measured, report::Figure, rig::Rig, row::Row, shape::Shape, targets};

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let options = rig.options;
    let calls = options.rate.map_or(Calls::Closed, Calls::Due);
    let mut taken = Vec::new();
    for round in 1..=options.rounds {
        println!("Round {round}");
        for shape in &options.shapes {
            for server in rig.servers {
                taken.push((server.row, *shape, rig.measure(server, *shape, calls).await?));
            }
        }
    }
    let mut figures = Vec::new();
    for shape in &options.shapes {
        let echo = rounds(&taken, Row::Echo, *shape);
        for row in &options.rows {
            let section = Section::Table.name();
            figures.push(Figure::median(section, *row, *shape, &rounds(&taken, *row, *shape), &echo));
        }
    }
    Ok(Outcome { figures, ratios: targets::of_table(&taken) })
}

/// What was measured of one row at one shape, round after round.
fn rounds(taken: &[(Row, Shape, Measured)], row: Row, shape: Shape) -> Vec<&Measured> {
    taken.iter().filter(|(of, at, _)| *of == row && *at == shape).map(|(_, _, measured)| measured).collect()
}
