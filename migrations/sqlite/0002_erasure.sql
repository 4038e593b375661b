-- Erasure: what was erased, which keys may never come back, and what is still to be removed.

-- One row an erasure. `done_at` is empty while rows of it are still to be removed: a crash in between is found again.
CREATE TABLE erasure (
    id        INTEGER PRIMARY KEY,
    erased_at INTEGER NOT NULL,
    done_at   INTEGER
) STRICT;
CREATE INDEX erasure_open ON erasure (id) WHERE done_at IS NULL;

-- The identifiers of destroyed keys: random numbers that say nothing about anybody. A key store that is restored from
-- a backup must not bring them back.
CREATE TABLE erased_key (
    id      BLOB    PRIMARY KEY,
    erasure INTEGER NOT NULL REFERENCES erasure (id)
) STRICT, WITHOUT ROWID;

-- The search pseudonyms whose traces are still to be removed; empty for an erasure that is done.
CREATE TABLE erasure_search (
    erasure INTEGER NOT NULL REFERENCES erasure (id),
    search  BLOB    NOT NULL,
    PRIMARY KEY (erasure, search)
) STRICT, WITHOUT ROWID;

-- An erased record is scrubbed from the publications that made it.
CREATE INDEX publication_by_record ON publication (record);
