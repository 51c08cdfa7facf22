-- Who may come in: API keys, of which only a hash is kept.

CREATE SCHEMA access;

CREATE TABLE access.api_keys (
    id           text        PRIMARY KEY,  -- the public part, lk_<id>
    sha256       bytea       NOT NULL UNIQUE,
    subject      text        NOT NULL,     -- a person, or the name of a service
    role         text        NOT NULL,
    team         text,
    scopes       text[]      NOT NULL DEFAULT '{}',
    label        text        NOT NULL DEFAULT '',
    created_at   timestamptz NOT NULL DEFAULT now(),
    created_by   text        NOT NULL,
    expires_at   timestamptz,
    revoked_at   timestamptz,
    last_used_at timestamptz
);

GRANT USAGE ON SCHEMA access TO leadledger_desk;
GRANT SELECT, INSERT, UPDATE ON access.api_keys TO leadledger_desk;
