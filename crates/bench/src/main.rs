//! `unefois-bench`: measures audited pulls over mutual TLS beside servers that do less.

mod accepted;
mod append;
mod arguments;
mod bare;
mod codec;
mod cpu;
mod load;
mod measured;
mod optimised;
mod pace;
mod population;
mod pull;
mod questions;
mod report;
mod row;
mod shape;
mod site;

use clap::Parser;

use crate::arguments::{Arguments, Command};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Pull(options) => pull::run(&options).await,
        Command::EchoServer(options) => bare::echo(&options).await,
        Command::AppendServer(options) => append::run(&options).await,
    }
}
