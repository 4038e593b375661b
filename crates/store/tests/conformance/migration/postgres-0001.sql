-- What a hub of this schema holds.
INSERT INTO shard (slot, origin, size, lease_token, lease_until, authority_epoch, checkpoint) VALUES
    (0, 'hub.example/shard-0', 2, 4, '1948-06-13 23:59:59.999999+00', 3, 'two');
INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed) VALUES
    (0, 0, '\x0000000000000000d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '\x00ff275c0000000000000000', NULL, NULL),
    (0, 1, '\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '\x00ff275c0100000000000000', '00000000-000f-4241-1d1d-1d1d1d1d1d1d', '\x00ff275c0100000000000000');
INSERT INTO tile (slot, level, idx, hashes, root) VALUES
    (0, 0, 0, decode(repeat('0000000000000000d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 256), 'hex'), '\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1');
INSERT INTO subject (id, root, trace_key, created_at) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-000f-4241-1d1d-1d1d1d1d1d1d', '2026-11-21 09:30:00.123456+00'),
    ('00000000-0000-0002-1d1d-1d1d1d1d1d1d', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-000f-4242-1d1d-1d1d1d1d1d1d', '1948-06-13 23:59:59.999999+00');
INSERT INTO identifier (pseudonym, subject) VALUES
    ('\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '00000000-0000-0001-1d1d-1d1d1d1d1d1d'),
    ('\x0000000000000002d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '00000000-0000-0002-1d1d-1d1d1d1d1d1d');
INSERT INTO record (id, subject, dataset, provider, selector, discriminator, revision) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 'declared-turnover', 'dgfip', '\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '\x0000000000000000d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1);
INSERT INTO revision (record, number, provider_recorded_at, learned_at, payload_key, sealed) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', 1, '1948-06-13 23:59:59.999999+00', '2026-11-21 09:30:00.123456+00', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', '\x00ff275c0100000000000000');
INSERT INTO publication (agency, publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path,
    published_at) VALUES
    ('dgfip', 'publication 1', '\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'declared-turnover', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 1, 1, 0, 1, 3, ARRAY['\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '\x0000000000000002d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', '\x0000000000000003d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1']::bytea[], '2026-11-21 09:30:00.123456+00');
INSERT INTO consent (id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at, withdrawn_at,
    evidence_digest) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 'cnaf', 'declared-turnover', 'non-take-up', 'portail', '2026-11-21 09:30:00.123456+00', NULL, NULL, '\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1');
INSERT INTO registry_item (noun, id, since, until, body) VALUES
    ('agency', 'cnaf', 1, 2, '{"n": 1}'),
    ('agency', 'cnaf', 2, NULL, '{"n": 2}');
INSERT INTO registry_version (version, applied_at, applied_by) VALUES
    (1, '1948-06-13 23:59:59.999999+00', 'dinum/registry'),
    (2, '2026-11-21 09:30:00.123456+00', 'dinum/registry');
INSERT INTO request_claim (agency, request_id, content, slot, idx, record, revision, answer_key, answer_sealed, claimed_at) VALUES
    ('cnaf', 'request 0001', '\x0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 0, 1, '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 1, NULL, NULL, '2026-11-21 09:30:00.123456+00');
INSERT INTO quota_use (agreement, day, drawn) VALUES
    ('a-1', '2026-11-21', 3);
INSERT INTO quota_share (slot, agreement, day, drawn, spent) VALUES
    (0, 'a-1', '2026-11-21', 3, 3);
INSERT INTO entry_index (slot, idx, recorded_at, kind, outcome, reason, consumer, provider, local_body, dataset, purpose) VALUES
    (0, 0, '2026-11-21 09:30:00.123456+00', 1, 1, '', 'cnaf', 'dgfip', '', 'declared-turnover', 2),
    (0, 1, '2026-11-21 09:30:00.123456+00', 1, 1, '', 'cnaf', 'dgfip', '', 'declared-turnover', 2);
INSERT INTO entry_subject (search, slot, idx) VALUES
    ('\x0000000000000065d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 0, 1);
INSERT INTO index_position (slot, next) VALUES
    (0, 2);
INSERT INTO erasure (id, erased_at, done_at) VALUES
    (1, '1948-06-13 23:59:59.999999+00', '2026-11-21 09:30:00.123456+00'),
    (2, '2026-11-21 09:30:00.123456+00', NULL);
INSERT INTO erased_key (id, erasure) VALUES
    ('00000000-0000-0008-1d1d-1d1d1d1d1d1d', 1),
    ('00000000-0000-0009-1d1d-1d1d1d1d1d1d', 2);
INSERT INTO erasure_search (erasure, search) VALUES
    (2, '\x0000000000000065d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1');
