-- What a key store of this schema holds.
INSERT INTO wrapped_key (id, subject, label, use, master_epoch, wrapped, created_at) VALUES
    (x'00000000000000011d1d1d1d1d1d1d1d', x'00000000000000011d1d1d1d1d1d1d1d', NULL, 1, 1, x'00ff275c0100000000000000', 1795253400123456);
