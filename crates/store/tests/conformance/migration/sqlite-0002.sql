-- What a hub holds since this migration.
INSERT INTO erasure (id, erased_at, done_at) VALUES
    (1, -680054400000001, 1795253400123456),
    (2, 1795253400123456, NULL);
INSERT INTO erased_key (id, erasure) VALUES
    (x'00000000000000081d1d1d1d1d1d1d1d', 1),
    (x'00000000000000091d1d1d1d1d1d1d1d', 2);
INSERT INTO erasure_search (erasure, search) VALUES
    (2, x'0000000000000065d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1');
