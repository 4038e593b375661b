//! What a subscriber that is told nothing costs a hub in memory, beside a stream that is open on a bare server.

use super::Outcome;
use crate::{
    events::{idle, rig::Rig},
    ratio::{Bounds, Ratio, Sense},
};

const TO_STREAM: Bounds = Bounds { sense: Sense::AtMost, owed: 2.0, wanted: 1.3 };

pub(super) async fn run(rig: Rig<'_>) -> anyhow::Result<Outcome> {
    let site = idle::Site::open(rig.server, rig.options, rig.processor)?;
    let (mut of_hub, mut of_stream) = (Vec::new(), Vec::new());
    for _ in 0..rig.options.rounds {
        of_stream.push(site.streams().await?);
        of_hub.push(site.subscribers().await?);
    }
    let ratio = |what: &str, bounds, rounds| Ratio { what: format!("{what}, {}", rig.options.idle), bounds, rounds };
    let kib = |each: &[idle::Each]| each.iter().map(|each| each.kib).collect::<Vec<f64>>();
    let quotients = kib(&of_hub).iter().zip(kib(&of_stream)).map(|(hub, stream)| hub / stream).collect();
    let ratios = vec![
        ratio("idle subscriber ÷ open stream, memory", Some(TO_STREAM), quotients),
        ratio("idle subscriber, KiB", None, kib(&of_hub)),
        ratio("open stream, KiB", None, kib(&of_stream)),
        ratio(
            "idle subscriber, processor in µs a second",
            None,
            of_hub.iter().map(|each| each.processor_us_per_second).collect(),
        ),
    ];
    Ok(Outcome { figures: Vec::new(), ratios })
}
