//! Dossiers: loading as many as there are.

use futures::{Stream, StreamExt};
use unefois_proto::pb::dossier::v1::{Declaration, LoadRejection, LoadRequest, LoadResponse};

use crate::{connect::Connection, refusal::Refused, retry::RetryPolicy};

/// How many declarations a message holds: the most that the contract permits.
const MESSAGE_DECLARATIONS: usize = 1_000;
/// How many declarations one call loads. The hub answers at its end, and its answer must come in time.
const CALL_DECLARATIONS: usize = 5_000;

/// What became of a load.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// How many are open now that were not, or have new terms.
    pub opened: u64,
    /// How many were open with the same terms.
    pub unchanged: u64,
    /// How many were rejected.
    pub rejected: u64,
    /// The first of these, at most 1,000, each with its number in the load, from 0.
    pub rejections: Vec<LoadRejection>,
}

/// How many rejections are kept.
const REJECTIONS_MAX: usize = 1_000;

/// Opens dossiers (`DossierService.Load`), a few thousand in a call. A call that fails is made again, as `policy` says: what
/// it opened already is unchanged then.
///
/// # Errors
///
/// [`Refused`] by the hub, or it failed. What was loaded before stays so, and may be loaded again.
pub async fn load_dossiers(
    connection: &Connection,
    case_reference: &str,
    declarations: impl Stream<Item = Declaration>,
    policy: &RetryPolicy,
) -> Result<Loaded, Refused> {
    let mut loaded = Loaded::default();
    let mut calls = std::pin::pin!(declarations.chunks(CALL_DECLARATIONS));
    while let Some(declarations) = calls.next().await {
        let messages: Vec<LoadRequest> = declarations
            .chunks(MESSAGE_DECLARATIONS)
            .map(|some| LoadRequest { declarations: some.to_vec(), case_reference: case_reference.to_owned() })
            .collect();
        loaded.add(call(connection, &messages, policy).await?);
    }
    Ok(loaded)
}

async fn call(
    connection: &Connection,
    messages: &[LoadRequest],
    policy: &RetryPolicy,
) -> Result<LoadResponse, Refused> {
    let mut attempt = 1;
    loop {
        let refused = match connection.dossier().load(futures::stream::iter(messages.to_vec())).await {
            Ok(answer) => return Ok(answer.into_inner()),
            Err(status) => Refused::from_status(&status),
        };
        let Some(wait) = policy.wait(attempt, &refused) else { return Err(refused) };
        tokio::time::sleep(wait).await;
        attempt += 1;
    }
}

impl Loaded {
    /// Adds what became of the declarations that follow.
    fn add(&mut self, answer: LoadResponse) {
        let LoadResponse { opened, unchanged, rejected, rejections } = answer;
        let before = self.opened + self.unchanged + self.rejected;
        let room = REJECTIONS_MAX.saturating_sub(self.rejections.len());
        let numbered = |rejection: LoadRejection| LoadRejection { index: before + rejection.index, ..rejection };
        self.rejections.extend(rejections.into_iter().take(room).map(numbered));
        self.opened += opened;
        self.unchanged += unchanged;
        self.rejected += rejected;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rejections_of_later_calls_keep_their_number_in_the_load() {
        let rejection = |index| LoadRejection { index, ..LoadRejection::default() };
        let answer = |rejections: Vec<LoadRejection>| LoadResponse {
            opened: 3,
            unchanged: 1,
            rejected: rejections.len() as u64,
            rejections,
        };
        let mut loaded = Loaded::default();
        loaded.add(answer(vec![rejection(5)]));
        loaded.add(answer(vec![rejection(0), rejection(2)]));
        let numbers: Vec<u64> = loaded.rejections.iter().map(|rejection| rejection.index).collect();
        assert_eq!(numbers, [5, 5, 7]);
        assert_eq!((loaded.opened, loaded.unchanged, loaded.rejected), (6, 2, 3));
        loaded.add(answer((0..2_000).map(rejection).collect()));
        assert_eq!((loaded.rejections.len(), loaded.rejected), (REJECTIONS_MAX, 2_003));
    }
}
