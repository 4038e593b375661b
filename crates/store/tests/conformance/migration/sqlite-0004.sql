-- What a hub holds since this migration.
INSERT INTO revision (record, number, provider_recorded_at, learned_at, payload_key, sealed, change) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', 2, -680054400000001, 1795253400123456, x'00000000000000011d1d1d1d1d1d1d1d', x'00ff275c0100000000000000', 2);
UPDATE event_partition SET head = 2, newest_at = 1795253400123456 WHERE partition = 0;
UPDATE event_partition SET forgotten = 3 WHERE partition = 15;
INSERT INTO event (partition, position, id, subject, dataset, provider, record, revision, kind, changed, recorded_at, traceparent, about) VALUES
    (0, 1, x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000000011d1d1d1d1d1d1d1d', 'declared-turnover', 'dgfip', x'00000000000000011d1d1d1d1d1d1d1d', 1, 1, x'01033f', -680054400000001, NULL, 1),
    (0, 2, x'00000000000000021d1d1d1d1d1d1d1d', x'00000000000000021d1d1d1d1d1d1d1d', 'declared-turnover', 'dgfip', x'00000000000000021d1d1d1d1d1d1d1d', 1, 1, x'01033f', 1795253400123456, 'trace', 2);
INSERT INTO subscription (id, agency, name, agreement, kinds, fields, whole_population, state, retention_days, redelivery, attempts_max, created_at, deleted_at) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', 'cnaf', 'subscription-0001', 'a-1', x'0102', 'siren,turnover', 0, 1, 1, 30000000, 5, 1795253400123456, NULL),
    (x'00000000000000021d1d1d1d1d1d1d1d', 'cnaf', 'subscription-0001', 'a-1', x'0102', 'siren,turnover', 0, 1, 1, 30000000, 5, -680054400000001, 1795253400123456);
INSERT INTO subscription_cursor (subscription, version, acknowledged, delivered, telling, void_through, set_back_at) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', 3, x'0000000000000001000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', x'0000000000000002000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000', 4, 2, 1);
INSERT INTO delivery_attempt (subscription, partition, position, attempts, last_at, rejected) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', 0, 2, 2, 1795253400123456, 'no-answer');
INSERT INTO dead_letter (subscription, partition, position, event, subject, attempts, cause, rejected, at, asked_at, replayed_at) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', 0, 1, x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000000011d1d1d1d1d1d1d1d', 5, 2, 'no-answer', 1795253400123456, NULL, NULL);
INSERT INTO dossier (agency, subject, reason, opened_at, until, closed_at) VALUES
    ('cnaf', x'00000000000000011d1d1d1d1d1d1d1d', 'reason', 1795253400123456, 1795339800123456, NULL);
