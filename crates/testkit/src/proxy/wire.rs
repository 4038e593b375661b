//! What a client says to PostgreSQL, as far as it must be understood to know what commits entries: a COMMIT, or outside of
//! a transaction the statement itself ("Frontend/Backend Protocol", "Message Formats").

use std::{collections::HashSet, io};

use tokio::{io::AsyncReadExt, net::tcp::OwnedReadHalf};

/// What the statement that adds entries says.
const ADDS_ENTRIES: &str = "INSERT INTO entry (";
/// The codes that stand where a start-up message has its version: the client asks for TLS, or for GSSAPI.
const ASKS_FOR_ENCRYPTION: [u32; 2] = [80_877_103, 80_877_104];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    CommitOfEntries,
    Else,
}

/// The messages of one client.
pub(super) struct Frontend {
    from: OwnedReadHalf,
    is_started: bool,
    /// The names of prepared statements that add entries.
    adding: HashSet<Vec<u8>>,
    /// What it says is in a transaction of several statements.
    in_transaction: bool,
    /// The transaction in hand has added entries.
    has_added: bool,
}

impl Frontend {
    pub(super) fn new(from: OwnedReadHalf) -> Self {
        Self { from, is_started: false, adding: HashSet::new(), in_transaction: false, has_added: false }
    }

    /// The next message, whole, and what it says. A statement that commits by itself is all its messages, up to the Sync
    /// that has it executed.
    pub(super) async fn next(&mut self) -> io::Result<(Vec<u8>, Said)> {
        let (mut message, said) = self.next_message().await?;
        if said == Said::CommitOfEntries && message[0] == b'B' {
            loop {
                let (more, _) = self.next_message().await?;
                message.extend(&more);
                if more[0] == b'S' {
                    break;
                }
            }
        }
        Ok((message, said))
    }

    async fn next_message(&mut self) -> io::Result<(Vec<u8>, Said)> {
        let mut message = Vec::new();
        if self.is_started {
            message.push(self.from.read_u8().await?);
        }
        let length = self.from.read_u32().await?;
        message.extend(length.to_be_bytes());
        let body = message.len();
        message.resize(body + length as usize - 4, 0);
        self.from.read_exact(&mut message[body..]).await?;
        if !self.is_started {
            let code = message[body..].first_chunk().map(|code| u32::from_be_bytes(*code));
            self.is_started = !code.is_some_and(|code| ASKS_FOR_ENCRYPTION.contains(&code));
            return Ok((message, Said::Else));
        }
        let said = self.understand(message[0], &message[body..]);
        Ok((message, said))
    }

    fn understand(&mut self, kind: u8, body: &[u8]) -> Said {
        let mut words = body.split(|byte| *byte == 0).map(<[u8]>::to_vec);
        let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        match kind {
            // Parse: the name of the statement, and its text.
            b'P' => {
                if String::from_utf8_lossy(&second).contains(ADDS_ENTRIES) {
                    self.adding.insert(first);
                } else {
                    self.adding.remove(&first);
                }
            }
            // Bind: the name of the portal, and that of the statement.
            b'B' if self.adding.contains(&second) => {
                self.has_added = self.in_transaction;
                if !self.in_transaction {
                    return Said::CommitOfEntries;
                }
            }
            // Query: its text.
            b'Q' => {
                self.in_transaction = first.ends_with(b"BEGIN");
                let has_added = std::mem::take(&mut self.has_added);
                if has_added && first.starts_with(b"COMMIT") {
                    return Said::CommitOfEntries;
                }
            }
            _ => {}
        }
        Said::Else
    }
}
