"""A real PostgreSQL for the tests: one server a run, a fresh database a test.

`postgres_server` is the owner's address of the server, `empty_database` that of a database with nothing in it, and
`database` that of one with the product's schema. LEADLEDGER_TEST_DSN names a server to use instead of our own.
"""

import asyncio
import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from adapters.postgres import start

# Nothing here is read again after a crash, so nothing waits for the disk. Tests of durability start their own.
IN_A_HURRY = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "5min",
}


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    if given := os.environ.get("LEADLEDGER_TEST_DSN"):
        yield given
        return
    with reachable_folder() as folder, start(folder / "postgres", settings=IN_A_HURRY) as server:
        yield server.dsn()


@pytest.fixture
def empty_database(postgres_server: str) -> Iterator[str]:
    with fresh_database(postgres_server) as dsn:
        yield dsn


@pytest.fixture
def database(postgres_server: str, database_with_schema: str) -> Iterator[str]:
    with fresh_database(postgres_server, template=database_with_schema) as dsn:
        yield dsn


@pytest.fixture(scope="session")
def database_with_schema(postgres_server: str) -> Iterator[str]:
    """Name the template that `database` is copied from; nobody connects to it once the schema is there."""
    from adapters.schema import install

    with fresh_database(postgres_server) as dsn:
        # In a thread of its own, since this one may belong to the event loop of a test.
        with ThreadPoolExecutor(max_workers=1) as aside:
            aside.submit(asyncio.run, install(dsn)).result()
        yield database_name(dsn)


@pytest.fixture
def server_folder() -> Iterator[Path]:
    """A folder for a server of the test's own; unlike `tmp_path` the user who stands in for root can reach it."""
    with reachable_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def stopped_server_folder() -> Iterator[Path]:
    """A folder whose server ran once and stopped in order; kept as it is, for copies."""
    with reachable_folder() as folder:
        start(folder / "postgres").stop()
        yield folder / "postgres"


@pytest.fixture
def used_folder(stopped_server_folder: Path, server_folder: Path) -> Path:
    """A folder of the test's own whose server ran before; copying one is ten times as fast as making one."""
    subprocess.run(["cp", "-a", f"{stopped_server_folder}/.", server_folder], check=True)
    return server_folder


@contextmanager
def reachable_folder() -> Iterator[Path]:
    # pytest's own folders are private to root.
    folder = Path(tempfile.mkdtemp(prefix="leadledger-test-")).resolve()
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server: str, *, template: str = "template0") -> Iterator[str]:
    name = f"test_{secrets.token_hex(6)}"
    # Copied as files it is there in 50 ms; through the log it takes 130.
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
    with psycopg.connect(server, autocommit=True) as owner:
        owner.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield make_conninfo(server, dbname=name)
    finally:
        with psycopg.connect(server, autocommit=True) as owner:
            owner.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def database_name(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["dbname"])
