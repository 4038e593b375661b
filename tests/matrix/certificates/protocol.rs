//! Connections that are not TLS 1.3 with HTTP/2 inside: none gets further than its first words.

mod hello;

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

use unefois_testkit::{Answer, Presenter};

use super::{recipe::Recipe, world::World};
use hello::Hello;

/// The rules that a connection breaks, whatever its certificate: each is shown here.
pub(crate) const RULES: [&str; 6] = ["27", "28", "29", "30", "31", "32"];

/// How long the hub may take to close a connection.
const PATIENCE: Duration = Duration::from_secs(60);

/// A TLS alert that ends the connection, as it stands on the wire before there are keys: record, version, length, fatal.
fn alert(number: u8) -> Vec<u8> {
    vec![21, 3, 3, 0, 2, 2, number]
}

const UNEXPECTED_MESSAGE: u8 = 10;
const HANDSHAKE_FAILURE: u8 = 40;
const DECODE_ERROR: u8 = 50;
const PROTOCOL_VERSION: u8 = 70;

/// Sends these bytes, and gives all that the hub says until it closes, and where they came from.
fn said_to(hub: SocketAddr, bytes: &[u8]) -> (Vec<u8>, SocketAddr) {
    let mut stream = TcpStream::connect(hub).unwrap();
    let from = stream.local_addr().unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(bytes).unwrap();
    (heard(&mut stream), from)
}

