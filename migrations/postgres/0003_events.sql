-- Events, the subscriptions that are told of them, and the dossiers that say about whom.

-- What a revision was to the record before it: created, revised, corrected or ended; unknown for the earlier ones.
ALTER TABLE revision ADD COLUMN change smallint;

-- The heads of the log of events, one row a partition. A publication raises them as its last act, in ascending order,
-- and holds them until it commits: within a partition the order of commits is that of positions. These rows are written
-- with every publication, so their pages keep room for newer versions of them. `newest_at` is when the newest event was
-- recorded; the next is not recorded before it.
CREATE TABLE event_partition (
    partition smallint    PRIMARY KEY CHECK (partition BETWEEN 0 AND 15),
    head      bigint      NOT NULL CHECK (head >= 0),
    newest_at timestamptz
) WITH (fillfactor = 10);
INSERT INTO event_partition (partition, head) SELECT partition, 0 FROM generate_series(0, 15) AS partition;

-- How far each partition was forgotten because it was old: beside the heads, which publications hold.
CREATE TABLE event_forgotten (
    partition smallint PRIMARY KEY CHECK (partition BETWEEN 0 AND 15),
    position  bigint   NOT NULL
) WITH (fillfactor = 10);

-- One row a change worth telling. `about` is whether the publication was about a person (1) or a company (2); `changed` are
-- the numbers of the top-level fields that changed, as varints.
CREATE TABLE event (
    partition   smallint    NOT NULL,
    position    bigint      NOT NULL,
    id          uuid        NOT NULL CONSTRAINT event_by_id UNIQUE,
    subject     uuid        NOT NULL REFERENCES subject (id),
    about       smallint    NOT NULL,
    dataset     text        NOT NULL,
    provider    text        NOT NULL,
    record      uuid        NOT NULL,
    revision    bigint      NOT NULL,
    kind        smallint    NOT NULL,
    changed     bytea       NOT NULL,
    recorded_at timestamptz NOT NULL,
    traceparent text,
    PRIMARY KEY (partition, position)
);
-- A page of what a subscription may be told is found in this index alone.
CREATE INDEX event_by_dataset ON event (dataset, provider, partition, position) INCLUDE (recorded_at);
CREATE INDEX event_by_time ON event (partition, recorded_at, position);
CREATE INDEX event_by_subject ON event (subject);

-- Who is told of what. `kinds` is a byte for each kind, `fields` are names with a comma between them; none at all means
-- all.
CREATE TABLE subscription (
    id               uuid        PRIMARY KEY,
    agency           text        NOT NULL,
    name             text        NOT NULL,
    agreement        text        NOT NULL,
    kinds            bytea       NOT NULL,
    fields           text        NOT NULL,
    whole_population boolean     NOT NULL,
    state            smallint    NOT NULL,
    retention_days   integer     NOT NULL,
    redelivery       bigint      NOT NULL,
    attempts_max     integer     NOT NULL,
    created_at       timestamptz NOT NULL,
    deleted_at       timestamptz
);
CREATE UNIQUE INDEX subscription_by_name ON subscription (agency COLLATE "C", name COLLATE "C") WHERE deleted_at IS NULL;

-- How far a subscription is: what was acknowledged and what was told, a position for each partition. `telling` is the
-- number of the last telling, `void_through` that of the last one whose cursor means nothing any more, `set_back_at` that
-- of the last one before it was set back. Written with every delivery.
CREATE TABLE subscription_cursor (
    subscription   uuid        PRIMARY KEY REFERENCES subscription (id),
    version        bigint      NOT NULL,
    acknowledged   bigint[]    NOT NULL CHECK (cardinality(acknowledged) = 16),
    delivered      bigint[]    NOT NULL CHECK (cardinality(delivered) = 16),
    telling        bigint      NOT NULL,
    void_through   bigint      NOT NULL,
    set_back_at    bigint      NOT NULL,
    receiver       uuid,
    receiver_until timestamptz
) WITH (fillfactor = 50);

-- Events that were told more than once, or rejected; of the others there is no row. `rejected` is why, in a code.
CREATE TABLE delivery_attempt (
    subscription uuid        NOT NULL REFERENCES subscription (id),
    partition    smallint    NOT NULL,
    position     bigint      NOT NULL,
    attempts     integer     NOT NULL,
    last_at      timestamptz NOT NULL,
    rejected     text,
    PRIMARY KEY (subscription, partition, position)
);
CREATE INDEX delivery_attempt_by_event ON delivery_attempt (partition, position);

-- Events that a subscriber did not take. `cause` is 1 for nobody acknowledged it, 2 for it was rejected as often as it may
-- be told, and 3 for it was rejected for good; `rejected` is why, in a code. A replay is asked for first, and done when the
-- event was acknowledged.
CREATE TABLE dead_letter (
    subscription uuid        NOT NULL REFERENCES subscription (id),
    partition    smallint    NOT NULL,
    position     bigint      NOT NULL,
    event        uuid        NOT NULL,
    subject      uuid        NOT NULL REFERENCES subject (id),
    attempts     integer     NOT NULL,
    cause        smallint    NOT NULL,
    rejected     text,
    at           timestamptz NOT NULL,
    asked_at     timestamptz,
    replayed_at  timestamptz,
    PRIMARY KEY (subscription, partition, position)
);
CREATE INDEX dead_letter_by_event ON dead_letter (partition, position);
CREATE INDEX dead_letter_by_subject ON dead_letter (subject);

-- The files that agencies say they have open; the newest state of each only. `reason` names nobody.
CREATE TABLE dossier (
    agency    text        NOT NULL,
    subject   uuid        NOT NULL REFERENCES subject (id),
    reason    text        NOT NULL,
    opened_at timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    closed_at timestamptz,
    PRIMARY KEY (agency, subject)
);
CREATE INDEX dossier_by_subject ON dossier (subject);
