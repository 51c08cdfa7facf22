"""The ground everybody races on: one embedded PostgreSQL with the product's settings, every commit flushed to disk."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from adapters.postgres import start
from adapters.schema import install
from services.settings import as_role


@dataclass(frozen=True)
class Ground:
    """A server that is up, and the folder it lies in."""

    owner_dsn: str
    folder: Path

    @contextmanager
    def database(self, *, template: str | None = None) -> Iterator[Database]:
        """A fresh database with the product's schema, or a copy of another one; gone afterwards."""
        name = f"race_{secrets.token_hex(4)}"
        dsn = make_conninfo(self.owner_dsn, dbname=name)
        copied = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
        self._execute(copied.format(sql.Identifier(name), sql.Identifier(template or "template0")))
        try:
            if template is None:
                asyncio.run(install(dsn))
            yield Database(name, dsn)
        finally:
            self._execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def version(self) -> str:
        """Tell which PostgreSQL this is."""
        with psycopg.connect(self.owner_dsn) as owner:
            row = owner.execute("SHOW server_version").fetchone()
        return str(row[0]) if row else "unknown"

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.owner_dsn, autocommit=True) as owner:
            owner.execute(statement)


@dataclass(frozen=True)
class Database:
    """Where one measurement takes place."""

    name: str
    owner_dsn: str

    @property
    def desk_dsn(self) -> str:
        """As the API meets it: with the rights of the desk."""
        return as_role(self.owner_dsn, "leadledger_desk")

    @property
    def projector_dsn(self) -> str:
        """As the projector meets it."""
        return as_role(self.owner_dsn, "leadledger_projector")


@contextmanager
def ground() -> Iterator[Ground]:
    """Start the server in a new folder, which TMPDIR can move to another disk."""
    folder = Path(tempfile.mkdtemp(prefix="leadledger-benchmark-")).resolve()
    # As root the server runs as somebody else, who has to get in.
    folder.chmod(0o755)
    try:
        with start(folder / "postgres") as server:
            yield Ground(server.dsn(), folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def flush_ms(folder: Path) -> float:
    """How long this disk takes to keep 8 kB for good."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        for _ in range(50):
            started = time.perf_counter()
            os.pwrite(file.fileno(), bytes(8192), 0)
            os.fsync(file.fileno())
            took.append(1000 * (time.perf_counter() - started))
    return median(took)
