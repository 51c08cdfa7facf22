-- The log: what happened, in one order, for ever.

CREATE TABLE log.events (
    position    bigint      PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    stream      uuid        NOT NULL,
    version     integer     NOT NULL,
    topic       text        NOT NULL,
    data        bytea       NOT NULL,
    CONSTRAINT one_event_a_version UNIQUE (stream, version)
);

COMMENT ON TABLE log.events IS
    'Every event. Positions are dense from 1 and visible in order; data holds the exact bytes that are sealed.';

CREATE TABLE log.commands (
    command_id  uuid    PRIMARY KEY,
    fingerprint bytea   NOT NULL,
    stream      uuid    NOT NULL,
    version     integer NOT NULL,
    position    bigint  NOT NULL,
    topics      text[]  NOT NULL
);

COMMENT ON TABLE log.commands IS
    'Every command that was answered, so that asking again is answered as the first time.';

CREATE FUNCTION log.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on %.% is refused: what is on record stays on record',
        TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING
        ERRCODE = 'insufficient_privilege',
        HINT = 'Append a new event that puts the matter right.';
END
$$;

CREATE TRIGGER events_stay_on_record
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log.events
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

CREATE TRIGGER commands_stay_on_record
    BEFORE UPDATE OR DELETE OR TRUNCATE ON log.commands
    FOR EACH STATEMENT EXECUTE FUNCTION log.refuse_change();

-- ALWAYS: not even a session that replays another server's changes passes.
ALTER TABLE log.events ENABLE ALWAYS TRIGGER events_stay_on_record;
ALTER TABLE log.commands ENABLE ALWAYS TRIGGER commands_stay_on_record;

-- Since recorded_at never runs backwards along dense positions, this is a binary search and needs no index of its own.
CREATE FUNCTION log.position_known_by(instant timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE AS $$
DECLARE
    known  bigint := 0;
    beyond bigint := 1 + coalesce((SELECT max(position) FROM log.events), 0);
    middle bigint;
BEGIN
    WHILE beyond - known > 1 LOOP
        middle := (known + beyond) / 2;
        IF (SELECT recorded_at FROM log.events WHERE position = middle) <= instant THEN
            known := middle;
        ELSE
            beyond := middle;
        END IF;
    END LOOP;
    RETURN known;
END
$$;

GRANT USAGE ON SCHEMA log TO leadledger_desk, leadledger_projector;
GRANT SELECT ON log.schema_files, log.events, log.commands TO leadledger_desk, leadledger_projector;
GRANT INSERT ON log.events, log.commands TO leadledger_desk;
