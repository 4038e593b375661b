//! `unefois subscriptions` and `unefois subscribe`.

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum SubscriptionCommand {
    /// List the subscriptions, and how each does.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Subscribe to what is published from now on.
    Create(CreateOptions),
    /// Show one subscription, and how it does.
    Show {
        /// Its name or identifier.
        subscription: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell it nothing until it is resumed.
    Pause {
        /// Its name or identifier.
        subscription: String,
    },
    /// Go on where it was.
    Resume {
        /// Its name or identifier.
        subscription: String,
    },
    /// Tell it nothing ever again.
    Delete {
        /// Its name or identifier.
        subscription: String,
    },
    /// List what was told as often as its terms say, and never acknowledged, or rejected.
    DeadLetters {
        /// Its name or identifier.
        subscription: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Tell a dead letter again, as if for the first time.
    Replay {
        /// The name or identifier of the subscription.
        subscription: String,
        /// The event.
        event: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct CreateOptions {
    /// Its name: `a-z 0-9 -`, at most 4 of them digits.
    pub(crate) name: String,
    /// The agreement, whose operations include `push`.
    #[arg(long)]
    pub(crate) agreement: String,
    /// A kind of events to be told; again for more. Without any: all kinds.
    #[arg(long = "kind", value_enum)]
    pub(crate) kinds: Vec<EventKindArgument>,
    /// A field whose changes matter; again for more. Without any: all that are granted.
    #[arg(long = "field", value_name = "FIELD")]
    pub(crate) fields: Vec<String>,
    /// Be told about everybody, where the agreement grants it, and not only where a dossier is open.
    #[arg(long)]
    pub(crate) whole_population: bool,
    /// For how many days what was not acknowledged is kept; without it, as the hub is configured.
    #[arg(long, value_name = "DAYS")]
    pub(crate) retention_days: Option<u32>,
    /// After how many seconds without an acknowledgement an event is told again; without it, as the hub is configured.
    #[arg(long, value_name = "SECONDS")]
    pub(crate) redelivery_after: Option<u32>,
    /// After how many attempts an event becomes a dead letter; without it, as the hub is configured.
    #[arg(long, value_name = "COUNT")]
    pub(crate) attempts_max: Option<u32>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventKindArgument {
    /// The first revision of a record.
    Created,
    /// A new revision.
    Revised,
    /// A new revision that says that the one before it was wrong.
    Corrected,
    /// What a record states has ended.
    Ended,
}

#[derive(Debug, Args)]
pub(crate) struct SubscribeOptions {
    /// The name or identifier of the subscription.
    pub(crate) subscription: String,
    /// Acknowledge each event once it is printed. Without it, all are told again to whoever comes next.
    #[arg(long)]
    pub(crate) ack: bool,
    /// End after so many events; without it, when it is interrupted.
    #[arg(long, value_name = "COUNT")]
    pub(crate) count: Option<u64>,
    /// How many events may be told and not acknowledged.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    pub(crate) window: u32,
    /// Begin after this cursor (the `sequence` of an event), and set the subscription to it for good.
    #[arg(long, value_name = "CURSOR", conflicts_with = "since")]
    pub(crate) from: Option<String>,
    /// Begin with what was recorded at this instant or later, and set the subscription to it for good.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) since: Option<jiff::Timestamp>,
    /// Print JSON, one line an event.
    #[arg(long)]
    pub(crate) json: bool,
}
