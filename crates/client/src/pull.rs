//! Pulling: one question under one `request_id`, until it is answered or refused.

use std::fmt;

use http::uri::PathAndQuery;
use prost::Message;
use tonic::{Request, Status, client::Grpc};
use tonic_prost::ProstCodec;
use unefois_ledger::{InvalidPayload, InvalidReceipt, Receipt, Verified, VerifyingKey};
use unefois_proto::pb::exchange::v1::{ExchangeContext, PullRequest, PullResponse};
use uuid::Uuid;

use crate::{
    connect::Connection,
    receipt::{MalformedReceipt, receipt_from_wire},
    refusal::Refused,
    retry::RetryPolicy,
};

/// An answer and its receipt. Its `Debug` shows no data.
#[derive(Clone, PartialEq)]
pub struct Pulled {
    /// The answer, its record as the bytes that were received.
    pub response: PullResponse,
    /// The receipt, taken from the answer.
    pub receipt: Receipt,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The hub refused, or failed more often than the policy has patience.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The answer has no record. It breaks the contract, like those that follow: do not use it.
    #[error("the answer has no record")]
    NoRecord,
    /// The answer has no receipt that can be read.
    #[error("the answer has no receipt that can be read")]
    Receipt(#[source] MalformedReceipt),
    /// The record is not the message that the method promises.
    #[error("the record of the answer cannot be read")]
    Record(#[source] prost::DecodeError),
}

/// Why an answer proves nothing: do not use it, and tell the operator of the hub.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// The receipt does not verify.
    #[error("the receipt does not verify")]
    Receipt(#[from] InvalidReceipt),
    /// The receipt is about other data.
    #[error("the receipt is not about the data of the answer")]
    Payload(#[from] InvalidPayload),
}

/// Asks for one record of any dataset (`ExchangeService.Pull`).
///
/// A request without a `request_id` gets one, a UUIDv7, so that all attempts are one exchange. An attempt takes at most
/// the `request_timeout` of the connection, and the hub is told so.
///
/// # Errors
///
/// [`PullError`].
pub async fn pull(
    connection: &Connection,
    mut request: PullRequest,
    policy: &RetryPolicy,
) -> Result<Pulled, PullError> {
    identify(request.context.as_mut());
    call(connection, "/unefois.exchange.v1.ExchangeService/Pull", &request, policy).await
}

impl Pulled {
    /// Verifies that the receipt is the hub's, and that it is about exactly the bytes that were received.
    ///
    /// # Errors
    ///
    /// [`Unproven`], which says what failed first.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Verified, Unproven> {
        let verified = self.receipt.verify(key)?;
        verified.verify_payload(self.response.data())?;
        Ok(verified)
    }

    fn of(response: PullResponse) -> Result<Self, PullError> {
        if response.data.is_none() {
            return Err(PullError::NoRecord);
        }
        let receipt = response.receipt.clone().ok_or(MalformedReceipt::Missing).and_then(receipt_from_wire);
        Ok(Self { receipt: receipt.map_err(PullError::Receipt)?, response })
    }
}

impl fmt::Debug for Pulled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pulled").field("receipt", &self.receipt).finish_non_exhaustive()
    }
}

/// Gives the request an identifier, if it has none.
pub(crate) fn identify(context: Option<&mut ExchangeContext>) {
    if let Some(context) = context {
        context.request_id.get_or_insert_with(|| Uuid::now_v7().to_string());
    }
}