/// All that the hub says until it closes.
fn heard(stream: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    match stream.read_to_end(&mut heard) {
        Ok(_) => {}
        // It closes on what it has not read.
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the hub does not close: {error}"),
    }
    heard
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_tls_gets_an_alert_and_nothing_else() {
    let world = World::open().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
    let request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let ssh = b"SSH-2.0-OpenSSH_9.2\r\n";
    for (name, bytes) in [("HTTP/2", &preface[..]), ("HTTP/1.1", request), ("another protocol", ssh)] {
        let (heard, from) = said_to(world.address(), bytes);
        // The alert may be lost: the hub closes on what it has not read.
        let due = [Vec::new(), alert(DECODE_ERROR), alert(UNEXPECTED_MESSAGE)];
        assert!(due.contains(&heard), "{name}: {heard:?}");
        let logged = world.logged_refusal(from).await;
        assert!(logged.contains("the TLS handshake failed"), "{name}: {logged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_with_which_tls_1_3_cannot_be_agreed_is_refused() {
    let world = World::open().await;
    let hello = Hello::default;
    let old = (Some(PROTOCOL_VERSION), "peer is incompatible");
    let cases = [
        ("TLS 1.2", Hello { version: [3, 3], versions: None, ..hello() }, old),
        ("TLS 1.1", Hello { version: [3, 2], versions: None, ..hello() }, old),
        ("TLS 1.0", Hello { version: [3, 1], versions: None, ..hello() }, old),
        ("SSL 3", Hello { version: [3, 0], versions: None, ..hello() }, old),
        ("TLS 1.2 by the extension", Hello { versions: Some([3, 3]), ..hello() }, old),
        ("AES-CCM", Hello { cipher: [0x13, 0x04], ..hello() }, (Some(HANDSHAKE_FAILURE), "NoCipherSuitesInCommon")),
        ("finite fields", Hello { group: [0x01, 0x00], ..hello() }, (Some(HANDSHAKE_FAILURE), "NoKxGroupsInCommon")),
        // The keys are agreed on by then: the alert is encrypted.
        ("RSA with SHA-1", Hello { signature: [0x02, 0x01], ..hello() }, (None, "NoSignatureSchemesInCommon")),
    ];
    for (name, hello, (number, why)) in cases {
        let (heard, from) = said_to(world.address(), &hello.record());
        let logged = world.logged_refusal(from).await;
        assert!(logged.contains(why), "{name}: {logged}");
        assert!(number.is_none_or(|number| heard == alert(number)), "{name}: {heard:?}, {logged}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_good_hello_is_answered() {
    let world = World::open().await;
    let mut stream = TcpStream::connect(world.address()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(&Hello::default().record()).unwrap();
    let mut head = [0; 6];
    stream.read_exact(&mut head).unwrap();
    // A handshake record, which begins with the server's hello.
    assert_eq!((head[0], head[5]), (22, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_name_http_2_is_refused() {
    let world = World::open().await;
    let good = Recipe::client().presented(&world.trusted.root);
    let speaking =
        |protocols: &[&[u8]]| Presenter::speaking(world.address(), &world.house.pki().ca(), &good, protocols);
    assert_eq!(speaking(&[b"h2"]).call().await.answer, Answer::Served);
    assert_eq!(speaking(&[b"http/1.1", b"h2"]).call().await.answer, Answer::Served);
    for other in [&b"http/1.1"[..], b"h3", b"h2c", b"H2"] {
        let attempt = speaking(&[other]).call().await;
        assert_eq!(attempt.answer, Answer::Alert("NoApplicationProtocol".to_owned()), "{other:?}");
    }
    let attempt = speaking(&[]).call().await;
    assert_eq!(attempt.answer, Answer::Closed);
    let logged = world.logged_refusal(attempt.from).await;
    assert_eq!(logged, "the TLS client does not name the protocol h2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_never_resumed() {
    let world = World::open().await;
    let presenter = world.presenter(&Recipe::client().presented(&world.trusted.root));
    for _ in 0..3 {
        let attempt = presenter.call().await;
        assert_eq!((attempt.answer, attempt.resumed), (Answer::Served, false));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handshake_that_does_not_end_is_ended_and_holds_nobody_up() {
    let world = World::open_with("[limits.server]\nhandshake-max = \"2s\"\nconnections-max = 40\n").await;
    let hello = Hello::default().record();
    let mut silent = Vec::new();
    for number in 0..30 {
        let mut stream = TcpStream::connect(world.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        // Some say nothing, some the half of their hello, some all of it and no more.
        stream.write_all(&hello[..hello.len() * (number % 3) / 2]).unwrap();
        silent.push(stream);
    }
    let slow = tokio::task::spawn_blocking({
        let (hub, hello) = (world.address(), hello.clone());
        move || says_a_byte_at_a_time(hub, &hello)
    });
    let good = world.presenter(&Recipe::client().presented(&world.trusted.root));
    assert_eq!(good.call().await.answer, Answer::Served);
    for mut stream in silent {
        let from = stream.local_addr().unwrap();
        // Closed by the hub: nothing was said for which it would be.
        heard(&mut stream);
        assert_eq!(world.logged_refusal(from).await, "deadline has elapsed");
    }
    let from = slow.await.unwrap();
    assert_eq!(world.logged_refusal(from).await, "deadline has elapsed");
    assert_eq!(good.call().await.answer, Answer::Served);
}

#[tokio::test(flavor = "multi_thread")]
async fn handshakes_that_take_every_place_give_them_back() {
    let world = World::open_with("[limits.server]\nhandshake-max = \"1s\"\nconnections-max = 8\n").await;
    let _silent: Vec<TcpStream> = (0..16).map(|_| TcpStream::connect(world.address()).unwrap()).collect();
    let good = world.presenter(&Recipe::client().presented(&world.trusted.root));
    assert_eq!(good.call().await.answer, Answer::Served);
}

/// Says its hello a byte at a time until the hub closes, or to its end. Gives where it came from.
fn says_a_byte_at_a_time(hub: SocketAddr, hello: &[u8]) -> SocketAddr {
    let mut stream = TcpStream::connect(hub).unwrap();
    let from = stream.local_addr().unwrap();
    // A byte when the last was not answered in this time: there is always one more to come while the hub waits.
    stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
    for byte in hello {
        if stream.write_all(&[*byte]).is_err() {
            return from;
        }
        match stream.read(&mut [0]) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Ok(0) | Err(_) => return from,
            Ok(_) => panic!("the hub answers half a hello"),
        }
    }
    panic!("the hub waits for ever");
}
