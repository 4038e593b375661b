//! The admin port: what probes are told, and that it bears what is done to it.

use futures::StreamExt;
use tokio::{io::AsyncReadExt, net::TcpStream, sync::mpsc};
use tokio_stream::wrappers::ReceiverStream;
use unefois_testkit::{House, HouseSettings, Person, turnover_of};

use crate::UNEFOIS;

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_runs_is_alive_and_ready_and_says_nothing_else() {
    let house = House::open(UNEFOIS).await;
    assert_eq!(house.probed("/livez").await, (200, "alive\n".to_owned()));
    assert_eq!(house.probed("/readyz").await, (200, "ready\n".to_owned()));
    let (status, text) = house.probed("/metrics").await;
    assert!(status == 200 && text.contains("# HELP unefois_broker_exchanges_total "), "{status}: {text}");
    for path in ["/", "/unefois.exchange.v1.ExchangeService/Pull", "/metrics/", "/../etc/passwd"] {
        assert_eq!(house.probed(path).await.0, 404, "{path}");
    }
    let post = "POST /readyz HTTP/1.1\r\nhost: hub\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(house.asked_of_admin(post).await.0, 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_is_told_to_stop_says_so_while_it_finishes_its_calls() {
    let mut house = House::open(UNEFOIS).await;
    let urssaf = house.agency("urssaf").await;
    let (items, stream) = mpsc::channel(1);
    let mut answers = urssaf.publication().publish(ReceiverStream::new(stream)).await.unwrap().into_inner();
    items.send(turnover_of(&Person::invented(83), 123_400)).await.unwrap();
    answers.next().await.unwrap().unwrap();
    house.process().tell_to_stop();
    let mut turn = tokio::time::interval(std::time::Duration::from_millis(10));
    while house.probed("/readyz").await != (503, "the hub is stopping\n".to_owned()) {
        turn.tick().await;
    }
    assert_eq!(house.probed("/livez").await.0, 200);
    // The call that was under way goes on, and what it sends is acknowledged.
    items.send(turnover_of(&Person::invented(84), 123_400)).await.unwrap();
    answers.next().await.unwrap().unwrap();
    drop(items);
    assert!(answers.next().await.is_none());
    house.ends().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_asks_with_the_hubs_own_program() {
    let more = "[admin]\nlisten = \"127.0.0.1:0\"\ndrain-notice = \"1m\"\n".to_owned();
    let mut house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let port = house.process().admin().rsplit_once(':').unwrap().1.to_owned();
    let asks = |house: &House, listen: &str| {
        std::fs::write(house.path().join("check.toml"), format!("[admin]\nlisten = {listen:?}\n")).unwrap();
        house.runs(&["--config", "check.toml", "ready"], "")
    };
    for listen in [format!("127.0.0.1:{port}"), format!("0.0.0.0:{port}")] {
        let (good, output, errors) = asks(&house, &listen);
        assert!(good && output == "ready\n", "{listen}: {output}{errors}");
    }
    let (good, _, errors) = asks(&house, &house.endpoint().replace("https://", ""));
    assert!(!good && errors.contains("not the admin port of a hub"), "{errors}");
    let (good, _, errors) = asks(&house, "127.0.0.1:0");
    assert!(!good && errors.contains("admin.listen"), "{errors}");

    house.process().tell_to_stop();
    let mut turn = tokio::time::interval(std::time::Duration::from_millis(10));
    while house.probed("/readyz").await.0 != 503 {
        turn.tick().await;
    }
    let (good, _, errors) = asks(&house, &format!("127.0.0.1:{port}"));
    assert!(!good && errors.contains("the hub is stopping"), "{errors}");
    house.kill();
    let (good, _, errors) = asks(&house, &format!("127.0.0.1:{port}"));
    assert!(!good && errors.contains("no hub answers"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_stays_open_for_as_long_as_probes_need_to_notice() {
    let more = "[admin]\nlisten = \"127.0.0.1:0\"\ndrain-notice = \"1m\"\n".to_owned();
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    house.process().tell_to_stop();
    let mut turn = tokio::time::interval(std::time::Duration::from_millis(10));
    while house.probed("/readyz").await.0 != 503 {
        turn.tick().await;
    }
    // A new connection is still taken.
    let _cnaf = house.agency("cnaf").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_the_admin_port_holds_it_for_a_moment_only() {
    let more = "[limits.admin]\nadmin-connections-max = 1\nadmin-request-max = \"300ms\"\n".to_owned();
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let mut silent = TcpStream::connect(house.process().admin()).await.unwrap();
    // It waits for its turn, and gets it.
    assert_eq!(house.probed("/readyz").await.0, 200);
    let mut rest = Vec::new();
    silent.read_to_end(&mut rest).await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\nhost: hub\r\n\r\n", "x".repeat(100_000));
    let mut flood = TcpStream::connect(house.process().admin()).await.unwrap();
    // The hub may close before it has read everything.
    let _closed = tokio::io::AsyncWriteExt::write_all(&mut flood, long.as_bytes()).await;
    assert_eq!(house.probed("/livez").await.0, 200);
}
