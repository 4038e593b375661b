//! A refusal or failure of the hub, as a caller can act on it.

use std::{error::Error, fmt, iter, time::Duration};

use h2::Reason;
use tonic::{Code, Status, TimeoutExpired};
use tonic_types::StatusExt;
use uuid::Uuid;

/// What a [`Status`] says. Its `Display` is for a person: several lines, without a value of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The gRPC code. A connection that broke is [`Code::Unavailable`], whatever broke it.
    pub code: Code,
    /// The stable reason (`ErrorInfo.reason`), such as `CONSENT_WITHDRAWN`; empty when it is not the hub that answered.
    pub reason: String,
    /// The reason in words, in English. It may change; the reason does not.
    pub message: String,
    /// The entry of the ledger that records the refusal, where one was written.
    pub exchange_id: Option<Uuid>,
    /// How long to wait before trying again (`RetryInfo`), where that may help.
    pub retry_after: Option<Duration>,
    /// The fields at fault (`BadRequest`): for each its path and the rule that it breaks.
    pub violations: Vec<(String, String)>,
}

impl Refused {
    /// Decodes a status. Details that cannot be read are left out.
    #[must_use]
    pub fn from_status(status: &Status) -> Self {
        let details = status.get_error_details();
        let info = details.error_info();
        let violations = details.bad_request().map(|bad| &bad.field_violations[..]).unwrap_or_default();
        Self {
            code: code(status),
            reason: info.map(|info| info.reason.clone()).unwrap_or_default(),
            message: message(status),
            exchange_id: info.and_then(|info| info.metadata.get("exchange_id")?.parse().ok()),
            retry_after: details.retry_info().and_then(|retry| retry.retry_delay),
            violations: violations.iter().map(|found| (found.field.clone(), found.description.clone())).collect(),
        }
    }

    /// Whether the same request may succeed when it is sent again; a pull under the same `request_id`.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self.code {
            Code::Unavailable | Code::Aborted => true,
            Code::ResourceExhausted => self.retry_after.is_some(),
            _ => false,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.reason.is_empty() {
            write!(f, "{:?}: {}", self.code, self.message)?;
        } else {
            write!(f, "{}: {}", self.reason, self.message)?;
        }
        for (field, rule) in &self.violations {
            write!(f, "\n  {field}: {rule}")?;
        }
        if let Some(delay) = self.retry_after {
            write!(f, "\n  try again in {delay:?}")?;
        }
        if let Some(id) = self.exchange_id {
            write!(f, "\n  recorded as {id}")?;
        }
        Ok(())
    }
}

impl Error for Refused {}

/// A status with a cause was made here, of a connection that broke: those that arrive have none.
fn code(status: &Status) -> Code {
    match status.code() {
        Code::Unknown if status.source().is_some() => Code::Unavailable,
        // What a hub that stops had not taken from the connection yet; an attempt that took too long stays what it is.
        Code::Cancelled if status.source().is_some() && !causes(status).any(|cause| cause.is::<TimeoutExpired>()) => {
            Code::Unavailable
        }
        Code::Internal if causes(status).any(says_goodbye) => Code::Unavailable,
        code => code,
    }
}

