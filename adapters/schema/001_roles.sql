-- Who may do what in the database; people and processes log in as themselves and act in one of these roles.

DO $$
BEGIN
    CREATE ROLE leadledger_desk NOLOGIN;
EXCEPTION
    -- Roles belong to the whole cluster, and another database of it may have made them, perhaps at this moment.
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;

DO $$
BEGIN
    CREATE ROLE leadledger_projector NOLOGIN;
EXCEPTION
    WHEN duplicate_object OR unique_violation THEN NULL;
END
$$;
