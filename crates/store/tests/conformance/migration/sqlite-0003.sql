-- What a hub holds since this migration.
INSERT INTO record_traits (record, traits, since) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', x'0000000000000007d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1795253400123456);
