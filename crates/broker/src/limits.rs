//! Every limit of the hub, by name.

use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::{Deserialize, Serialize};

/// The limits of the use cases. Over one of them the caller gets `OVERLOADED`, `ARGUMENT_TOO_LONG` or
/// `DEADLINE_EXCEEDED`, never a slow death.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// How many exchanges may be under way. One that comes then is refused before any work is done for it: those that
    /// were let in keep the processor.
    pub exchanges_max: usize,
    /// How many of them may be about datasets with documents: each takes the memory of some copies of its document.
    pub document_exchanges_max: usize,
    /// How many more may wait until one of these has ended.
    pub exchanges_waiting_max: usize,
    /// How long each of them waits.
    #[serde(with = "duration")]
    pub exchange_wait_max: Duration,
    /// How many entries may wait for the recorder.
    pub recorder_queue_max: usize,
    /// How many entries one batch may hold.
    pub recorder_batch_max: usize,
    /// How many acts other than exchanges may wait for the recorder.
    pub act_queue_max: usize,
    /// How many of them, deliveries and publications, share a commit.
    pub acts_together_max: usize,
    /// How long a write may not come further before the hub is not ready and sheds new work.
    #[serde(with = "duration")]
    pub commit_stall_max: Duration,
    /// How long a caller waits for a commit before it is told that the outcome is unknown.
    #[serde(with = "duration")]
    pub commit_wait_max: Duration,
    /// How many point reads may wait for the loader.
    pub loader_queue_max: usize,
    /// How many point reads one trip to the store may answer.
    pub loader_batch_max: usize,
    /// How many such trips there may be at once on PostgreSQL; on SQLite one thread reads.
    pub loader_queries_max: usize,
    /// How many entries wait in memory to be indexed; those for which there is no room are read from the store again.
    pub index_feed_max: usize,
    /// How many entries may be recorded but not indexed before exchanges are shed.
    pub index_tail_max: u64,
    /// How many entries the index follower takes in one slice.
    pub index_slice_max: u32,
    /// How long entries gather before they are indexed, unless they fill a slice.
    #[serde(with = "duration")]
    pub index_every: Duration,
    /// How many records one publication batch may hold.
    pub publish_batch_max: usize,
    /// How many bytes of records fill a publication batch, however few they are.
    pub publish_batch_bytes_max: usize,
    /// How many identifiers fill a publication batch: on PostgreSQL each is a lock until its commit.
    pub publish_batch_identifiers_max: usize,
    /// How many identifiers a batch may have for others behind it to share its commit.
    pub publish_together_identifiers_max: usize,
    /// How many identifiers one publication may give of its subject.
    pub publish_identifiers_max: usize,
    /// How large one record may be, without its document.
    pub record_size_bytes_max: usize,
    /// How large a document in a record may be.
    pub document_size_bytes_max: usize,
    /// How long a reference of a caller may be, in characters.
    pub reference_length_max: usize,
    /// How long a `publication_id` may be, in characters.
    pub publication_id_length_max: usize,
    /// How long a request may take when its caller names no deadline.
    #[serde(with = "duration")]
    pub deadline_default: Duration,
    /// How long a request may take, whatever its caller says.
    #[serde(with = "duration")]
    pub deadline_max: Duration,
    /// How long a `request_id` is remembered.
    #[serde(with = "duration")]
    pub request_id_kept: Duration,
    /// How long events are kept for a replay, whoever acknowledged them. What a subscription has not acknowledged is kept
    /// for as long as its own terms say.
    #[serde(with = "duration")]
    pub events_kept: Duration,
    /// How much is forgotten in one slice, between two batches.
    pub forget_slice_max: u32,
    /// How often what need not be remembered is forgotten.
    #[serde(with = "duration")]
    pub housekeeping_every: Duration,
    /// How often a node looks for what other nodes changed, beside being woken.
    #[serde(with = "duration")]
    pub catch_up_every: Duration,
    /// How often an act is tried in all when another node is in its way.
    pub act_tries_max: u32,
    /// How many keys are held open in memory.
    pub key_cache_max: usize,
    /// How many subjects are remembered in memory.
    pub subject_cache_max: usize,
    /// How many entries a page of a search may hold.
    pub search_page_max: u32,
    /// How many entries one message of an export holds.
    pub export_chunk_entries: u32,
    /// How large a registry file may be.
    pub registry_file_bytes_max: usize,
    /// How many consents one listing gives.
    pub consents_list_max: u32,
    /// How many days ahead the last day of a dossier may lie.
    pub dossier_days_max: u16,
    /// How many dossiers one transaction opens: on PostgreSQL each is a lock until its commit.
    pub dossier_slice_max: usize,
    /// How many events a receiver may have unacknowledged.
    pub delivery_window_max: usize,
    /// How many events the hub holds in memory for one receiver, told or to be told; at least the largest window.
    pub delivery_desk_max: usize,
    /// How many events are decided and recorded at once for one receiver; one, where each may hold a document.
    pub delivery_turn_max: usize,
    /// For how many receivers that is done at the same time; the others wait.
    pub delivery_turns_max: usize,
    /// After how many bytes of records an answer is full to those who fetch.
    pub delivery_fetch_bytes_max: usize,
    /// How many events are read at once for one receiver.
    pub delivery_page_max: u32,
    /// How many bytes of what this node published last the hub holds in memory, sealed, for all receivers.
    pub delivery_tail_bytes_max: usize,
    /// How long an event waits after its first rejection; twice as long after each further one.
    #[serde(with = "duration")]
    pub delivery_backoff: Duration,
    /// How long what a receiver acknowledged waits to be written with what it is told next.
    #[serde(with = "duration")]
    pub delivery_settle_every: Duration,
    /// How often a receiver's cursor is written when what was published did not concern it.
    #[serde(with = "duration")]
    pub delivery_pass_every: Duration,
    /// How often is looked whether a connected receiver's subscription was paused or changed, or may go on.
    #[serde(with = "duration")]
    pub delivery_look_every: Duration,
    /// How long a subscription stays a receiver's whose node says nothing more.
    #[serde(with = "duration")]
    pub receiver_lease: Duration,
    /// How many subscriptions an agency may have.
    pub subscriptions_max: u64,
    /// Up to how many events that are still to be told are counted; of more an upper bound is shown.
    pub subscription_lag_counted_max: u32,
    /// How often every subscription is looked at for the metrics.
    #[serde(with = "duration")]
    pub subscription_watch_every: Duration,
    /// Of how many subscriptions the metrics tell.
    pub subscriptions_watched_max: usize,
    /// For how many days what was not acknowledged is kept for a subscription that does not say.
    pub subscription_retention_days: u16,
    /// For how many days it may be kept.
    pub subscription_retention_days_max: u16,
    /// After how long without an acknowledgement an event is told again to a subscription that does not say.
    #[serde(with = "duration")]
    pub subscription_redelivery_after: Duration,
    /// The least that this may be.
    #[serde(with = "duration")]
    pub subscription_redelivery_after_min: Duration,
    /// The most that this may be.
    #[serde(with = "duration")]
    pub subscription_redelivery_after_max: Duration,
    /// After how many attempts an event becomes a dead letter for a subscription that does not say.
    pub subscription_attempts: u32,
    /// The most attempts.
    pub subscription_attempts_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            exchanges_max: 1024,
            document_exchanges_max: 64,
            exchanges_waiting_max: 16_384,
            exchange_wait_max: Duration::from_secs(2),
            recorder_queue_max: 4096,
            recorder_batch_max: 512,
            act_queue_max: 256,
            acts_together_max: 64,
            commit_stall_max: Duration::from_millis(500),
            commit_wait_max: Duration::from_secs(5),
            loader_queue_max: 4096,
            loader_batch_max: 256,
            loader_queries_max: 2,
            index_tail_max: 100_000,
            index_feed_max: 10_000,
            index_slice_max: 2_000,
            index_every: Duration::from_millis(100),
            publish_batch_max: 500,
            publish_batch_bytes_max: 16 * 1024 * 1024,
            publish_batch_identifiers_max: 1_000,
            publish_together_identifiers_max: 16,
            publish_identifiers_max: 8,
            record_size_bytes_max: 64 * 1024,
            document_size_bytes_max: 8 * 1024 * 1024,
            reference_length_max: 200,
            publication_id_length_max: 64,
            deadline_default: Duration::from_secs(10),
            deadline_max: Duration::from_secs(60),
            request_id_kept: Duration::from_secs(24 * 60 * 60),
            events_kept: Duration::from_secs(7 * 24 * 60 * 60),
            forget_slice_max: 1_000,
            housekeeping_every: Duration::from_secs(10 * 60),
            catch_up_every: Duration::from_millis(500),
            act_tries_max: 10,
            key_cache_max: 100_000,
            subject_cache_max: 100_000,
            search_page_max: 500,
            export_chunk_entries: 256,
            registry_file_bytes_max: 4 * 1024 * 1024,
            consents_list_max: 1_000,
            dossier_days_max: 3 * 366,
            dossier_slice_max: 500,
            delivery_window_max: 1_000,
            delivery_desk_max: 2_000,
            delivery_turn_max: 64,
            delivery_turns_max: 64,
            delivery_fetch_bytes_max: 1 << 20,
            delivery_page_max: 256,
            delivery_tail_bytes_max: 16 << 20,
            delivery_backoff: Duration::from_secs(1),
            delivery_settle_every: Duration::from_millis(50),
            delivery_pass_every: Duration::from_secs(1),
            delivery_look_every: Duration::from_secs(1),
            receiver_lease: Duration::from_secs(15),
            subscriptions_max: 100,
            subscription_lag_counted_max: 10_000,
            subscription_watch_every: Duration::from_secs(30),
            subscriptions_watched_max: 1_000,
            subscription_retention_days: 30,
            subscription_retention_days_max: 90,
            subscription_redelivery_after: Duration::from_secs(30),
            subscription_redelivery_after_min: Duration::from_secs(1),
            subscription_redelivery_after_max: Duration::from_secs(24 * 60 * 60),
            subscription_attempts: 5,
            subscription_attempts_max: 100,
        }
    }
}
