//! `LISTEN` and `NOTIFY`: they wake, and carry nothing.

use sqlx::{PgPool, postgres::PgListener};

use super::Transaction;
use crate::error::{Doing, Error};

/// The channel on which nodes say that something in force has changed.
const CHANNEL: &str = "unefois_authority";
const NOTIFY: &str = "NOTIFY unefois_authority";

/// Hears what other nodes say.
#[derive(Debug)]
pub(crate) struct Wakes {
    listener: PgListener,
}

impl Wakes {
    pub(super) async fn listen(pool: &PgPool) -> Result<Self, Error> {
        let mut listener = PgListener::connect_with(pool).await.doing("listen to other nodes")?;
        listener.listen(CHANNEL).await.doing("listen to other nodes")?;
        Ok(Self { listener })
    }

    pub(crate) async fn next(&mut self) -> Result<(), Error> {
        // `None` is a connection that was lost and made again: what was said in between was not heard.
        self.listener.try_recv().await.map(drop).doing("listen to other nodes")
    }
}

impl Transaction<'_> {
    /// Wakes the other nodes when this transaction commits.
    pub(super) async fn wake_in_tx(&mut self) -> Result<(), Error> {
        sqlx::query(NOTIFY).execute(self.connection()).await.doing("wake other nodes").map(drop)
    }
}
