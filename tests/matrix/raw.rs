//! Calls by name: any method, with an empty message, and how the hub takes it.

use std::error::Error;

use futures::StreamExt;
use http::uri::PathAndQuery;
use tonic::{
    Code, Request, Status,
    client::Grpc,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};
use unefois_client::{Connection, Refused};

/// How a call ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The service took it: it answered, or refused what the empty message asks for.
    Served,
    /// The door refused the caller, with that stable reason and code.
    AtTheDoor(String, Code),
    /// The hub serves no such method.
    NotServed,
    /// The connection was closed before anything was answered.
    Unconnected,
}

impl Fate {
    /// The door refused the caller for lack of a role.
    pub(crate) fn role_required() -> Self {
        Self::AtTheDoor("ROLE_REQUIRED".to_owned(), Code::PermissionDenied)
    }

    /// The door refused the certificate.
    pub(crate) fn unauthenticated(reason: &str) -> Self {
        Self::AtTheDoor(reason.to_owned(), Code::Unauthenticated)
    }
}

/// Calls a method with one empty message.
pub(crate) async fn call(connection: &Connection, method: &'static str) -> Fate {
    let mut grpc = Grpc::new(connection.channel());
    if grpc.ready().await.is_err() {
        return Fate::Unconnected;
    }
    let request = Request::new(futures::stream::iter([Vec::new()]));
    // A stream may be open for ever (a health watch): its first answer, or its end, decides.
    let answered = async {
        let mut answers = grpc.streaming(request, PathAndQuery::from_static(method), Raw).await?.into_inner();
        answers.next().await.transpose()
    };
    match answered.await {
        Ok(_answer) => Fate::Served,
        Err(status) => fate_of(&status),
    }
}

fn fate_of(status: &Status) -> Fate {
    let Refused { code, reason, .. } = Refused::from_status(status);
    if reason == "ROLE_REQUIRED" || reason.starts_with("CERTIFICATE_") {
        return Fate::AtTheDoor(reason, code);
    }
    if code == Code::Unimplemented {
        return Fate::NotServed;
    }
    // A status that the hub sent has no source: one that has was made here, of a broken connection.
    if status.source().is_some() {
        return Fate::Unconnected;
    }
    assert!(!matches!(code, Code::Internal | Code::Unknown), "the hub failed: {status:?}");
    Fate::Served
}

/// Sends and receives bytes: an empty message is a request of any kind.
#[derive(Debug, Clone, Copy, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        use bytes::BufMut;
        buffer.put_slice(&item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        use bytes::Buf;
        Ok(Some(buffer.copy_to_bytes(buffer.remaining()).to_vec()))
    }
}
