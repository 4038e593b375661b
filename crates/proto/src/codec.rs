//! The codec of the server: a stream that is open for days and mostly silent holds buffers of the size of one message.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::{ProstCodec, ProstDecoder};

/// How large the buffers of a call are that holds nothing, in bytes; `tonic` would hold 8 KiB for each direction. What is
/// larger has room made for it.
const BUFFER_BYTES: usize = 1024;
/// How much waits in a buffer before it is handed on, in bytes: `tonic`'s own.
const YIELD_BYTES: usize = 32 * 1024;

fn buffers() -> BufferSettings {
    BufferSettings::new(BUFFER_BYTES, YIELD_BYTES)
}

/// Encodes `T` and decodes `U`.
#[derive(Debug)]
pub struct ServerCodec<T, U>(PhantomData<(T, U)>);

impl<T, U> Default for ServerCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T: Message + 'static, U: Message + Default + 'static> Codec for ServerCodec<T, U> {
    type Encode = T;
    type Decode = U;
    type Encoder = ServerEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> ServerEncoder<T> {
        ServerEncoder(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstCodec::<T, U>::raw_decoder(buffers())
    }
}

/// Encodes `T`.
#[derive(Debug)]
pub struct ServerEncoder<T>(PhantomData<T>);

impl<T: Message> Encoder for ServerEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        // At once: field by field it would be copied again and again while it grows.
        buffer.reserve(item.encoded_len());
        item.encode(buffer).map_err(|full| Status::internal(full.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        buffers()
    }
}
