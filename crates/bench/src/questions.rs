//! What is asked: requests that are encoded before anything is measured, and the answers that are due.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use uuid::Uuid;

/// How long a UUID is as text.
const REQUEST_ID_BYTES: usize = 36;
/// Stands where the identifier of each request will be written.
pub(crate) const PLACEHOLDER: &str = "request-id-request-id-request-id-req";

/// A request, and how its answer begins.
#[derive(Debug)]
struct Question {
    request: Vec<u8>,
    request_id_at: usize,
    answer: Bytes,
}

/// The questions, asked in turn by every stream.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    questions: Vec<Question>,
    next: AtomicUsize,
}

impl Questions {
    /// Adds an encoded request that holds [`PLACEHOLDER`] once. Its answer is right when it begins with `answer`.
    pub(crate) fn push(&mut self, request: Vec<u8>, answer: Vec<u8>) {
        let mut windows = request.windows(REQUEST_ID_BYTES);
        let request_id_at = windows.position(|window| window == PLACEHOLDER.as_bytes());
        let request_id_at = request_id_at.expect("the request was made with the placeholder");
        self.questions.push(Question { request, request_id_at, answer: Bytes::from(answer) });
    }

    /// The next request, under an identifier of its own as the default client makes one, and how its answer begins.
    pub(crate) fn next(&self) -> (Bytes, Bytes) {
        let at = self.next.fetch_add(1, Ordering::Relaxed) % self.questions.len();
        let Question { request, request_id_at, answer } = &self.questions[at];
        let mut request = request.clone();
        let place = &mut request[*request_id_at..][..REQUEST_ID_BYTES];
        Uuid::now_v7().hyphenated().encode_lower(place);
        (Bytes::from(request), answer.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_has_an_identifier_of_its_own() {
        let mut questions = Questions::default();
        questions.push(format!("a{PLACEHOLDER}b").into_bytes(), b"answer".to_vec());
        let [first, second] = [questions.next(), questions.next()];
        assert_ne!(first.0, second.0);
        for (request, answer) in [first, second] {
            assert_eq!((request.len(), &answer[..]), (REQUEST_ID_BYTES + 2, &b"answer"[..]));
            assert!(request.starts_with(b"a") && request.ends_with(b"b"));
            let id = std::str::from_utf8(&request[1..=REQUEST_ID_BYTES]).unwrap();
            assert_eq!(Uuid::parse_str(id).unwrap().get_version_num(), 7);
        }
    }
}
