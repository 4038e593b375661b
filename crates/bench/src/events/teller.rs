//! The rows: the servers that tell events, measured beside one another.

use crate::report::Label;

/// A kind of server that tells events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Teller {
    /// The hub as it is shipped, on its embedded store.
    #[value(name = "unefois/sqlite")]
    UnefoisSqlite,
    /// The hub as it is shipped, on PostgreSQL.
    #[value(name = "unefois/postgres")]
    UnefoisPostgres,
    /// NATS JetStream: a stream in a file, written to the disk before it is confirmed, and durable consumers.
    #[value(name = "nats")]
    Nats,
    /// RabbitMQ: a quorum queue for each subscription, publisher confirms, and manual acknowledgements.
    #[value(name = "rabbitmq")]
    Rabbitmq,
}

impl Teller {
    /// As it stands in the figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::UnefoisSqlite => "unefois/sqlite",
            Self::UnefoisPostgres => "unefois/postgres",
            Self::Nats => "nats",
            Self::Rabbitmq => "rabbitmq",
        }
    }

    /// Whether it is the hub that is measured.
    pub(crate) fn is_hub(self) -> bool {
        match self {
            Self::UnefoisSqlite | Self::UnefoisPostgres => true,
            Self::Nats | Self::Rabbitmq => false,
        }
    }
}

impl From<Teller> for Label {
    fn from(teller: Teller) -> Self {
        let is_on_postgres = match teller {
            Teller::UnefoisPostgres => true,
            Teller::UnefoisSqlite | Teller::Nats | Teller::Rabbitmq => false,
        };
        Self { name: teller.name(), is_on_postgres }
    }
}
