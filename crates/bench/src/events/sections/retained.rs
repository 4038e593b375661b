//! What a hub can do when it retains many events, beside another with few.

use super::{Outcome, Section, figure, quotients};
use crate::{
    events::{
        load::Publishing,
        rig::Rig,
        running::{Filling, start_hub},
    },
    measured::Measured,
    ratio::{Bounds, Ratio, Sense},
};

const SPEED_KEPT: Bounds = Bounds { sense: Sense::AtLeast, owed: 0.9, wanted: 0.95 };
const COST_KEPT: Bounds = Bounds { sense: Sense::AtMost, owed: 1.1, wanted: 1.05 };

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let shape = rig.shape(1);
    let [many_events, few_events] = [rig.options.retained, rig.options.few];
    let mut outcome = Outcome::default();
    for many in rig.hubs() {
        let filling = Filling { retained: few_events, ..rig.filling.clone() };
        let (few, _bytes) = start_hub(many.teller, &filling, rig.server).await?;
        let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
        for _ in 0..rig.options.rounds {
            of_few.push(rig.measure(&few, shape, Publishing::Closed).await?);
            of_many.push(rig.measure(many, shape, Publishing::Closed).await?);
        }
        let what = format!("with {many_events} events retained ÷ with {few_events}, {shape}");
        let name = many.teller.name();
        let costs = of_many.iter().zip(&of_few).map(|(many, few)| cost(many) / cost(few)).collect();
        outcome.ratios.extend([
            Ratio { what: format!("{name}: {what}"), bounds: Some(SPEED_KEPT), rounds: quotients(&of_many, &of_few) },
            Ratio { what: format!("{name}: processor time {what}"), bounds: Some(COST_KEPT), rounds: costs },
        ]);
        for (events, rounds) in [(few_events, &of_few), (many_events, &of_many)] {
            let section = format!("{}/{events}", Section::Retained.name());
            outcome.figures.push(figure(&section, many.teller, shape, rounds));
        }
    }
    Ok(outcome)
}

/// What an event costs on the side of the hub.
fn cost(measured: &Measured) -> f64 {
    measured.server_cpu_us + measured.database_cpu_us
}