/// Whether a hub that stops did not take the call: its GOAWAY names the last one that it took (RFC 9113, section 6.8).
fn says_goodbye(cause: &(dyn Error + 'static)) -> bool {
    let of_goodbye = |error: &h2::Error| error.is_go_away() && error.reason() == Some(Reason::NO_ERROR);
    cause.downcast_ref().is_some_and(of_goodbye)
}

/// The message, and the causes of a status that was made here; each once.
fn message(status: &Status) -> String {
    let mut message = status.message().to_owned();
    for cause in causes(status) {
        let cause = cause.to_string();
        if !message.contains(&cause) {
            message = format!("{message}: {cause}");
        }
    }
    message
}

fn causes(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    iter::successors(status.source(), |&cause| cause.source())
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, io};

    use hyper_util::rt::TokioIo;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tonic::transport::Endpoint;
    use tonic_types::ErrorDetails;
    use unefois_proto::pb::exchange::v1::{PullRequest, exchange_service_client::ExchangeServiceClient};

    use super::*;

    const ID: &str = "0190f5fe-7c00-7a00-8abc-012345678901";

    fn withdrawn() -> Status {
        let metadata = HashMap::from([("exchange_id".to_owned(), ID.to_owned())]);
        let details = ErrorDetails::with_error_info("CONSENT_WITHDRAWN", "unefois", metadata);
        Status::with_error_details(Code::PermissionDenied, "the consent was withdrawn", details)
    }

    #[test]
    fn a_refusal_names_its_reason_and_its_entry() {
        let refused = Refused::from_status(&withdrawn());
        assert_eq!((refused.code, refused.reason.as_str()), (Code::PermissionDenied, "CONSENT_WITHDRAWN"));
        assert_eq!(refused.exchange_id, Some(ID.parse().unwrap()));
        assert!(!refused.is_retryable());
        assert_eq!(refused.to_string(), format!("CONSENT_WITHDRAWN: the consent was withdrawn\n  recorded as {ID}"));
    }

    #[test]
    fn fields_at_fault_stand_with_their_rules() {
        let mut details = ErrorDetails::with_bad_request_violation("context.case_reference", "1 to 200 characters");
        details.set_error_info("FIELD_INVALID", "unefois", HashMap::new());
        let status = Status::with_error_details(Code::InvalidArgument, "the request is invalid", details);
        let refused = Refused::from_status(&status);
        let due = ("context.case_reference".to_owned(), "1 to 200 characters".to_owned());
        assert_eq!((refused.violations.as_slice(), refused.exchange_id), ([due].as_slice(), None));
        assert!(refused.to_string().contains("\n  context.case_reference: 1 to 200 characters"), "{refused}");
    }

    #[test]
    fn an_exhausted_limit_is_worth_a_retry_only_with_a_delay() {
        let exhausted = |details| Status::with_error_details(Code::ResourceExhausted, "too much", details);
        let later = ErrorDetails::with_retry_info(Some(Duration::from_millis(250)));
        let refused = Refused::from_status(&exhausted(later));
        assert_eq!((refused.retry_after, refused.is_retryable()), (Some(Duration::from_millis(250)), true));
        assert!(!Refused::from_status(&exhausted(ErrorDetails::new())).is_retryable());
    }

    #[test]
    fn an_entry_id_that_is_none_is_left_out() {
        let metadata = HashMap::from([("exchange_id".to_owned(), "soon".to_owned())]);
        let details = ErrorDetails::with_error_info("COMMIT_UNKNOWN", "unefois", metadata);
        let refused = Refused::from_status(&Status::with_error_details(Code::Unavailable, "", details));
        assert_eq!((refused.exchange_id, refused.is_retryable()), (None, true));
    }

    #[test]
    fn a_broken_connection_is_unavailable_and_says_why() {
        let broken = io::Error::from(io::ErrorKind::ConnectionReset);
        let refused = Refused::from_status(&Status::from_error(Box::new(broken)));
        assert_eq!((refused.code, refused.reason.as_str()), (Code::Unavailable, ""));
        assert!(refused.is_retryable());
        assert_eq!(refused.to_string(), "Unavailable: connection reset");
    }

    /// As the transport tells it of a call that it had not sent when its connection closed.
    #[derive(Debug, thiserror::Error)]
    #[error("transport error")]
    struct Closed(#[source] Status);

    #[test]
    fn a_call_that_a_closing_connection_did_not_take_is_unavailable() {
        let closed = Status::from_error(Box::new(Closed(Status::cancelled("operation was canceled"))));
        assert_eq!(closed.code(), Code::Cancelled);
        let refused = Refused::from_status(&closed);
        assert_eq!((refused.code, refused.is_retryable()), (Code::Unavailable, true));
    }

    /// Empty SETTINGS.
    const SETTINGS: [u8; 9] = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    /// GOAWAY: no call was taken; a reason follows.
    const GOAWAY: [u8; 13] = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0];

    /// How a call fails at a peer that takes no call and says goodbye when it comes.
    async fn told_goodbye(reason: Reason) -> Refused {
        let (near, mut far) = tokio::io::duplex(4096);
        let near = std::sync::Mutex::new(Some(TokioIo::new(near)));
        let connector = tower::service_fn(move |_| {
            let connection = near.lock().unwrap().take();
            async move { connection.ok_or(io::ErrorKind::ConnectionRefused).map_err(io::Error::from) }
        });
        let channel = Endpoint::from_static("http://hub.example").connect_with_connector(connector).await.unwrap();
        let peer = async {
            far.write_all(&SETTINGS).await.unwrap();
            // The preface of 24 octets, then frames; the call comes last, with the first HEADERS (type 1).
            far.read_exact(&mut [0; 24]).await.unwrap();
            loop {
                let mut head = [0; 9];
                far.read_exact(&mut head).await.unwrap();
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
                far.read_exact(&mut vec![0; length as usize]).await.unwrap();
                if head[3] == 1 {
                    far.write_all(&GOAWAY).await.unwrap();
                    break far.write_u32(reason.into()).await.unwrap();
                }
            }
        };
        let mut client = ExchangeServiceClient::new(channel);
        let (answer, ()) = tokio::join!(client.pull(PullRequest::default()), peer);
        Refused::from_status(&answer.unwrap_err())
    }

    #[tokio::test]
    async fn a_call_that_a_stopping_hub_did_not_take_is_unavailable() {
        let refused = told_goodbye(Reason::NO_ERROR).await;
        assert_eq!((refused.code, refused.is_retryable()), (Code::Unavailable, true), "{refused}");
        let refused = told_goodbye(Reason::PROTOCOL_ERROR).await;
        assert_eq!((refused.code, refused.is_retryable()), (Code::Internal, false), "{refused}");
    }

    #[test]
    fn an_attempt_that_took_too_long_or_was_cancelled_stays_what_it_is() {
        for status in [Status::from_error(Box::new(TimeoutExpired(()))), Status::cancelled("by the hub")] {
            let refused = Refused::from_status(&status);
            assert_eq!((refused.code, refused.is_retryable()), (Code::Cancelled, false));
        }
    }

    #[test]
    fn a_status_that_arrived_as_unknown_stays_unknown() {
        let refused = Refused::from_status(&Status::unknown("something"));
        assert_eq!((refused.code, refused.is_retryable()), (Code::Unknown, false));
    }
}
