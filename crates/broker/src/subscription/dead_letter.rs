//! Dead letters: listed, and told again when somebody asks for it.

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::oneshot;
use unefois_core::{
    Caller, DeadLetterCause, EventId, Partition, Place as EventPlace, Position, Reason, Subscription, SubscriptionId,
};
use unefois_store::{DeadLetterRow, Transaction};
use uuid::Uuid;

use super::entry;
use crate::{
    entry::{Placed, single_id},
    failure::Failure,
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
    token::{InvalidToken, TokenOf},
};

/// A dead letter, as its agency sees it.
#[derive(Debug, Clone)]
pub struct ListedDeadLetter {
    /// The event.
    pub event: EventId,
    /// How many attempts were made.
    pub attempts: u32,
    /// Why it became one.
    pub cause: DeadLetterCause,
    /// When it became one.
    pub dead_at: Timestamp,
    /// When its replay was last asked for.
    pub replayed_at: Option<Timestamp>,
}

impl Hub {
    /// The dead letters of the caller's subscription, oldest first, and the token of the next page.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN`; `PAGE_TOKEN_INVALID` for a token of another listing.
    pub async fn dead_letters_list(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        page_size: u32,
        page_token: &str,
    ) -> Result<(Vec<ListedDeadLetter>, String), Failure> {
        self.subscription_of(caller, id).await?;
        let agency = caller.agency.as_str();
        let of = TokenOf { kind: "page of dead letters", agency, context: id.0.as_bytes() };
        let after = if page_token.is_empty() {
            None
        } else {
            let mark = of.read(&self.pseudonyms, page_token).and_then(|bytes| mark_of(&bytes));
            Some(mark.map_err(|_invalid| Failure::new(Reason::PageTokenInvalid))?)
        };
        // One more than the page holds: whether there is a next one.
        let mut rows = self.store.dead_letters_list(id, after, page_size.saturating_add(1)).await?;
        let is_last = rows.len() <= page_size as usize;
        rows.truncate(page_size as usize);
        let next = match rows.last() {
            Some(last) if !is_last => of.sign(&self.pseudonyms, &mark_bytes(last)),
            Some(_) | None => String::new(),
        };
        Ok((rows.into_iter().map(listed).collect::<Result<_, _>>()?, next))
    }

    /// Tells a dead letter of the caller's subscription again, as if for the first time. Gives the identifier of the entry.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN` or `DEAD_LETTER_UNKNOWN`.
    pub async fn dead_letter_replay(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        event: EventId,
    ) -> Result<Uuid, Failure> {
        let subscription = self.subscription_of(caller, id).await?.subscription;
        let (answer, answered) = oneshot::channel();
        let act = Replay { caller: caller.clone(), subscription, event, answer: Some(answer) };
        self.recorder.perform(Box::new(act), answered).await
    }
}

fn listed(row: DeadLetterRow) -> Result<ListedDeadLetter, Failure> {
    let DeadLetterRow { letter, at, asked_at, replayed_at: _ } = row;
    let instant = |micros| Timestamp::from_microsecond(micros).map_err(Failure::internal);
    Ok(ListedDeadLetter {
        event: letter.event,
        attempts: letter.attempts,
        cause: letter.cause,
        dead_at: instant(at)?,
        replayed_at: asked_at.map(instant).transpose()?,
    })
}

/// Where a page ends: an instant, a partition, and the position in it.
fn mark_bytes(row: &DeadLetterRow) -> Vec<u8> {
    let EventPlace { partition, position } = row.letter.place;
    [row.at.to_be_bytes(), (partition.number() as u64).to_be_bytes(), position.0.to_be_bytes()].concat()
}

fn mark_of(bytes: &[u8]) -> Result<(i64, EventPlace), InvalidToken> {
    let numbers: Option<Vec<[u8; 8]>> = bytes.chunks(8).map(|chunk| chunk.try_into().ok()).collect();
    let [at, partition, position] = numbers.ok_or(InvalidToken)?.try_into().map_err(|_count| InvalidToken)?;
    let partition = usize::try_from(u64::from_be_bytes(partition)).ok().and_then(Partition::numbered);
    let position = Position(u64::from_be_bytes(position));
    Ok((i64::from_be_bytes(at), EventPlace { partition: partition.ok_or(InvalidToken)?, position }))
}

struct Replay {
    caller: Caller,
    subscription: Subscription,
    event: EventId,
    answer: Option<oneshot::Sender<Result<Uuid, Failure>>>,
}

impl Act for Replay {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            let (id, now) = (self.subscription.id, place.now.as_microsecond());
            let Some(_asked) = tx.dead_letter_replay_in_tx(id, self.event, now).await? else {
                return Err(Failure::new(Reason::DeadLetterUnknown));
            };
            let entry = entry(&self.caller, &self.subscription, "replay", None);
            Ok(Performed { entries: vec![entry], effect: Effect::Keeps })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(single_id(outcome));
        }
    }
}
