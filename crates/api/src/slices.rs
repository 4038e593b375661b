//! Small answers leave in slices that the connection gathers: one write for all that are due, not two for each.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use hyper::body::{Body as HttpBody, Bytes, Frame, SizeHint};
use tonic::{Status, body::Body};

/// How large a slice is. Up to 1,024 bytes `h2` copies a frame of data behind those that wait; a larger one it writes at
/// once with all before it (for a connection that takes no vectored writes, such as [`crate::peer::PeerStream`]).
const SLICE_BYTES: usize = 1_000;
/// What is larger is left whole: copying it would cost more than writing it.
const SMALL_BYTES: usize = 4 * SLICE_BYTES;

/// A body whose small frames of data come in slices.
#[derive(Debug)]
pub(crate) struct Sliced {
    inner: Body,
    /// What is left of a frame.
    rest: Bytes,
}

impl Sliced {
    pub(crate) fn new(inner: Body) -> Self {
        Self { inner, rest: Bytes::new() }
    }

    fn slice(&mut self, mut data: Bytes) -> Frame<Bytes> {
        if data.len() <= SMALL_BYTES {
            self.rest = data.split_off(data.len().min(SLICE_BYTES));
        }
        Frame::data(data)
    }
}

impl HttpBody for Sliced {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if !self.rest.is_empty() {
            let rest = std::mem::take(&mut self.rest);
            return Poll::Ready(Some(Ok(self.slice(rest))));
        }
        match std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            Some(Ok(frame)) => Poll::Ready(Some(Ok(match frame.into_data() {
                Ok(data) => self.slice(data),
                Err(trailers) => trailers,
            }))),
            ended => Poll::Ready(ended),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (inner, rest) = (self.inner.size_hint(), self.rest.len() as u64);
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + rest);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

    use http_body_util::{BodyExt, Full};

    use super::*;

    async fn slices_of(size_bytes: usize) -> Vec<usize> {
        let sent: Bytes = (0..size_bytes).map(|place| place.to_be_bytes()[7]).collect();
        let mut sliced = Sliced::new(Body::new(Full::new(sent.clone())));
        let (mut sizes, mut received) = (Vec::new(), Vec::new());
        while !sliced.is_end_stream() {
            let left = u64::try_from(size_bytes - received.len()).unwrap();
            assert_eq!(sliced.size_hint().exact(), Some(left));
            let data = sliced.frame().await.unwrap().unwrap().into_data().unwrap();
            sizes.push(data.len());
            received.extend_from_slice(&data);
        }
        assert_eq!(received, sent, "no byte is lost or moved");
        sizes
    }

    #[tokio::test]
    async fn a_small_frame_comes_in_slices_and_a_large_one_whole() {
        assert_eq!(slices_of(10).await, [10]);
        assert_eq!(slices_of(1_000).await, [1_000]);
        assert_eq!(slices_of(1_076).await, [1_000, 76]);
        assert_eq!(slices_of(4_000).await, [1_000, 1_000, 1_000, 1_000]);
        assert_eq!(slices_of(4_001).await, [4_001]);
    }
}
