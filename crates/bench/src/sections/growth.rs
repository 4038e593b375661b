//! What a hub can do when it holds many records and entries, beside itself with few.

use std::sync::Arc;

use unefois_testkit::Storage;

use super::{Outcome, SATURATING, Section, figure, quotients};
use crate::{
    fill::fill,
    hub::{self, Hub},
    load::Calls,
    population::Population,
    ratio::{Bounds, Ratio, Sense},
    rig::Rig,
    running::Running,
};

const KEPT: Bounds = Bounds { sense: Sense::AtLeast, owed: 0.9, wanted: 0.95 };
/// Everybody in France whose resources of a month are published.
const PEOPLE: f64 = 21e6;

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let population = Population { subjects: rig.options.records, ..rig.site.population };
    let questions = Arc::new(population.questions());
    let mut outcome = Outcome::default();
    for few in rig.hubs() {
        let storage = if few.row.is_on_postgres() { Storage::Postgres } else { Storage::Sqlite };
        let hub = Hub::start(hub::house(rig.site.binary(), storage), population).await?;
        let many = Running::hub(few.row, &hub);
        fill(&hub, &many, &questions, rig.options.records, rig.processor).await?;
        let (mut of_few, mut of_many) = (Vec::new(), Vec::new());
        for _ in 0..rig.options.rounds {
            of_few.push(rig.measure(few, SATURATING, Calls::Closed).await?);
            of_many.push(rig.measure_with(&many, SATURATING, Calls::Closed, &questions).await?);
        }
        let [subjects, records] = [rig.site.population.subjects, population.subjects];
        let name = few.row.name();
        let rate = hub.published_per_second;
        println!("{name}: {rate:.0} records published a second: 21 million take {:.1} hours", PEOPLE / rate / 3_600.0);
        outcome.ratios.push(Ratio {
            what: format!("{name}: with {records} records and entries ÷ with {subjects}, {SATURATING}"),
            bounds: Some(KEPT),
            rounds: quotients(&of_many, &of_few),
        });
        outcome.ratios.push(Ratio {
            what: format!("{name}: records published a second, {records} of them"),
            bounds: None,
            rounds: vec![rate],
        });
        for (records, rounds) in [(subjects, &of_few), (records, &of_many)] {
            let section = format!("{}/{records}", Section::Growth.name());
            outcome.figures.push(figure(&section, few.row, SATURATING, rounds));
        }
    }
    Ok(outcome)
}
