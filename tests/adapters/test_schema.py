"""The database's shape: installed once, checked at every start, and what nobody may do in it."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from adapters import schema
from tests.support.logs import an_append, as_desk, desk_dsn, postgres_store

__all__ = ["desk_dsn"]


async def test_installing_again_changes_nothing(empty_database: str) -> None:
    await asyncio.gather(*[schema.install(empty_database) for _ in range(4)])
    await schema.install(empty_database)
    await schema.check(empty_database)


async def test_a_database_without_the_schema_says_how_to_get_it(empty_database: str) -> None:
    with pytest.raises(schema.SchemaMissing, match="install"):
        await schema.check(empty_database)


async def test_a_process_may_check_without_being_the_owner(desk_dsn: str) -> None:
    await schema.check(desk_dsn)


async def test_a_database_that_lacks_a_file_is_older(database: str) -> None:
    with psycopg.connect(database) as owner:
        owner.execute("DELETE FROM log.schema_files WHERE name LIKE '007%'")
    with pytest.raises(schema.SchemaOlder, match=r"007_keys\.sql"):
        await schema.check(database)


@pytest.mark.parametrize("attempt", [schema.check, schema.install])
async def test_a_database_with_a_file_we_do_not_know_is_newer(database: str, attempt: type) -> None:
    with psycopg.connect(database) as owner:
        owner.execute("INSERT INTO log.schema_files VALUES ('999_teleport.sql', '')")
    with pytest.raises(schema.SchemaNewer, match=r"999_teleport\.sql"):
        await attempt(database)


@pytest.mark.parametrize("attempt", [schema.check, schema.install])
async def test_an_applied_file_is_never_changed(
    empty_database: str, attempt: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for file in schema.FILES.glob("*.sql"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr(schema, "FILES", tmp_path)
    await schema.install(empty_database)
    (tmp_path / "003_vault.sql").write_text("CREATE SCHEMA vault;")
    with pytest.raises(schema.SchemaFileChanged, match=r"003_vault\.sql"):
        await attempt(empty_database)


@pytest.mark.parametrize("table", ["log.events", "log.commands"])
@pytest.mark.parametrize("change", ["UPDATE {} SET version = 9", "DELETE FROM {}", "TRUNCATE {}"])
async def test_what_is_on_record_stays_on_record(database: str, table: str, change: str) -> None:
    async with postgres_store(database) as store:
        await store.append(an_append())
    statement = change.format(table).encode()
    with psycopg.connect(as_desk(database)) as desk, pytest.raises(psycopg.errors.InsufficientPrivilege):
        desk.execute(statement)
    with psycopg.connect(database) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege, match="on record"):
        owner.execute(statement)
    # Nor as a replica, which passes by ordinary triggers.
    replica = make_conninfo(database, options="-c session_replication_role=replica")
    with psycopg.connect(replica) as owner, pytest.raises(psycopg.errors.InsufficientPrivilege, match="on record"):
        owner.execute(statement)


def test_the_desk_may_append_and_look_and_nothing_else(desk_dsn: str) -> None:
    with psycopg.connect(desk_dsn) as desk:
        rights = desk.execute(
            """
            SELECT
                c.oid::regclass::text,
                array_agg(right_to ORDER BY right_to)
            FROM pg_class AS c
            CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) AS right_to
            WHERE c.relnamespace::regnamespace::text IN ('log', 'vault', 'access', 'read', 'post')
              AND c.relkind = 'r'
              AND has_table_privilege('leadledger_desk', c.oid, right_to)
            GROUP BY 1
            """
        ).fetchall()
    assert dict(rights) == {
        "log.schema_files": ["SELECT"],
        "log.events": ["INSERT", "SELECT"],
        "log.commands": ["INSERT", "SELECT"],
        "vault.data_keys": ["INSERT", "SELECT"],
        "vault.sealed": ["INSERT", "SELECT"],
        "access.api_keys": ["INSERT", "SELECT", "UPDATE"],
        "post.attempts": ["DELETE", "INSERT", "SELECT", "UPDATE"],
        "post.receipts": ["DELETE", "INSERT", "SELECT"],
    }


def test_the_desk_reads_what_the_projector_makes_and_the_projector_writes_no_events(database: str) -> None:
    with psycopg.connect(make_conninfo(database, options="-c role=leadledger_projector")) as projector:
        projector.execute("CREATE TABLE read.queue AS SELECT 1 AS length")
    with psycopg.connect(as_desk(database)) as desk:
        assert desk.execute("SELECT length FROM read.queue").fetchone() == (1,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            desk.execute("CREATE TABLE read.mine ()")
    with (
        psycopg.connect(make_conninfo(database, options="-c role=leadledger_projector")) as projector,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        projector.execute("INSERT INTO log.events SELECT * FROM log.events")
