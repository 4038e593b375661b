-- What a hub holds since this migration.
INSERT INTO revision (record, number, provider_recorded_at, learned_at, payload_key, sealed, change) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', 2, '1948-06-13 23:59:59.999999+00', '2026-11-21 09:30:00.123456+00', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', '\x00ff275c0100000000000000', 2);
UPDATE event_partition SET head = 2, newest_at = '2026-11-21 09:30:00.123456+00' WHERE partition = 0;
INSERT INTO event_forgotten (partition, position) VALUES
    (15, 3);
INSERT INTO event (partition, position, id, subject, dataset, provider, record, revision, kind, changed, recorded_at, traceparent, about) VALUES
    (0, 1, '00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 'declared-turnover', 'dgfip', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 1, 1, '\x01033f', '1948-06-13 23:59:59.999999+00', NULL, 1),
    (0, 2, '00000000-0000-0002-1d1d-1d1d1d1d1d1d', '00000000-0000-0002-1d1d-1d1d1d1d1d1d', 'declared-turnover', 'dgfip', '00000000-0000-0002-1d1d-1d1d1d1d1d1d', 1, 1, '\x01033f', '2026-11-21 09:30:00.123456+00', 'trace', 2);
INSERT INTO subscription (id, agency, name, agreement, kinds, fields, whole_population, state, retention_days, redelivery, attempts_max, created_at, deleted_at) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', 'cnaf', 'subscription-0001', 'a-1', '\x0102', 'siren,turnover', false, 1, 1, 30000000, 5, '2026-11-21 09:30:00.123456+00', NULL),
    ('00000000-0000-0002-1d1d-1d1d1d1d1d1d', 'cnaf', 'subscription-0001', 'a-1', '\x0102', 'siren,turnover', false, 1, 1, 30000000, 5, '1948-06-13 23:59:59.999999+00', '2026-11-21 09:30:00.123456+00');
INSERT INTO subscription_cursor (subscription, version, acknowledged, delivered, telling, void_through, set_back_at, receiver, receiver_until) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', 3, '{1,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}', '{2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0}', 4, 2, 1, '00000000-0000-0009-1d1d-1d1d1d1d1d1d', '2026-11-21 09:30:00.123456+00');
INSERT INTO delivery_attempt (subscription, partition, position, attempts, last_at, rejected) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', 0, 2, 2, '2026-11-21 09:30:00.123456+00', 'no-answer');
INSERT INTO dead_letter (subscription, partition, position, event, subject, attempts, cause, rejected, at, asked_at, replayed_at) VALUES
    ('00000000-0000-0001-1d1d-1d1d1d1d1d1d', 0, 1, '00000000-0000-0001-1d1d-1d1d1d1d1d1d', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 5, 2, 'no-answer', '2026-11-21 09:30:00.123456+00', NULL, NULL);
INSERT INTO dossier (agency, subject, reason, opened_at, until, closed_at) VALUES
    ('cnaf', '00000000-0000-0001-1d1d-1d1d1d1d1d1d', 'reason', '2026-11-21 09:30:00.123456+00', '2026-11-22 09:30:00.123456+00', NULL);
