"""A projector may be killed, stopped or cut off at any instruction: every event counts once, whatever happens."""

import asyncio
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import AsyncConnection

from adapters.event_store import EventStore
from adapters.postgres_recorder import PostgresRecorder
from domain.event import Event
from domain.identity import Position, StreamId
from domain.lead.events import LeadAssigned, LeadContacted, LeadCreated, LeadReplied
from domain.log import Append, Appended
from projections.leads import leads
from projections.projector import Freshness, Projection, rebuild, status
from projections.projector.batch import Footing, stand
from projections.projector.lease import take
from projections.projector.schema import connect, install
from projections.queues import queues
from projections.timeline import timeline
from services.settings import as_role
from tests.projections.scripted_log import ScriptedLog, caught_up, following, minutes, reached, rows_of
from tests.support.examples import BY_MACHINE, BY_MANAGER, BY_REP, NINE, NORTH, REP

ALL: list[Projection] = [queues, leads, timeline]
TABLES = [table.name for projection in ALL for table in projection.tables]
LEADS = 2_000
PATIENCE_SECONDS = 60.0


@pytest.fixture
async def store(database: str) -> AsyncIterator[EventStore]:
    async with EventStore(PostgresRecorder(database)) as store:
        yield store


@contextmanager
def projector_process(dsn: str, holder: str) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "tests.projections.one_projector", dsn, holder]
    with subprocess.Popen(command) as process:
        try:
            yield process
        finally:
            process.kill()


def life(number: int, *, late: int) -> tuple[Event, ...]:
    at = NINE + minutes(number)
    return (
        LeadCreated(at=at, by=BY_MACHINE, team=NORTH),
        LeadAssigned(at=at + minutes(1), by=BY_MANAGER, to=REP, team=NORTH),
        LeadContacted(at=at + minutes(3), by=BY_REP, made_by=REP, channel="call", outcome="reached"),
        LeadReplied(at=at + minutes(4 - late), by=BY_MACHINE, channel="email"),
    )


async def live(store: EventStore, numbers: range) -> Position:
    """Tell these leads' lives, one event of each at a time, a quarter of them with something late."""
    position = Position(0)
    for version in range(4):
        answers = await asyncio.gather(
            *(
                store.append(
                    Append(
                        command_id=uuid4(),
                        fingerprint=bytes(32),
                        stream=StreamId(UUID(int=number + 1)),
                        expected_version=version,
                        events=(life(number, late=2 * (number % 4 == 0))[version],),
                    )
                )
                for number in numbers
            )
        )
        position = max(answer.position for answer in answers if isinstance(answer, Appended))
    return position


async def all_reached(dsn: str, position: Position) -> None:
    async with Freshness(dsn) as freshness:
        for projection in ALL:
            assert await freshness.wait_for(projection.name, position, PATIENCE_SECONDS), projection.name


async def every_row(dsn: str) -> dict[str, list[tuple[Any, ...]]]:
    return {table: await rows_of(dsn, table) for table in TABLES}


async def is_what_a_fold_gives(dsn: str, store: EventStore) -> None:
    found = await every_row(dsn)
    assert len(found["timeline"]) == await store.head()
    for projection in ALL:
        await rebuild(dsn, projection, store, holder="judge")
    assert await every_row(dsn) == found


async def some_progress_beyond(dsn: str, position: int, head: int) -> bool:
    """Wait until some projection is further than this; False if there is nothing further."""
    if position >= head:
        return False
    async with Freshness(dsn) as freshness:
        waits = [freshness.wait_for(one.name, Position(position + 1), PATIENCE_SECONDS) for one in ALL]
        tasks = [asyncio.create_task(wait) for wait in waits]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
    return True


async def furthest(dsn: str) -> int:
    async with await AsyncConnection.connect(dsn) as connection:
        return max((one.position for one in await status(connection, Position(0))), default=Position(0))


