"""Pages of a queue and of a timeline: do they take longer where there are a hundred times as many leads?"""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import psycopg

from adapters.vault import KeyFile
from benchmarks.contestant import Contestant
from benchmarks.ground import Database, Ground
from benchmarks.listening import listening
from benchmarks.lives import REPS, fill, rep
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Race, Side, console, race
from services.projector import PROJECTIONS
from services.settings import Settings
from services.wiring import open_office

FEW, MANY = 10_000, 1_000_000
SAME = Target(at_most=1.5)
QUESTIONS = (
    "my queue, first page",
    "my queue, deep page",
    "team queue, first page",
    "team queue, deep page",
    "team's unassigned, first page",
    "desk queue, first page",
    "timeline, first page",
    "timeline, deep page",
)
FOLDED_TOGETHER = (
    ("leads", "people"),
    ("queues", "timeline"),
    ("teams", "desk", "sources", "calendars", "policies", "rulebook", "deadlines", "ledger", "notices"),
)
STORIES = 500
LONGEST_SECONDS = 1.0
"""Thousands of pages, which is enough for a median."""


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """Each question of both, in turn; then two of them through the API."""
    pace = replace(pace, seconds=min(pace.seconds, LONGEST_SECONDS))
    few, many = pace.many(FEW, at_least=100), pace.many(pace.leads or MANY, at_least=200)
    small, large = f"{few:,} leads", f"{many:,} leads"
    with ExitStack() as stack:
        databases = {small: _filled(ground, few, stack), large: _filled(ground, many, stack)}
        readers = {
            leads: stack.enter_context(Contestant.of("reading_pages", database.desk_dsn))
            for leads, database in databases.items()
        }
        rows = []
        for question in QUESTIONS:
            done = race(question, {leads: _ask(readers[leads], question) for leads in readers}, pace)
            rows.append(_row(f"{question}, {large}", small, large, done))

        apis = {leads: _api(ground, database, stack) for leads, database in databases.items()}
        for question in ("GET /queues/{person}", "GET /leads/{id}/timeline"):
            sides = {leads: _call(apis[leads], databases[leads], question, ground, stack) for leads in apis}
            rows.append(_row(f"{question}, {large}", small, large, race(question, sides, pace)))
        return rows


def _row(name: str, small: str, large: str, done: Race) -> Row:
    return done.compare(name, f"the same at {small}", target=SAME, figure="p50_ms", ours=large, theirs=small)


def _ask(reader: Contestant, question: str) -> Side:
    return lambda seconds: reader.run(question=question, seconds=seconds)


def _filled(ground: Ground, leads: int, stack: ExitStack) -> Database:
    """A database whose read models were folded from the log as the projector folds them."""
    database = stack.enter_context(ground.database())
    events = fill(database.owner_dsn, leads)
    console.print(f"{leads:,} leads with {events:,} events are in the log")
    with ExitStack() as folders:
        at_work = []
        for names in FOLDED_TOGETHER:
            folder = folders.enter_context(Contestant.of("folding", database.projector_dsn))
            for name in names:
                folder.tell({"projection": name})
            at_work.append((folder, names))
        for folder, names in at_work:
            for name in names:
                console.print(f"{name}: folded, {folder.hear()['per_second']:,.0f} events a second")
    assert {projection.name for projection in PROJECTIONS} == {name for names in FOLDED_TOGETHER for name in names}
    with psycopg.connect(database.owner_dsn, autocommit=True) as owner:
        # What autovacuum does within minutes of such a load.
        owner.execute("VACUUM ANALYZE")
        owner.execute("CHECKPOINT")
    return database


def _api(ground: Ground, database: Database, stack: ExitStack) -> tuple[int, str]:
    """The API over this database, and a key that may ask."""
    vault_key = ground.folder / f"{database.name}.key"
    key = asyncio.run(_key(database, vault_key))
    port = stack.enter_context(
        listening(
            lambda port: ["env", f"LEADLEDGER_PORT={port}", sys.executable, "-m", "services.api"],
            {
                "LEADLEDGER_DSN": database.owner_dsn,
                "LEADLEDGER_VAULT_KEY_FILE": str(vault_key),
                "LEADLEDGER_LOG_LEVEL": "warning",
            },
        )
    )
    return port, key


async def _key(database: Database, vault_key: Path) -> str:
    KeyFile.create(vault_key, datetime.now(UTC))
    async with open_office(Settings(dsn=database.owner_dsn, vault_key_file=vault_key)) as office:
        _, key = await office.credentials.create(
            "reporting", "service", scopes=["queue.see", "lead.see"], created_by="benchmark", expires_at=None
        )
        return key


def _call(api: tuple[int, str], database: Database, question: str, ground: Ground, stack: ExitStack) -> Side:
    port, key = api
    if question == "GET /queues/{person}":
        paths = [f"/queues/{quote(rep(number))}" for number in range(REPS)]
    else:
        with psycopg.connect(database.owner_dsn) as owner:
            drawn = owner.execute(
                "SELECT stream FROM read.timeline WHERE version = 2 ORDER BY md5(stream::text) LIMIT %s", [STORIES]
            )
            paths = [f"/leads/{stream}/timeline" for (stream,) in drawn]
    asked_for = ground.folder / f"{database.name}_{len(paths)}"
    asked_for.write_text("\n".join(paths), encoding="utf-8")
    client = stack.enter_context(Contestant.of("http_client", str(port), asked_for))
    headers = {"Authorization": f"Bearer {key}"}
    return lambda seconds: client.run(in_flight=1, seconds=seconds, method="GET", headers=headers)
