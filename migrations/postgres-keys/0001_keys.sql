-- The key store on PostgreSQL: wrapped keys, in a database of their own.

-- The hub that these keys are of; written when a hub first opens the key store.
CREATE TABLE hub (
    is_the_one boolean PRIMARY KEY DEFAULT true CHECK (is_the_one),
    id         uuid    NOT NULL
);

-- One row a key. A key belongs to a subject or, under a label such as `2026-11`, to the ledger.
CREATE TABLE wrapped_key (
    id           uuid        PRIMARY KEY,
    subject      uuid,
    label        text,
    use          smallint    NOT NULL,
    master_epoch bigint      NOT NULL,
    wrapped      bytea       NOT NULL,
    created_at   timestamptz NOT NULL,
    CHECK ((subject IS NULL) <> (label IS NULL))
);
CREATE UNIQUE INDEX wrapped_key_by_subject ON wrapped_key (subject, use) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX wrapped_key_by_label ON wrapped_key (label, use) WHERE label IS NOT NULL;
