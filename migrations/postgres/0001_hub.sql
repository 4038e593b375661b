-- The hub on PostgreSQL: shared by any number of nodes.

-- Which hub this is. The key store carries the same identifier: two databases of two hubs do not belong together.
CREATE TABLE hub (
    is_the_one boolean PRIMARY KEY DEFAULT true CHECK (is_the_one),
    id         uuid    NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO hub DEFAULT VALUES;

-- One row a shard of the ledger. The first write of every batch is a conditional update of this row, and every act
-- that removes authority raises its epoch: this row is the fence. It is written with every batch, so its page keeps
-- room for newer versions of it.
CREATE TABLE shard (
    slot            integer     PRIMARY KEY CHECK (slot >= 0),
    origin          text        NOT NULL UNIQUE,
    size            bigint      NOT NULL CHECK (size >= 0),
    lease_token     bigint      NOT NULL,
    lease_until     timestamptz NOT NULL,
    authority_epoch bigint      NOT NULL,
    checkpoint      text        NOT NULL
) WITH (fillfactor = 10);

-- The entries. `leaf` is what is hashed; `personal_sealed` can be erased without touching it. Partitioned by shard, so
-- that two nodes do not append to one page of one index.
CREATE TABLE entry (
    slot            integer NOT NULL,
    idx             bigint  NOT NULL,
    leaf_hash       bytea   NOT NULL CHECK (length(leaf_hash) = 32),
    leaf            bytea   NOT NULL,
    personal_key    uuid,
    personal_sealed bytea,
    PRIMARY KEY (slot, idx)
) PARTITION BY HASH (slot);
DO $$
BEGIN
    FOR n IN 0..7 LOOP
        EXECUTE format('CREATE TABLE entry_%s PARTITION OF entry FOR VALUES WITH (MODULUS 8, REMAINDER %s)', n, n);
    END LOOP;
END
$$;

-- Full tiles of the Merkle tree (C2SP tlog-tiles, height 8) and the root over each.
CREATE TABLE tile (
    slot   integer  NOT NULL,
    level  smallint NOT NULL,
    idx    bigint   NOT NULL,
    hashes bytea    NOT NULL,
    root   bytea    NOT NULL CHECK (length(root) = 32),
    PRIMARY KEY (slot, level, idx)
);

-- Subjects. `root` is the subject itself, or the one that it was merged into.
CREATE TABLE subject (
    id         uuid        PRIMARY KEY,
    root       uuid        NOT NULL,
    trace_key  uuid        NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);
CREATE INDEX subject_by_root ON subject (root);

-- Identifiers, as keyed pseudonyms.
CREATE TABLE identifier (
    pseudonym bytea PRIMARY KEY CHECK (length(pseudonym) = 32),
    subject   uuid  NOT NULL REFERENCES subject (id)
);
CREATE INDEX identifier_by_subject ON identifier (subject);

-- Records: what one provider states about one subject for one key. `selector` and `discriminator` are keyed
-- pseudonyms of the two parts of the natural key.
CREATE TABLE record (
    id            uuid   PRIMARY KEY,
    subject       uuid   NOT NULL REFERENCES subject (id),
    dataset       text   NOT NULL,
    provider      text   NOT NULL,
    selector      bytea  NOT NULL,
    discriminator bytea  NOT NULL,
    revision      bigint NOT NULL
);
CREATE UNIQUE INDEX record_by_key ON record (subject, dataset, provider, selector, discriminator);

-- Revisions; never updated. `sealed` holds the blind of the commitment and the canonical bytes. What is sealed cannot be
-- compressed.
CREATE TABLE revision (
    record               uuid        NOT NULL REFERENCES record (id),
    number               bigint      NOT NULL,
    provider_recorded_at timestamptz NOT NULL,
    learned_at           timestamptz NOT NULL,
    payload_key          uuid        NOT NULL,
    sealed               bytea       NOT NULL,
    PRIMARY KEY (record, number)
);
ALTER TABLE revision ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- Publications by the provider's own identifier; a repeat gets the first acknowledgement.
CREATE TABLE publication (
    agency         text        NOT NULL,
    publication_id text        NOT NULL,
    content        bytea       NOT NULL,
    dataset        text        NOT NULL,
    record         uuid        NOT NULL,
    revision       bigint      NOT NULL,
    kind           smallint    NOT NULL,
    slot           integer,
    idx            bigint,
    item_index     integer     NOT NULL,
    item_path      bytea[]     NOT NULL,
    published_at   timestamptz NOT NULL,
    PRIMARY KEY (agency, publication_id)
);
CREATE INDEX publication_by_record ON publication (record);

CREATE TABLE consent (
    id              uuid        PRIMARY KEY,
    subject         uuid        NOT NULL REFERENCES subject (id),
    consumer        text        NOT NULL,
    dataset         text        NOT NULL,
    purpose         text        NOT NULL,
    granted_by      text        NOT NULL,
    granted_at      timestamptz NOT NULL,
    expires_at      timestamptz,
    withdrawn_at    timestamptz,
    evidence_digest bytea       NOT NULL
);
CREATE INDEX consent_by_subject ON consent (subject);

-- The registry, bitemporal: what was in force at version v is where since <= v and (until is null or until > v). The
-- body is text: the ledger holds a digest of its bytes, which `jsonb` would not keep.
CREATE TABLE registry_item (
    noun  text   NOT NULL,
    id    text   NOT NULL,
    since bigint NOT NULL,
    until bigint,
    body  text   NOT NULL,
    PRIMARY KEY (noun, id, since)
);
CREATE UNIQUE INDEX registry_item_in_force ON registry_item (noun, id) WHERE until IS NULL;
CREATE TABLE registry_version (
    version    bigint      PRIMARY KEY,
    applied_at timestamptz NOT NULL,
    applied_by text        NOT NULL
);

-- Request identifiers, claimed in the transaction of the first exchange and kept for 24 hours.
CREATE TABLE request_claim (
    agency        text        NOT NULL,
    request_id    text        NOT NULL,
    content       bytea       NOT NULL,
    slot          integer     NOT NULL,
    idx           bigint      NOT NULL,
    record        uuid,
    revision      bigint,
    answer_key    uuid,
    answer_sealed bytea,
    claimed_at    timestamptz NOT NULL,
    PRIMARY KEY (agency, request_id)
);
CREATE INDEX request_claim_by_age ON request_claim USING brin (claimed_at);

-- Releases a day (Europe/Paris) and agreement: what nodes have set aside of it together, and the share of each shard.
-- A share is spent in the transaction of its releases; what is drawn and not spent is the successor's.
CREATE TABLE quota_use (
    agreement text   NOT NULL,
    day       date   NOT NULL,
    drawn     bigint NOT NULL CHECK (drawn >= 0),
    PRIMARY KEY (agreement, day)
) WITH (fillfactor = 50);
CREATE TABLE quota_share (
    slot      integer NOT NULL,
    agreement text    NOT NULL,
    day       date    NOT NULL,
    drawn     bigint  NOT NULL,
    spent     bigint  NOT NULL CHECK (spent <= drawn),
    PRIMARY KEY (slot, agreement, day)
) WITH (fillfactor = 50);

-- The search indexes, built by the follower of each shard. Partitioned by month: a search names a time more often than
-- not, and what is old is out of the way of what is written.
CREATE TABLE entry_index (
    slot        integer     NOT NULL,
    idx         bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    kind        smallint    NOT NULL,
    outcome     smallint    NOT NULL,
    reason      text        NOT NULL,
    consumer    text        NOT NULL,
    provider    text        NOT NULL,
    local_body  text        NOT NULL,
    dataset     text        NOT NULL,
    purpose     smallint    NOT NULL,
    PRIMARY KEY (slot, idx, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX entry_index_by_time ON entry_index (recorded_at);
CREATE INDEX entry_index_by_consumer ON entry_index (consumer, dataset);
CREATE INDEX entry_index_by_outcome ON entry_index (outcome, reason);
-- For what no month was made for. It stays empty while housekeeping runs.
CREATE TABLE entry_index_other PARTITION OF entry_index DEFAULT;

-- Makes the months from the last to three ahead that are missing. With the rights of its owner: the role of the hub
-- needs none to make tables. A month is made beside the table and then attached, so that those who search and index go
-- on meanwhile; where housekeeping stood still, what was indexed of the month before it was made moves into it.
CREATE FUNCTION entry_index_months_make() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    month timestamptz;
    after timestamptz;
    name  text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('unefois.entry_index'));
    FOR ahead IN -1..3 LOOP
        month := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => ahead)) AT TIME ZONE 'UTC';
        after := (month AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
        name := format('entry_index_%s', to_char(month AT TIME ZONE 'UTC', 'YYYY_MM'));
        CONTINUE WHEN to_regclass(name) IS NOT NULL;
        -- Attaching needs this lock; taken after the rows were moved, it could wait for one who waits for them.
        LOCK TABLE entry_index_other IN ACCESS EXCLUSIVE MODE;
        EXECUTE format('CREATE TABLE %I (LIKE entry_index INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
        EXECUTE format('WITH moved AS (DELETE FROM entry_index_other WHERE recorded_at >= %L AND recorded_at < %L
                        RETURNING *) INSERT INTO %I SELECT * FROM moved', month, after, name);
        EXECUTE format('ALTER TABLE entry_index ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, month, after);
    END LOOP;
END
$$;
SELECT entry_index_months_make();

-- Which entries are about whom, by a pseudonym of its own; erasure deletes these rows.
CREATE TABLE entry_subject (
    search bytea   NOT NULL,
    slot   integer NOT NULL,
    idx    bigint  NOT NULL,
    PRIMARY KEY (search, slot, idx)
);

CREATE TABLE index_position (
    slot integer PRIMARY KEY,
    next bigint  NOT NULL
) WITH (fillfactor = 10);

-- One row an erasure. `done_at` is empty while rows of it are still to be removed: a crash in between is found again.
-- Erasures hold every shard still, so that their numbers are in the order of their commits.
CREATE TABLE erasure (
    id        bigint      PRIMARY KEY,
    erased_at timestamptz NOT NULL,
    done_at   timestamptz
);

-- The identifiers of destroyed keys: random numbers that say nothing about anybody. A key store that is restored from
-- a backup must not bring them back.
CREATE TABLE erased_key (
    id      uuid   PRIMARY KEY,
    erasure bigint NOT NULL REFERENCES erasure (id)
);
CREATE INDEX erased_key_by_erasure ON erased_key (erasure);

-- The search pseudonyms whose traces are still to be removed; empty for an erasure that is done.
CREATE TABLE erasure_search (
    erasure bigint NOT NULL REFERENCES erasure (id),
    search  bytea  NOT NULL,
    PRIMARY KEY (erasure, search)
);
