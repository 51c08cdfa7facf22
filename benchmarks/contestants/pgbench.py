"""pgbench: bare commits of rows into a table like ours, from a program written in C that does nothing else."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import psycopg

from adapters.postgres import binaries
from benchmarks.contestant import Figures
from benchmarks.contestants.answering import BODY
from benchmarks.references import NotMeasuredHere

TABLE = """
CREATE TABLE plain_rows (
    position    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    recorded_at timestamptz NOT NULL,
    stream      uuid        NOT NULL,
    version     integer     NOT NULL,
    topic       text        NOT NULL,
    data        bytea       NOT NULL,
    UNIQUE (stream, version)
)
"""
FEWEST_SECONDS = 1


def bare_commits(owner_dsn: str, folder: Path, *, clients: int, rows: int = 1) -> Callable[[float], Figures]:
    """Prepare the table, and tell how to run: so many clients, each committing so many rows in one statement."""
    program = binaries() / "pgbench"
    if not program.exists():
        raise NotMeasuredHere("there is no pgbench beside PostgreSQL")
    with psycopg.connect(owner_dsn) as owner:
        owner.execute("DROP TABLE IF EXISTS plain_rows")
        owner.execute(TABLE)
    values = f"(clock_timestamp(), gen_random_uuid(), 1, 'LeadFollowedUp.v1', '\\x{BODY.hex()}')"
    script = folder / f"commit_{rows}.sql"
    columns = "recorded_at, stream, version, topic, data"
    script.write_text(f"INSERT INTO plain_rows ({columns}) VALUES {', '.join([values] * rows)};\n")
    command: list[str | Path] = [
        program,
        "-n",
        "-M",
        "prepared",
        "-c",
        str(clients),
        "-j",
        str(min(clients, 2)),
        "-f",
        script,
    ]

    def run(seconds: float) -> Figures:
        whole = max(FEWEST_SECONDS, round(seconds))
        done = subprocess.run([*command, "-T", str(whole), owner_dsn], check=True, capture_output=True, text=True)
        return {
            "per_second": _number(r"tps = ([\d.]+)", done.stdout) * rows,
            "mean_ms": _number(r"latency average = ([\d.]+)", done.stdout),
        }

    return run


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, text
    return float(found[1])
