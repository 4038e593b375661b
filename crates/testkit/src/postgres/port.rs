//! Ports for servers that are stopped and started again.

use std::{
    hash::{BuildHasher, RandomState},
    net::{Ipv4Addr, TcpListener},
};

/// Below the ports that Linux gives to whoever asks for any: while the server is down, nobody gets its port by chance.
const FIRST: u16 = 12_000;
const COUNT: u16 = 20_000;

/// A port of loopback that nobody listens on.
pub(super) fn free() -> u16 {
    // The keys of a new hasher are drawn by the operating system: tests that run at once look in different places.
    let chance = RandomState::new();
    let drawn = (0_u64..).map(|nth| FIRST + u16::try_from(chance.hash_one(nth) % u64::from(COUNT)).unwrap());
    drawn.take(1_000).find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok()).expect("no port is free")
}
