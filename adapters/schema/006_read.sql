-- The read models: the projector makes, fills and throws away their tables; the desk's side only asks.

CREATE SCHEMA read;

GRANT ALL ON SCHEMA read TO leadledger_projector;
GRANT USAGE ON SCHEMA read TO leadledger_desk;

ALTER DEFAULT PRIVILEGES FOR ROLE leadledger_projector IN SCHEMA read
    GRANT SELECT ON TABLES TO leadledger_desk;

-- Where the owner makes a table here, the same holds.
ALTER DEFAULT PRIVILEGES IN SCHEMA read
    GRANT SELECT ON TABLES TO leadledger_desk;

ALTER DEFAULT PRIVILEGES IN SCHEMA read
    GRANT ALL ON TABLES TO leadledger_projector;
