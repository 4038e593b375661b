//! An open connection of a caller, and the calls on it.

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use http::{HeaderMap, Method, Request};
use tokio::{io::BufReader, net::TcpStream, task::JoinHandle};
use tokio_rustls::client::TlsStream;
use tonic::{Code, Status};

use super::Answer;
use crate::reason_of;

/// A method that every registered agency may call.
const METHOD: &str = "https://hub/grpc.health.v1.Health/Check";
/// An empty message, in the framing of gRPC.
const EMPTY_MESSAGE: &[u8] = &[0; 5];

/// An open connection. It ends when it is dropped.
#[derive(Debug)]
pub struct Open {
    requests: SendRequest<Bytes>,
    connection: JoinHandle<()>,
}

impl Open {
    pub(super) async fn begin(stream: BufReader<TlsStream<TcpStream>>) -> Self {
        let (requests, connection) = h2::client::handshake(stream).await.unwrap();
        let connection = tokio::spawn(async move {
            // How it ends shows in the calls on it.
            let _ended = connection.await;
        });
        Self { requests, connection }
    }

    /// Calls a method that every registered agency may call.
    pub async fn call(&self) -> Answer {
        match self.answered().await {
            Ok(status) if status.code() == Code::Ok => Answer::Served,
            Ok(status) => Answer::Refused(reason_of(&status), status.code()),
            Err(error) if error.is_io() || error.is_go_away() => Answer::Closed,
            Err(error) => panic!("the hub's HTTP/2 is not as it must be: {error}"),
        }
    }

    async fn answered(&self) -> Result<Status, h2::Error> {
        let mut requests = self.requests.clone().ready().await?;
        let request = Request::builder()
            .method(Method::POST)
            .uri(METHOD)
            .header("content-type", "application/grpc")
            .header("te", "trailers");
        let (answer, mut body) = requests.send_request(request.body(()).unwrap(), false)?;
        // The door may have refused by now, and wants no more of the request.
        let _unwanted = body.send_data(Bytes::from_static(EMPTY_MESSAGE), true);
        status_of(answer).await
    }
}

async fn status_of(answer: ResponseFuture) -> Result<Status, h2::Error> {
    let answer = answer.await?;
    let read = |headers: &HeaderMap| Status::from_header_map(headers);
    if let Some(status) = read(answer.headers()) {
        return Ok(status);
    }
    let mut body = answer.into_body();
    while body.data().await.transpose()?.is_some() {}
    let trailers = body.trailers().await?.unwrap();
    Ok(read(&trailers).unwrap())
}

impl Drop for Open {
    fn drop(&mut self) {
        self.connection.abort();
    }
}
