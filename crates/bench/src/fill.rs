//! Filling a ledger with exchanges.

use std::{sync::Arc, time::Duration};

use anyhow::ensure;

use crate::{
    cpu::Processor,
    hub::Hub,
    load::{Calls, Load},
    questions::Questions,
    running::Running,
    shape::Shape,
};

const SHAPE: Shape = Shape { connections: 8, streams: 32 };
/// How long pulls go on before it is looked at how many entries there are.
const LOOK: Duration = Duration::from_secs(2);

/// Pulls until there are so many entries.
pub(crate) async fn fill(
    hub: &Hub,
    running: &Running<'_>,
    questions: &Arc<Questions>,
    entries: u32,
    processor: Processor,
) -> anyhow::Result<()> {
    let load = Load { shape: SHAPE, warm_up: Duration::ZERO, measured: LOOK, calls: Calls::Closed };
    while hub.size().await? < u64::from(entries) {
        let filled = load.run(running, questions, processor).await?;
        ensure!(filled.errors == 0, "{} calls failed: {:?}", filled.errors, filled.first_error);
    }
    println!("{}: {} entries", running.row.name(), hub.size().await?);
    Ok(())
}
