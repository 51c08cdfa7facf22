"""The log for tests: in memory and in PostgreSQL, empty, and held to the same promises."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.conninfo import make_conninfo

from adapters.event_store import EventStore
from adapters.memory_recorder import MemoryRecorder
from adapters.postgres_recorder import PostgresRecorder
from domain.event import Event
from domain.identity import StreamId
from domain.lead.events import LeadAssigned
from domain.log import Append, Appended
from tests.support.examples import EXAMPLES

ASSIGNED = EXAMPLES[LeadAssigned]


@pytest.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[EventStore]:
    if request.param == "memory":
        async with EventStore(MemoryRecorder(_ticking())) as opened:
            yield opened
    else:
        async with postgres_store(request.getfixturevalue("database")) as opened:
            yield opened


@pytest.fixture
def desk_dsn(database: str) -> str:
    """The address by which processes that append come in."""
    return as_desk(database)


@asynccontextmanager
async def postgres_store(dsn: str, **settings: float) -> AsyncIterator[EventStore]:
    async with EventStore(PostgresRecorder(as_desk(dsn), **settings)) as opened:  # type: ignore[arg-type]
        yield opened


def as_desk(dsn: str) -> str:
    return make_conninfo(dsn, options="-c role=leadledger_desk")


def an_append(stream: UUID | None = None, after: int = 0, *events: Event, **differently: object) -> Append:
    """One command's outcome, of one event unless others are given."""
    append = Append(
        command_id=uuid4(),
        fingerprint=b"f" * 32,
        stream=StreamId(stream or uuid4()),
        expected_version=after,
        events=events or (ASSIGNED,),
    )
    return replace(append, **differently)  # type: ignore[arg-type]


async def grown(store: EventStore, stream: UUID, events: int) -> Appended:
    """A stream with so many events."""
    answer = await store.append(an_append(stream, 0, *[ASSIGNED] * events))
    assert isinstance(answer, Appended)
    return answer


def _ticking() -> Callable[[], datetime]:
    now = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def tick() -> datetime:
        nonlocal now
        now += timedelta(milliseconds=1)
        return now

    return tick
