-- What a hub holds since this migration.
INSERT INTO record_traits (record, traits, since) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', '\x0000000000000007d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '2026-11-21 09:30:00.123456+00');
