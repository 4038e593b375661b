-- The first storey: one audited exchange.

-- One row a shard of the ledger. The first write of every batch is a conditional update of this row, and every act
-- that removes authority raises its epoch: this row is the fence.
CREATE TABLE shard (
    slot            INTEGER PRIMARY KEY,
    origin          TEXT    NOT NULL UNIQUE,
    size            INTEGER NOT NULL,
    lease_token     INTEGER NOT NULL,
    authority_epoch INTEGER NOT NULL,
    is_open         INTEGER NOT NULL,
    checkpoint      TEXT    NOT NULL
) STRICT;

-- The entries. `leaf` is what is hashed; `personal_sealed` can be erased without touching it.
CREATE TABLE entry (
    slot            INTEGER NOT NULL,
    idx             INTEGER NOT NULL,
    leaf_hash       BLOB    NOT NULL,
    leaf            BLOB    NOT NULL,
    personal_key    BLOB,
    personal_sealed BLOB,
    PRIMARY KEY (slot, idx)
) STRICT, WITHOUT ROWID;

-- Full tiles of the Merkle tree (C2SP tlog-tiles, height 8) and the root over each; the right edge is rebuilt from
-- leaf hashes and these roots.
CREATE TABLE tile (
    slot   INTEGER NOT NULL,
    level  INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    hashes BLOB    NOT NULL,
    root   BLOB    NOT NULL,
    PRIMARY KEY (slot, level, idx)
) STRICT, WITHOUT ROWID;

-- Subjects. `root` is the subject itself, or the one that it was merged into.
CREATE TABLE subject (
    id         BLOB    PRIMARY KEY,
    root       BLOB    NOT NULL,
    trace_key  BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_by_root ON subject (root);
CREATE UNIQUE INDEX subject_by_trace_key ON subject (trace_key);

-- Identifiers, as keyed pseudonyms.
CREATE TABLE identifier (
    pseudonym BLOB PRIMARY KEY,
    subject   BLOB NOT NULL REFERENCES subject (id)
) STRICT, WITHOUT ROWID;

-- Records: what one provider states about one subject for one key. `selector` and `discriminator` are keyed
-- pseudonyms of the two parts of the natural key.
CREATE TABLE record (
    id            BLOB    PRIMARY KEY,
    subject       BLOB    NOT NULL REFERENCES subject (id),
    dataset       TEXT    NOT NULL,
    provider      TEXT    NOT NULL,
    selector      BLOB    NOT NULL,
    discriminator BLOB    NOT NULL,
    revision      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX record_by_key ON record (subject, dataset, provider, selector, discriminator);

-- Revisions; never updated. `sealed` holds the blind of the commitment and the canonical bytes.
CREATE TABLE revision (
    record               BLOB    NOT NULL REFERENCES record (id),
    number               INTEGER NOT NULL,
    provider_recorded_at INTEGER NOT NULL,
    learned_at           INTEGER NOT NULL,
    payload_key          BLOB    NOT NULL,
    sealed               BLOB    NOT NULL,
    PRIMARY KEY (record, number)
) STRICT, WITHOUT ROWID;

-- Publications by the provider's own identifier; a repeat gets the first acknowledgement.
CREATE TABLE publication (
    agency         TEXT    NOT NULL,
    publication_id TEXT    NOT NULL,
    content        BLOB    NOT NULL,
    dataset        TEXT    NOT NULL,
    record         BLOB    NOT NULL,
    revision       INTEGER NOT NULL,
    kind           INTEGER NOT NULL,
    slot           INTEGER,
    idx            INTEGER,
    item_index     INTEGER NOT NULL,
    item_path      BLOB    NOT NULL,
    published_at   INTEGER NOT NULL,
    PRIMARY KEY (agency, publication_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE consent (
    id              BLOB    PRIMARY KEY,
    subject         BLOB    NOT NULL REFERENCES subject (id),
    consumer        TEXT    NOT NULL,
    dataset         TEXT    NOT NULL,
    purpose         TEXT    NOT NULL,
    granted_by      TEXT    NOT NULL,
    granted_at      INTEGER NOT NULL,
    expires_at      INTEGER,
    withdrawn_at    INTEGER,
    evidence_digest BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX consent_by_subject ON consent (subject);

-- The registry, bitemporal: what was in force at version v is where since <= v and (until is null or until > v).
CREATE TABLE registry_item (
    noun  TEXT    NOT NULL,
    id    TEXT    NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER,
    body  TEXT    NOT NULL,
    PRIMARY KEY (noun, id, since)
) STRICT, WITHOUT ROWID;
CREATE TABLE registry_version (
    version    INTEGER PRIMARY KEY,
    applied_at INTEGER NOT NULL,
    applied_by TEXT    NOT NULL
) STRICT;

-- Request identifiers, claimed in the transaction of the first exchange and kept for 24 hours.
CREATE TABLE request_claim (
    agency         TEXT    NOT NULL,
    request_id     TEXT    NOT NULL,
    content        BLOB    NOT NULL,
    slot           INTEGER NOT NULL,
    idx            INTEGER NOT NULL,
    record         BLOB,
    revision       INTEGER,
    answer_key     BLOB,
    answer_sealed  BLOB,
    claimed_at     INTEGER NOT NULL,
    PRIMARY KEY (agency, request_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX request_claim_by_age ON request_claim (claimed_at);

-- Releases a day (Europe/Paris) and agreement.
CREATE TABLE quota_use (
    agreement TEXT    NOT NULL,
    day       TEXT    NOT NULL,
    used      INTEGER NOT NULL,
    PRIMARY KEY (agreement, day)
) STRICT, WITHOUT ROWID;

-- The search indexes, built by the follower.
CREATE TABLE entry_index (
    slot        INTEGER NOT NULL,
    idx         INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    kind        INTEGER NOT NULL,
    outcome     INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    consumer    TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    local_body  TEXT    NOT NULL,
    dataset     TEXT    NOT NULL,
    purpose     INTEGER NOT NULL,
    PRIMARY KEY (slot, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_index_by_time ON entry_index (recorded_at);
CREATE INDEX entry_index_by_consumer ON entry_index (consumer, dataset);
CREATE INDEX entry_index_by_outcome ON entry_index (outcome, reason);

-- Which entries are about whom, by a pseudonym of its own; erasure deletes these rows.
CREATE TABLE entry_subject (
    search BLOB    NOT NULL,
    slot   INTEGER NOT NULL,
    idx    INTEGER NOT NULL,
    PRIMARY KEY (search, slot, idx)
) STRICT, WITHOUT ROWID;

CREATE TABLE index_position (
    slot INTEGER PRIMARY KEY,
    next INTEGER NOT NULL
) STRICT;
