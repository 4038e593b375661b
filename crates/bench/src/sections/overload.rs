//! Four times as many calls as a hub can do: what it still does, and how long those take that it admits.

use super::{Outcome, SATURATING, Section, figure, quotients};
use crate::{
    load::{Calls, per_second},
    ratio::{Bounds, Ratio, Sense},
    rig::Rig,
};

const TIMES: f64 = 4.0;
const GOODPUT: Bounds = Bounds { sense: Sense::AtLeast, owed: 0.9, wanted: 0.95 };

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let shape = rig.options.overload_shape;
    let mut outcome = Outcome::default();
    for server in rig.hubs() {
        let (mut peaks, mut loaded) = (Vec::new(), Vec::new());
        for _ in 0..rig.options.rounds {
            let peak = rig.measure(server, SATURATING, Calls::Closed).await?;
            let rate = per_second(peak.per_second * TIMES);
            let under = rig.measure(server, shape, Calls::Offered(rate)).await?;
            println!(
                "{:.0}/s offered ({:.1} × saturation), {} refused; {} answered in all, before and after included",
                under.offered_per_second,
                under.offered_per_second / peak.per_second,
                under.refused,
                under.answered,
            );
            peaks.push(peak);
            loaded.push(under);
        }
        let name = server.row.name();
        let offered = loaded.iter().zip(&peaks).map(|(under, peak)| under.offered_per_second / peak.per_second);
        let ratio = |what: &str, bounds, rounds| Ratio { what: format!("{name}: {what}, {shape}"), bounds, rounds };
        outcome.ratios.extend([
            ratio("goodput ÷ peak under overload", Some(GOODPUT), quotients(&loaded, &peaks)),
            ratio("offered ÷ peak under overload", None, offered.collect()),
            ratio(
                "p99 of the admitted under overload, in seconds",
                None,
                loaded.iter().map(|under| under.p99_us / 1e6).collect(),
            ),
        ]);
        outcome.figures.push(figure(Section::Overload.name(), server.row, shape, &loaded));
    }
    Ok(outcome)
}
