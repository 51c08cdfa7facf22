"""A caller who reads back what it wrote: how long the append takes, and how long until the read model shows it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import uvloop

from adapters.event_store import EventStore
from adapters.postgres_recorder import PostgresRecorder
from benchmarks.contestants.answering import Figures, Wish, answer_async, figures
from benchmarks.contestants.desk import BEFORE, REP, TEAM
from domain.event import Actor
from domain.identity import StreamId
from domain.lead.events import LeadAssigned, LeadContacted, LeadCreated
from domain.log import Append, Appended
from projections.projector import Freshness

BY = Actor(REP, "rep", "key:lk_3f9a1c")
LIFE = (
    LeadCreated(at=BEFORE, by=BY, team=TEAM),
    LeadAssigned(at=BEFORE, by=BY, to=REP, team=TEAM),
    LeadContacted(at=BEFORE, by=BY, made_by=REP, channel="call", outcome="reached"),
)
PATIENCE_SECONDS = 10.0


async def compete(dsn: str) -> None:
    """Write and read back until told to stop."""
    async with EventStore(PostgresRecorder(dsn)) as log, Freshness(dsn) as freshness:

        async def run(wish: Wish) -> Figures:
            appended, visible = list[float](), list[float]()

            async def work() -> None:
                write = writer(log)
                while (asked := time.perf_counter()) < end:
                    answer = await write()
                    assert isinstance(answer, Appended)
                    appended.append(time.perf_counter() - asked)
                    assert await freshness.wait_for(wish["projection"], answer.position, PATIENCE_SECONDS)
                    visible.append(time.perf_counter() - asked)

            started = time.perf_counter()
            end = started + wish["seconds"]
            await asyncio.gather(*(work() for _ in range(wish["in_flight"])))
            seconds = time.perf_counter() - started
            append, shown = figures(appended, seconds), figures(visible, seconds)
            return {
                "visible_p99_ms": shown["p99_ms"],
                "visible_p50_ms": shown["p50_ms"],
                "append_p50_ms": append["p50_ms"],
                "append_p99_ms": append["p99_ms"],
                "per_second": append["per_second"],
            }

        await answer_async(run)


def writer(log: EventStore) -> Callable[[], Awaitable[object]]:
    """Lead after lead, an event a request."""
    stream, version = StreamId(uuid4()), 0

    def write() -> Awaitable[object]:
        nonlocal stream, version
        if version == len(LIFE):
            stream, version = StreamId(uuid4()), 0
        event, version = LIFE[version], version + 1
        return log.append(
            Append(
                command_id=uuid4(), fingerprint=bytes(32), stream=stream, expected_version=version - 1, events=(event,)
            )
        )

    return write


if __name__ == "__main__":
    uvloop.run(compete(sys.argv[1]))
