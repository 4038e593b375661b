//! The table: every row at every number of subscriptions, in turns, and the hubs' ratios to the others.

use super::{Outcome, Section, figure, quotients};
use crate::{
    events::{rig::Rig, teller::Teller},
    measured::Measured,
    ratio::{Bounds, Ratio, Sense},
    shape::Shape,
};

const TO_RABBITMQ: Bounds = Bounds { sense: Sense::AtLeast, owed: 1.0, wanted: 1.5 };
const TO_NATS: Bounds = Bounds { sense: Sense::AtLeast, owed: 2.5, wanted: 4.0 };

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let mut outcome = Outcome::default();
    for subscriptions in &rig.options.subscriptions {
        let shape = rig.shape(*subscriptions);
        let taken = rig.rounds(shape).await?;
        for (teller, rounds) in &taken {
            outcome.figures.push(figure(Section::Table.name(), *teller, shape, rounds));
        }
        outcome.ratios.extend(ratios(&taken, shape));
    }
    Ok(outcome)
}

/// Of each hub to each of the others, of those that were measured.
fn ratios(taken: &[(Teller, Vec<Measured>)], shape: Shape) -> Vec<Ratio> {
    let mut ratios = Vec::new();
    for (hub, of) in taken.iter().filter(|(teller, _)| teller.is_hub()) {
        for (other, to) in taken {
            let bounds = match other {
                Teller::Rabbitmq => TO_RABBITMQ,
                Teller::Nats => TO_NATS,
                Teller::UnefoisSqlite | Teller::UnefoisPostgres => continue,
            };
            ratios.push(Ratio {
                what: format!("{} ÷ {}, {shape}", hub.name(), other.name()),
                bounds: Some(bounds),
                rounds: quotients(of, to),
            });
        }
    }
    ratios
}
