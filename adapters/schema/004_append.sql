-- The append: many requests in one transaction, each with a verdict of its own.
--
-- Requests that touch one another (one command id, one stream, or a guard on a stream that another one writes) never
-- stand in one call; adapters/group_commit.py sees to it, and the unique constraints would refuse such a call whole.
-- Arrays of plain types beat arrays of composite types. An array that nobody needs is NULL and costs nothing.

CREATE FUNCTION log.append(
    stamped           boolean,    -- whether data lacks its beginning, {"recorded_at":"…", and gets it here
    -- a place for each request
    command_ids       uuid[],
    fingerprints      bytea[],
    streams           uuid[],
    expected_versions integer[],
    event_counts      integer[],
    topic_lists       text[],     -- separated by spaces
    -- a place for each event, in the order of their requests
    event_requests    integer[],  -- counted from 1, as are those below
    event_streams     uuid[],
    event_versions    integer[],
    topics            text[],
    data              bytea[],
    -- a place for each guard
    guard_requests    integer[],
    guard_streams     uuid[],
    guard_versions    integer[],
    -- a place for each data key
    key_requests      integer[],
    key_ids           uuid[],
    key_subjects      uuid[],
    key_epochs        text[],
    key_wrapped       bytea[],
    -- a place for each sealed row
    sealed_requests   integer[],
    sealed_refs       uuid[],
    sealed_subjects   uuid[],
    sealed_key_ids    uuid[],
    sealed_kinds      text[],
    sealed_texts      bytea[]
)
RETURNS TABLE (
    kind            text,         -- head, repeated, reused, conflict, or missing
    of_request      integer,
    of_stream       uuid,
    at_version      integer,
    at_position     bigint,
    under_topic     text,
    bytes           bytea,
    was_recorded_at timestamptz
)
LANGUAGE plpgsql AS $$
DECLARE
    head_position bigint;
    head_at       timestamptz;
    now_at        timestamptz;
    beginning     bytea := '';
    refused       integer[];
BEGIN
    -- Positions are given under this lock, and it is released when they are visible: no follower meets a hole.
    PERFORM pg_advisory_xact_lock(7309453021);

    SELECT e.position, e.recorded_at
    INTO head_position, head_at
    FROM log.events AS e
    ORDER BY e.position DESC
    LIMIT 1;

    head_position := coalesce(head_position, 0);
    now_at := greatest(clock_timestamp(), head_at);
    IF stamped THEN
        beginning := convert_to(
            '{"recorded_at":"' || to_char(now_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '",', 'UTF8');
    END IF;

    -- Scalar subqueries rather than joins: always one look into an index, whatever the planner believes.
    SELECT array_agg(r.request)
    INTO refused
    FROM unnest(command_ids, streams, expected_versions)
        WITH ORDINALITY AS r (command_id, stream, expected_version, request)
    WHERE (SELECT true FROM log.commands AS c WHERE c.command_id = r.command_id)
       OR r.expected_version <> coalesce(
            (SELECT e.version FROM log.events AS e WHERE e.stream = r.stream ORDER BY e.version DESC LIMIT 1), 0);

    -- Most requests of a batch have the same guards, and nearly always all of them hold: look at each once.
    IF guard_requests IS NOT NULL AND EXISTS (
        SELECT
        FROM (SELECT DISTINCT d.stream, d.version FROM unnest(guard_streams, guard_versions) AS d (stream, version)) AS g
        WHERE g.version <> coalesce(
            (SELECT e.version FROM log.events AS e WHERE e.stream = g.stream ORDER BY e.version DESC LIMIT 1), 0)
    ) THEN
        refused := refused || (
            SELECT array_agg(g.request)
            FROM unnest(guard_requests, guard_streams, guard_versions) AS g (request, stream, version)
            WHERE g.version <> coalesce(
                (SELECT e.version FROM log.events AS e WHERE e.stream = g.stream ORDER BY e.version DESC LIMIT 1), 0));
    END IF;

    IF refused IS NOT NULL THEN
        RETURN QUERY
        SELECT * FROM log.why_refused(
            refused, command_ids, fingerprints, streams, expected_versions,
            guard_requests, guard_streams, guard_versions);

        SELECT array_agg(e.request), array_agg(e.stream), array_agg(e.version), array_agg(e.topic), array_agg(e.data)
        INTO event_requests, event_streams, event_versions, topics, data
        FROM unnest(event_requests, event_streams, event_versions, topics, data)
            AS e (request, stream, version, topic, data)
        WHERE e.request <> ALL (refused);
    END IF;

    INSERT INTO log.events (position, recorded_at, stream, version, topic, data)
    SELECT head_position + e.ordinality, now_at, e.stream, e.version, e.topic, beginning || e.data
    FROM unnest(event_streams, event_versions, topics, data)
        WITH ORDINALITY AS e (stream, version, topic, data, ordinality);

    INSERT INTO log.commands (command_id, fingerprint, stream, version, position, topics)
    SELECT
        r.command_id, r.fingerprint, r.stream, r.expected_version + r.event_count,
        head_position + sum(r.event_count) OVER (ORDER BY r.request ROWS UNBOUNDED PRECEDING),
        string_to_array(r.topic_list, ' ')
    FROM unnest(command_ids, fingerprints, streams, expected_versions, event_counts, topic_lists)
        WITH ORDINALITY AS r (command_id, fingerprint, stream, expected_version, event_count, topic_list, request)
    WHERE refused IS NULL OR r.request <> ALL (refused);

    IF key_requests IS NOT NULL THEN
        INSERT INTO vault.data_keys (key_id, subject, epoch, wrapped)
        SELECT k.key_id, k.subject, k.epoch, k.wrapped
        FROM unnest(key_requests, key_ids, key_subjects, key_epochs, key_wrapped)
            AS k (request, key_id, subject, epoch, wrapped)
        WHERE refused IS NULL OR k.request <> ALL (refused);
    END IF;

    IF sealed_requests IS NOT NULL THEN
        INSERT INTO vault.sealed (ref, subject, key_id, kind, ciphertext, after_position)
        SELECT s.ref, s.subject, s.key_id, s.kind, s.ciphertext, head_position
        FROM unnest(sealed_requests, sealed_refs, sealed_subjects, sealed_key_ids, sealed_kinds, sealed_texts)
            AS s (request, ref, subject, key_id, kind, ciphertext)
        WHERE refused IS NULL OR s.request <> ALL (refused);
    END IF;

    kind := 'head';
    at_position := head_position;
    was_recorded_at := now_at;
    RETURN NEXT;
END
$$;

-- Why some requests were refused, and all that their senders did not know, so that no one has to ask again.
CREATE FUNCTION log.why_refused(
    refused           integer[],
    command_ids       uuid[],
    fingerprints      bytea[],
    streams           uuid[],
    expected_versions integer[],
    guard_requests    integer[],
    guard_streams     uuid[],
    guard_versions    integer[]
)
RETURNS TABLE (
    kind            text,
    of_request      integer,
    of_stream       uuid,
    at_version      integer,
    at_position     bigint,
    under_topic     text,
    bytes           bytea,
    was_recorded_at timestamptz
)
LANGUAGE sql AS $$
    WITH request AS (
        SELECT r.request::integer, r.stream, r.expected_version, c AS known,
            CASE
                WHEN c.command_id IS NULL THEN 'conflict'
                WHEN c.fingerprint = r.fingerprint THEN 'repeated'
                ELSE 'reused'
            END AS verdict
        FROM unnest(command_ids, fingerprints, streams, expected_versions)
            WITH ORDINALITY AS r (command_id, fingerprint, stream, expected_version, request)
        LEFT JOIN log.commands AS c ON c.command_id = r.command_id
        WHERE r.request = ANY (refused)
    ),
    looked_at AS (
        SELECT r.request, r.stream, r.expected_version AS version
        FROM request AS r
        WHERE r.verdict = 'conflict'
        UNION
        SELECT g.request, g.stream, g.version
        FROM unnest(guard_requests, guard_streams, guard_versions) AS g (request, stream, version)
        JOIN request AS r ON r.request = g.request
        WHERE r.verdict = 'conflict'
    )
    SELECT
        r.verdict, r.request, r.stream, (r.known).version, (r.known).position,
        array_to_string((r.known).topics, ' '), NULL::bytea, NULL::timestamptz
    FROM request AS r
    UNION ALL
    (
        SELECT 'missing', l.request, e.stream, e.version, e.position, e.topic, e.data, e.recorded_at
        FROM looked_at AS l
        JOIN log.events AS e ON e.stream = l.stream AND e.version > l.version
        ORDER BY l.request, e.position
    )
$$;

REVOKE EXECUTE ON FUNCTION log.append, log.why_refused FROM PUBLIC;
GRANT EXECUTE ON FUNCTION log.append, log.why_refused TO leadledger_desk;
