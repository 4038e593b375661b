-- What a hub of this schema holds.
INSERT INTO shard (slot, origin, size, lease_token, authority_epoch, is_open, checkpoint) VALUES
    (0, 'hub.example/shard-0', 2, 4, 3, 1, 'two');
INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed) VALUES
    (0, 0, x'0000000000000000d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', x'00ff275c0000000000000000', NULL, NULL),
    (0, 1, x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', x'00ff275c0100000000000000', x'00000000000f42411d1d1d1d1d1d1d1d', x'00ff275c0100000000000000');
INSERT INTO tile (slot, level, idx, hashes, root) VALUES
    (0, 0, 0, unhex(replace(hex(zeroblob(256)), '00', '0000000000000000d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1')), x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1');
INSERT INTO subject (id, root, trace_key, created_at) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000f42411d1d1d1d1d1d1d1d', 1795253400123456),
    (x'00000000000000021d1d1d1d1d1d1d1d', x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000f42421d1d1d1d1d1d1d1d', -680054400000001);
INSERT INTO identifier (pseudonym, subject) VALUES
    (x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', x'00000000000000011d1d1d1d1d1d1d1d'),
    (x'0000000000000002d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', x'00000000000000021d1d1d1d1d1d1d1d');
INSERT INTO record (id, subject, dataset, provider, selector, discriminator, revision) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000000011d1d1d1d1d1d1d1d', 'declared-turnover', 'dgfip', x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', x'0000000000000000d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1);
INSERT INTO revision (record, number, provider_recorded_at, learned_at, payload_key, sealed) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', 1, -680054400000001, 1795253400123456, x'00000000000000011d1d1d1d1d1d1d1d', x'00ff275c0100000000000000');
INSERT INTO publication (agency, publication_id, content, dataset, record, revision, kind, slot, idx, item_index, item_path,
    published_at) VALUES
    ('dgfip', 'publication 1', x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 'declared-turnover', x'00000000000000011d1d1d1d1d1d1d1d', 1, 1, 0, 1, 3, x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d10000000000000002d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d10000000000000003d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 1795253400123456);
INSERT INTO consent (id, subject, consumer, dataset, purpose, granted_by, granted_at, expires_at, withdrawn_at,
    evidence_digest) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000000011d1d1d1d1d1d1d1d', 'cnaf', 'declared-turnover', 'non-take-up', 'portail', 1795253400123456, NULL, NULL, x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1');
INSERT INTO registry_item (noun, id, since, until, body) VALUES
    ('agency', 'cnaf', 1, 2, '{"n": 1}'),
    ('agency', 'cnaf', 2, NULL, '{"n": 2}');
INSERT INTO registry_version (version, applied_at, applied_by) VALUES
    (1, -680054400000001, 'dinum/registry'),
    (2, 1795253400123456, 'dinum/registry');
INSERT INTO request_claim (agency, request_id, content, slot, idx, record, revision, answer_key, answer_sealed, claimed_at) VALUES
    ('cnaf', 'request 0001', x'0000000000000001d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 0, 1, x'00000000000000011d1d1d1d1d1d1d1d', 1, NULL, NULL, 1795253400123456);
INSERT INTO quota_use (agreement, day, used) VALUES
    ('a-1', '2026-11-21', 3);
INSERT INTO entry_index (slot, idx, recorded_at, kind, outcome, reason, consumer, provider, local_body, dataset, purpose) VALUES
    (0, 0, 1795253400123456, 1, 1, '', 'cnaf', 'dgfip', '', 'declared-turnover', 2),
    (0, 1, 1795253400123456, 1, 1, '', 'cnaf', 'dgfip', '', 'declared-turnover', 2);
INSERT INTO entry_subject (search, slot, idx) VALUES
    (x'0000000000000065d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1', 0, 1);
INSERT INTO index_position (slot, next) VALUES
    (0, 2);
