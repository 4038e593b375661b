-- What a key store of this schema holds. `{hub}` is the identifier in its hub's database.
INSERT INTO hub (id) VALUES ('{hub}');
INSERT INTO wrapped_key (id, subject, label, use, master_epoch, wrapped, created_at) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', NULL, 1, 1, '\x00ff275c0100000000000000', '2026-11-21 09:30:00.123456+00');
