-- Traits by which homonyms are found: they stand with the record that states them, and go with it, also where a node of the
-- version before, which does not know them, erases it.

-- `traits` is a keyed pseudonym, `since` when the record first stated them. Until now the identifiers held them: those stay
-- until their subject is erased, and nothing looks for them.
CREATE TABLE record_traits (
    record uuid        PRIMARY KEY REFERENCES record (id) ON DELETE CASCADE,
    traits bytea       NOT NULL CHECK (length(traits) = 32),
    since  timestamptz NOT NULL
);
CREATE INDEX record_traits_by_traits ON record_traits (traits, since, record);
