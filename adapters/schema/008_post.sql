-- The post: which notice is being sent at this moment, and when one is to be tried again. Not a record of what happened:
-- that is the log's; all of this may be lost, and costs at most a notice sent twice.

CREATE SCHEMA post;

CREATE TABLE post.attempts (
    notice       uuid        PRIMARY KEY,
    tries        integer     NOT NULL,
    next_try_at  timestamptz NOT NULL,  -- while it is claimed: when whoever has it is taken for dead
    claimed_at   timestamptz,           -- NULL where nobody has it
    last_trouble text,                  -- one word of adapters/delivery.py
    settled_at   timestamptz            -- sent, or given up: never again, even where the read models are behind
);

CREATE INDEX attempts_not_now ON post.attempts (next_try_at) WHERE settled_at IS NULL;
CREATE INDEX attempts_settled ON post.attempts (settled_at) WHERE settled_at IS NOT NULL;

GRANT USAGE ON SCHEMA post TO leadledger_desk;
GRANT SELECT, INSERT, UPDATE, DELETE ON post.attempts TO leadledger_desk;
