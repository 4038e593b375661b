//! Being woken when another node changed what is in force.

use crate::{error::Error, postgres};

/// Hears what other nodes say. It carries no data: whoever wakes looks at the database.
#[derive(Debug)]
pub struct Wakes(pub(crate) postgres::Wakes);

impl Wakes {
    /// Returns when another node may have changed what is in force. While the server is away it returns now and then,
    /// because something may have been missed.
    ///
    /// # Errors
    /// The server cannot be reached; the next call tries again.
    pub async fn next(&mut self) -> Result<(), Error> {
        self.0.next().await
    }
}
