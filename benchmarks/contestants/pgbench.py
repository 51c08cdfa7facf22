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
PATIENCE = (1, 4, 16)
"""On a machine so busy that nothing was committed in its time it gets so many times as much."""


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
        for patience in PATIENCE:
            time = ["-T", str(patience * whole)]
            said = subprocess.run([*command, *time, owner_dsn], check=True, capture_output=True, text=True).stdout
            if _number(r"actually processed: (\d+)", said) > 0:
                break
        return {
            "per_second": _number(r"tps = ([\d.]+)", said) * rows,
            "mean_ms": _number(r"latency average = ([\d.]+)", said),
        }

    return run


def _number(pattern: str, text: str) -> float:
    found = re.search(pattern, text)
    assert found, text
    return float(found[1])
