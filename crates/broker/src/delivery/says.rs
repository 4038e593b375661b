//! What a receiver says: its window, what it has, and what it cannot take.

use tokio::sync::mpsc;
use unefois_core::{Caller, EventId, Rejection, SubscriptionId};

use super::receiver::Said;
use crate::{failure::Failure, hub::Hub, subscription::cursor_of_text};

/// By which a receiver says something.
#[derive(Debug, Clone)]
pub struct Says {
    pub(super) hub: Hub,
    pub(super) caller: Caller,
    pub(super) subscription: SubscriptionId,
    /// In boxes: the channel holds room for many, and they are rare.
    pub(super) said: mpsc::Sender<Box<Said>>,
}

impl Says {
    /// Wants another window from now on.
    ///
    /// # Errors
    /// It is outside the limit.
    pub async fn window(&self, asked: u32) -> Result<(), Failure> {
        let window = self.hub.window(asked)?;
        self.says(Said::Window(window)).await;
        Ok(())
    }

    /// Has everything that was told up to this cursor.
    ///
    /// # Errors
    /// `CURSOR_INVALID`.
    pub async fn acknowledge(&self, up_to: &str) -> Result<(), Failure> {
        let agency = self.caller.agency.as_str();
        let cursor = cursor_of_text(&self.hub.pseudonyms, agency, self.subscription, up_to)?;
        self.says(Said::Acknowledge(cursor)).await;
        Ok(())
    }

    /// Cannot take an event. One that it was never told ends the receiver.
    pub async fn reject(&self, event: EventId, rejection: Rejection) {
        self.says(Said::Reject(event, rejection)).await;
    }

    /// Where the receiver has ended, what it was told last says why.
    async fn says(&self, said: Said) {
        let _ended = self.said.send(Box::new(said)).await;
    }
}
