-- To whom machines have written of their own accord, by a keyed hash of the address: whoever fills in a form a thousand
-- times with somebody else's address must not have them written to a thousand times.

CREATE TABLE post.receipts (
    address bytea       NOT NULL,  -- under a key that PostgreSQL never sees
    sent_at timestamptz NOT NULL
);

CREATE INDEX receipts_of_an_address ON post.receipts (address, sent_at);
CREATE INDEX receipts_by_age ON post.receipts (sent_at);

GRANT SELECT, INSERT, DELETE ON post.receipts TO leadledger_desk;
