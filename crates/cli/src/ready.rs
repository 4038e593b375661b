//! `unefois ready`: asks the admin port of a hub whether it is ready, where there is no other program to ask with.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    time::Duration,
};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{config::Config, output};

/// More than the admin port ever answers to a probe.
const ANSWER_SIZE_BYTES_MAX: u64 = 8 * 1024;

/// Succeeds when the hub of this configuration is ready; fails and says why when it is not.
pub(crate) async fn run(file: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    let address = reachable(config.admin.listen);
    ensure!(address.port() != 0, "the hub picks its admin port: give it one with admin.listen");
    output::print_line!("{}", asked(address, config.limits.admin.admin_request_max).await?);
    Ok(())
}

/// What the admin port says of a hub that is ready.
async fn asked(address: SocketAddr, wait_max: Duration) -> anyhow::Result<String> {
    let answer = tokio::time::timeout(wait_max, exchanged(address)).await;
    let answer = answer.with_context(|| format!("the hub at {address} did not answer within {wait_max:?}"))?;
    let answer = answer.with_context(|| format!("no hub answers at {address}, where admin.listen says that it is"))?;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).unwrap_or_default();
    match status {
        "200" => Ok(body.trim().to_owned()),
        "503" => anyhow::bail!("{}", body.trim()),
        _ => anyhow::bail!("what answers at {address} is not the admin port of a hub"),
    }
}

async fn exchanged(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(b"GET /readyz HTTP/1.1\r\nhost: hub\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    stream.take(ANSWER_SIZE_BYTES_MAX).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// A hub that listens on every address listens on the loopback one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let loopback = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(loopback, listen.port())
}
