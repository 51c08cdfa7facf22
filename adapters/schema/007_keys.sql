-- Who revoked a key; and two columns less that nobody ever asked for.

ALTER TABLE access.api_keys
    ADD COLUMN revoked_by text,  -- NULL where it was revoked before this was noted
    DROP COLUMN team,
    DROP COLUMN label;
