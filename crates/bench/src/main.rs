//! `unefois-bench`: measures audited pulls and deliveries over mutual TLS beside servers that do less.

mod arguments;
mod bare;
mod codec;
mod cpu;
mod entries;
mod events;
mod fill;
mod hub;
mod idle;
mod load;
mod measured;
mod optimised;
mod pace;
mod population;
mod pull;
mod questions;
mod ratio;
mod report;
mod rig;
mod row;
mod running;
mod sections;
mod shape;
mod site;
mod targets;
mod verify;

use clap::Parser;

use crate::arguments::{Arguments, Command};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Pull(options) => pull::run(&options).await,
        Command::Events(options) => events::run(&options).await,
        Command::Verify(options) => verify::run(&options).await,
        Command::Idle(options) => idle::run(&options).await,
        Command::EchoServer(options) => bare::echo(&options).await,
        Command::StreamServer(options) => bare::stream::run(&options).await,
        Command::AppendServer(options) => bare::append::run(&options).await,
        Command::BatchedServer(options) => bare::batched::run(&options).await,
        Command::ByHandServer(options) => bare::by_hand::run(&options).await,
    }
}