async def test_killed_again_and_again_it_counts_every_event_once(database: str, store: EventStore) -> None:
    head = await live(store, range(LEADS))
    luck = random.Random(7)
    killed_at = [0]
    for attempt in range(8):
        with projector_process(database, f"attempt-{attempt}") as process:
            if not await some_progress_beyond(database, killed_at[-1], head):
                break
            # Anywhere within the next batches.
            await asyncio.sleep(luck.uniform(0, 0.03))
            process.kill()
        killed_at.append(await furthest(database))
    assert len(killed_at) > 3, f"too quick to be killed in the middle of it: {killed_at}"
    with projector_process(database, "survivor"):
        await all_reached(database, head)
    await is_what_a_fold_gives(database, store)


async def test_who_was_stopped_past_the_lease_cannot_write_when_woken(database: str, store: EventStore) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(projector_process(database, "first"))
        await all_reached(database, await live(store, range(100)))
        telling = asyncio.create_task(live(store, range(100, 400)))
        await some_progress_beyond(database, 450, 1600)
        first.send_signal(signal.SIGSTOP)
        stack.enter_context(projector_process(database, "second"))
        await all_reached(database, await telling)
        first.send_signal(signal.SIGCONT)
        await all_reached(database, await live(store, range(400, 500)))
        async with await AsyncConnection.connect(database) as connection:
            assert {one.holder for one in await status(connection, await store.head())} == {"second"}
        assert first.poll() is None, "who lost the lease waits for it, and does not die"
    await is_what_a_fold_gives(database, store)


@pytest.mark.parametrize("role", [None, "leadledger_projector"])
@pytest.mark.parametrize("in_the_middle_of", ["a transaction", "a copy"])
async def test_who_was_stopped_with_rows_locked_is_cut_off(
    database: str, role: str | None, in_the_middle_of: str
) -> None:
    dsn = as_role(database, role) if role else database
    log = ScriptedLog()
    log.tell(LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH))
    stopped = await connect(dsn)
    await install(stopped, timeline)
    async with await connect(dsn) as aside:
        await aside.execute("INSERT INTO read.leases (name) VALUES ('timeline')")
        lease = await take(aside, "timeline", "stopped", stopped, seconds=60)
        assert lease is not None
        await aside.execute("UPDATE read.progress SET epoch = %s", [lease.epoch])
        await stopped.execute("BEGIN")
        await stand(stopped, Footing(timeline, 1, lease.epoch), Position(0))
        if in_the_middle_of == "a copy":
            stopped.pgconn.send_query(b"COPY read.timeline_g1 FROM STDIN")
        # More than a minute later:
        await aside.execute("UPDATE read.leases SET expires_at = '-infinity'")
        await caught_up(dsn, timeline, log)
        found = await aside.execute("SELECT FROM pg_stat_activity WHERE pid = %s", [stopped.info.backend_pid])
        assert not await found.fetchall()
    await stopped.close()
    assert len(await rows_of(database, "timeline")) == 1


async def test_it_goes_on_by_itself_when_the_database_comes_back(database: str) -> None:
    log = ScriptedLog()
    log.tell(LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH))
    async with following(database, timeline, log, lease_seconds=1.0):
        for number in range(1, 6):
            await reached(database, timeline, await log.head())
            async with await AsyncConnection.connect(database, autocommit=True) as connection:
                await connection.execute(
                    """
                    SELECT pg_terminate_backend(pid)
                    FROM pg_stat_activity
                    WHERE datname = current_database()
                      AND pid <> pg_backend_pid()
                    """
                )
            await log.tell_followers(LeadReplied(at=NINE + minutes(number), by=BY_MACHINE, channel="sms"))
        await reached(database, timeline, await log.head())
    assert len(await rows_of(database, "timeline")) == 6


async def test_the_one_that_stops_lets_the_next_one_have_the_lease_at_once(database: str) -> None:
    log = ScriptedLog()
    log.tell(LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH))
    async with following(database, queues, log, holder="second", lease_seconds=600):
        await reached(database, queues, Position(1))
        async with following(database, queues, log, holder="third", lease_seconds=600):
            pass
    async with following(database, queues, log, holder="fourth", lease_seconds=600):
        await log.tell_followers(LeadReplied(at=NINE + minutes(1), by=BY_MACHINE, channel="sms"))
        await reached(database, queues, Position(2))
