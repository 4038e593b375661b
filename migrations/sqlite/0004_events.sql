-- Events, the subscriptions that are told of them, and the dossiers that say about whom.

-- What a revision was to the record before it: created, revised, corrected or ended; unknown for the earlier ones.
ALTER TABLE revision ADD COLUMN change INTEGER;

-- The heads of the log of events, one row a partition. `newest_at` is when the newest event was recorded; the next is
-- not recorded before it. `forgotten` is how far it was forgotten because it was old.
CREATE TABLE event_partition (
    partition INTEGER PRIMARY KEY,
    head      INTEGER NOT NULL,
    forgotten INTEGER NOT NULL,
    newest_at INTEGER
) STRICT;
INSERT INTO event_partition (partition, head, forgotten) VALUES
    (0, 0, 0), (1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 0), (6, 0, 0), (7, 0, 0),
    (8, 0, 0), (9, 0, 0), (10, 0, 0), (11, 0, 0), (12, 0, 0), (13, 0, 0), (14, 0, 0), (15, 0, 0);

-- One row a change worth telling. `about` is whether the publication was about a person (1) or a company (2); `changed` are
-- the numbers of the top-level fields that changed, as varints.
CREATE TABLE event (
    partition   INTEGER NOT NULL,
    position    INTEGER NOT NULL,
    id          BLOB    NOT NULL,
    subject     BLOB    NOT NULL REFERENCES subject (id),
    about       INTEGER NOT NULL,
    dataset     TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    record      BLOB    NOT NULL,
    revision    INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    changed     BLOB    NOT NULL,
    recorded_at INTEGER NOT NULL,
    traceparent TEXT,
    PRIMARY KEY (partition, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX event_by_id ON event (id);
-- A page of what a subscription may be told is found in this index alone.
CREATE INDEX event_by_dataset ON event (dataset, provider, partition, position, recorded_at);
CREATE INDEX event_by_time ON event (partition, recorded_at, position);
CREATE INDEX event_by_subject ON event (subject);

-- Who is told of what. `kinds` is a byte for each kind, `fields` are names with a comma between them; none at all means
-- all.
CREATE TABLE subscription (
    id               BLOB    PRIMARY KEY,
    agency           TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    agreement        TEXT    NOT NULL,
    kinds            BLOB    NOT NULL,
    fields           TEXT    NOT NULL,
    whole_population INTEGER NOT NULL,
    state            INTEGER NOT NULL,
    retention_days   INTEGER NOT NULL,
    redelivery       INTEGER NOT NULL,
    attempts_max     INTEGER NOT NULL,
    created_at       INTEGER NOT NULL,
    deleted_at       INTEGER
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX subscription_by_name ON subscription (agency, name) WHERE deleted_at IS NULL;

-- How far a subscription is: what was acknowledged and what was told, a position of 8 bytes for each partition. `telling`
-- is the number of the last telling, `void_through` that of the last one whose cursor means nothing any more, `set_back_at`
-- that of the last one before it was set back. Who receives is known to the one process that there is.
CREATE TABLE subscription_cursor (
    subscription BLOB    PRIMARY KEY REFERENCES subscription (id),
    version      INTEGER NOT NULL,
    acknowledged BLOB    NOT NULL CHECK (length(acknowledged) = 128),
    delivered    BLOB    NOT NULL CHECK (length(delivered) = 128),
    telling      INTEGER NOT NULL,
    void_through INTEGER NOT NULL,
    set_back_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Events that were told more than once, or rejected; of the others there is no row. `rejected` is why, in a code.
CREATE TABLE delivery_attempt (
    subscription BLOB    NOT NULL REFERENCES subscription (id),
    partition    INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    attempts     INTEGER NOT NULL,
    last_at      INTEGER NOT NULL,
    rejected     TEXT,
    PRIMARY KEY (subscription, partition, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_attempt_by_event ON delivery_attempt (partition, position);

-- Events that a subscriber did not take. `cause` is 1 for nobody acknowledged it, 2 for it was rejected as often as it may
-- be told, and 3 for it was rejected for good; `rejected` is why, in a code. A replay is asked for first, and done when the
-- event was acknowledged.
CREATE TABLE dead_letter (
    subscription BLOB    NOT NULL REFERENCES subscription (id),
    partition    INTEGER NOT NULL,
    position     INTEGER NOT NULL,
    event        BLOB    NOT NULL,
    subject      BLOB    NOT NULL REFERENCES subject (id),
    attempts     INTEGER NOT NULL,
    cause        INTEGER NOT NULL,
    rejected     TEXT,
    at           INTEGER NOT NULL,
    asked_at     INTEGER,
    replayed_at  INTEGER,
    PRIMARY KEY (subscription, partition, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letter_by_event ON dead_letter (partition, position);
CREATE INDEX dead_letter_by_subject ON dead_letter (subject);

-- The files that agencies say they have open; the newest state of each only. `reason` names nobody.
CREATE TABLE dossier (
    agency    TEXT    NOT NULL,
    subject   BLOB    NOT NULL REFERENCES subject (id),
    reason    TEXT    NOT NULL,
    opened_at INTEGER NOT NULL,
    until     INTEGER NOT NULL,
    closed_at INTEGER,
    PRIMARY KEY (agency, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX dossier_by_subject ON dossier (subject);
