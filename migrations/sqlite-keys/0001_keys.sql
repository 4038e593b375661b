-- The key store: wrapped keys, each under a numbered master key.

-- `subject` is empty for the monthly keys of the ledger, which have a label such as `2026-11` instead.
CREATE TABLE wrapped_key (
    id           BLOB    PRIMARY KEY,
    subject      BLOB,
    label        TEXT,
    use          INTEGER NOT NULL,
    master_epoch INTEGER NOT NULL,
    wrapped      BLOB    NOT NULL,
    created_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX wrapped_key_by_subject ON wrapped_key (subject, use) WHERE subject IS NOT NULL;
CREATE UNIQUE INDEX wrapped_key_by_label ON wrapped_key (label, use) WHERE label IS NOT NULL;
