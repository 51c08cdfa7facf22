-- The vault: everything personal, encrypted, each subject with a key of their own.

CREATE SCHEMA vault;

CREATE TABLE vault.data_keys (
    key_id  uuid  PRIMARY KEY,
    subject uuid  NOT NULL,
    epoch   text  NOT NULL,
    wrapped bytea NOT NULL
);

CREATE INDEX data_keys_of_a_subject ON vault.data_keys (subject);

CREATE TABLE vault.sealed (
    ref            uuid   PRIMARY KEY,
    subject        uuid   NOT NULL,
    key_id         uuid   NOT NULL,
    kind           text   NOT NULL,
    ciphertext     bytea  NOT NULL,
    after_position bigint NOT NULL  -- how far the log was: of one subject, each is further than the one before
);

CREATE INDEX sealed_of_a_subject ON vault.sealed (subject, kind);

GRANT USAGE ON SCHEMA vault TO leadledger_desk;
GRANT SELECT, INSERT ON vault.data_keys, vault.sealed TO leadledger_desk;