/// Calls a method whose answer is a `PullResponse` or a twin of it, again while `policy` has patience.
pub(crate) async fn call<Q>(
    connection: &Connection,
    method: &'static str,
    request: &Q,
    policy: &RetryPolicy,
) -> Result<Pulled, PullError>
where
    Q: Message + Clone + 'static,
{
    let mut attempt = 1;
    loop {
        let status = match call_once(connection, method, request.clone()).await {
            Ok(response) => return Pulled::of(response),
            Err(status) => status,
        };
        let refused = Refused::from_status(&status);
        let Some(wait) = policy.wait(attempt, &refused) else {
            return Err(refused.into());
        };
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

async fn call_once<Q>(connection: &Connection, method: &'static str, request: Q) -> Result<PullResponse, Status>
where
    Q: Message + 'static,
{
    let mut grpc = Grpc::new(connection.channel())
        .max_decoding_message_size(connection.message_size_bytes_max())
        .max_encoding_message_size(connection.message_size_bytes_max());
    grpc.ready().await.map_err(|error| Status::from_error(error.into()))?;
    let mut request = Request::new(request);
    request.set_timeout(connection.request_timeout());
    let codec: ProstCodec<Q, PullResponse> = ProstCodec::default();
    let response = grpc.unary(request, PathAndQuery::from_static(method), codec).await?;
    Ok(response.into_inner())
}

#[cfg(test)]
mod tests {
    use unefois_ledger::{
        ENTRY_FORMAT, Entry, EntryKind, Outcome, PersonalOpening, PersonalPart, PublicPart, SigningKey, Tree, commit,
        leaf_hash,
    };

    use super::*;
    use crate::receipt::receipt_to_wire;

    const RECORD: &[u8] = b"the record";
    const BLINDS: [[u8; 32]; 2] = [[1; 32], [2; 32]];

    fn key() -> SigningKey {
        SigningKey::from_seed("hub.example/shard/0", &[7; 32]).unwrap()
    }

    /// An answer of the only exchange of a ledger.
    fn answer() -> PullResponse {
        let [payload_blind, personal_blind] = BLINDS;
        let personal = PersonalPart {
            payload_commitment: commit(&payload_blind, RECORD).to_vec(),
            payload_blind: payload_blind.to_vec(),
            ..PersonalPart::default()
        };
        let part = personal.encode_to_vec();
        let public = PublicPart {
            format: ENTRY_FORMAT,
            entry_id: vec![3; 16],
            kind: EntryKind::Exchange.into(),
            outcome: Outcome::Released.into(),
            ..PublicPart::default()
        };
        let entry = Entry::leaf_bytes(&public, Some(PersonalOpening { blind: &personal_blind, part: &part }));
        let head = Tree::empty().append(&[leaf_hash(&entry)]).head();
        let receipt = Receipt {
            entry,
            index: 0,
            personal_blind: personal_blind.to_vec(),
            personal_part: part,
            inclusion_path: Vec::new(),
            checkpoint: key().sign(head),
        };
        PullResponse {
            data: Some(RECORD.to_vec()),
            receipt: Some(receipt_to_wire(receipt)),
            freshness: None,
            withheld_fields: Vec::new(),
        }
    }

    #[test]
    fn an_answer_proves_the_bytes_that_were_received() {
        let verified = Pulled::of(answer()).unwrap().verify(&key().verifying_key()).unwrap();
        assert_eq!(verified.public.outcome(), Outcome::Released);
    }

    #[test]
    fn an_answer_with_other_bytes_proves_nothing() {
        let pulled = Pulled::of(PullResponse { data: Some(b"another record".to_vec()), ..answer() }).unwrap();
        assert!(matches!(pulled.verify(&key().verifying_key()), Err(Unproven::Payload(InvalidPayload::Changed))));
    }

    #[test]
    fn an_answer_under_another_key_proves_nothing() {
        let stranger = SigningKey::from_seed("hub.example/shard/0", &[8; 32]).unwrap().verifying_key();
        assert!(matches!(Pulled::of(answer()).unwrap().verify(&stranger), Err(Unproven::Receipt(_))));
    }

    #[test]
    fn an_answer_without_a_record_or_a_receipt_is_no_answer() {
        let no_record = Pulled::of(PullResponse { data: None, ..answer() });
        assert!(matches!(no_record, Err(PullError::NoRecord)));
        let no_receipt = Pulled::of(PullResponse { receipt: None, ..answer() });
        assert!(matches!(no_receipt, Err(PullError::Receipt(MalformedReceipt::Missing))));
    }

    #[test]
    fn logs_show_no_record() {
        let shown = format!("{:?}", Pulled::of(answer()).unwrap());
        assert!(!shown.contains("data") && !shown.contains("entry"), "{shown}");
    }

    #[test]
    fn a_request_keeps_the_identifier_it_has_and_gets_one_where_it_has_none() {
        let mut context = ExchangeContext::default();
        identify(Some(&mut context));
        let given: Uuid = context.request_id().parse().unwrap();
        assert_eq!(given.get_version_num(), 7);
        identify(Some(&mut context));
        assert_eq!(context.request_id(), given.to_string());
    }
}
