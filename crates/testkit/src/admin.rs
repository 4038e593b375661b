//! The admin port as a probe or a scraper uses it.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::house::House;

/// How long a metric may take to move.
const PATIENCE: Duration = Duration::from_secs(60);

impl House {
    /// What the admin port answers to `GET path`: the status and the body.
    pub async fn probed(&self, path: &str) -> (u16, String) {
        self.asked_of_admin(&format!("GET {path} HTTP/1.1\r\nhost: hub\r\n\r\n")).await
    }

    /// What the admin port answers to these bytes: the status, 0 when it answers nothing, and the body.
    pub async fn asked_of_admin(&self, request: &str) -> (u16, String) {
        let mut stream = TcpStream::connect(self.process().admin()).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_default(), body.to_owned())
    }

    /// The value of one series of the metrics, as it is written: `name{label="value"}`.
    pub async fn measured(&self, series: &str) -> f64 {
        self.value_of(series).await.unwrap_or_else(|| panic!("there is no {series}"))
    }

    /// Waits until a series has a value like this: some things are counted after they were answered.
    pub async fn measures(&self, series: &str, is_due: impl Fn(f64) -> bool) {
        let mut last = None;
        let waiting = async {
            let mut turn = tokio::time::interval(Duration::from_millis(20));
            while !last.is_some_and(&is_due) {
                turn.tick().await;
                last = self.value_of(series).await;
            }
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(waited.is_ok(), "{series} is {last:?}");
    }

    async fn value_of(&self, series: &str) -> Option<f64> {
        let (status, text) = self.probed("/metrics").await;
        assert_eq!(status, 200);
        let value = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        value.map(|value| value.parse().unwrap())
    }
}
