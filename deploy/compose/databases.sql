-- The two databases of a hub, and who may do what in them. Run once, by the superuser, in psql. Passwords are read from
-- files, so that none is in a history or in the log: SCRAM verifiers are what the server keeps.
\set ON_ERROR_STOP on
\set hub_password `cat /run/secrets/hub-password`
\set hub_owner_password `cat /run/secrets/hub-owner-password`
\set keys_password `cat /run/secrets/keys-password`
\set keys_owner_password `cat /run/secrets/keys-owner-password`

SET password_encryption = 'scram-sha-256';
-- A statement with a password in it is not logged, not even when it fails.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';

-- The owners migrate (`unefois migrate`); the others serve, and can neither make nor change a table.
CREATE ROLE unefois_owner      LOGIN PASSWORD :'hub_owner_password'  CONNECTION LIMIT 4;
CREATE ROLE unefois            LOGIN PASSWORD :'hub_password';
CREATE ROLE unefois_keys_owner LOGIN PASSWORD :'keys_owner_password' CONNECTION LIMIT 4;
CREATE ROLE unefois_keys       LOGIN PASSWORD :'keys_password';

CREATE DATABASE hub  OWNER unefois_owner      ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
CREATE DATABASE keys OWNER unefois_keys_owner ENCODING 'UTF8' LOCALE 'C' TEMPLATE template0;
REVOKE ALL ON DATABASE hub, keys, postgres FROM PUBLIC;
GRANT CONNECT ON DATABASE hub  TO unefois;
GRANT CONNECT ON DATABASE keys TO unefois_keys;

\connect hub
ALTER SCHEMA public OWNER TO unefois_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO unefois;
ALTER DEFAULT PRIVILEGES FOR ROLE unefois_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO unefois;

\connect keys
ALTER SCHEMA public OWNER TO unefois_keys_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO unefois_keys;
ALTER DEFAULT PRIVILEGES FOR ROLE unefois_keys_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO unefois_keys;
