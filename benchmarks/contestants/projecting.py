"""The projector at work in a process of its own, with every read model, until its input ends."""

from __future__ import annotations

import asyncio
import sys

import uvloop

from adapters.event_store import EventStore
from adapters.postgres_recorder import PostgresRecorder
from benchmarks.contestants.answering import Figures, Wish, answer_async
from benchmarks.contestants.folding import PROJECTIONS
from projections.projector import Freshness, Projector, ReadOnce


async def project(dsn: str) -> None:
    """Follow the log; asked, answer when everything that stands in it has been folded."""
    async with EventStore(PostgresRecorder(dsn)) as events, Freshness(dsn) as freshness:
        log = ReadOnce(events)
        projectors = [Projector(dsn, projection, log, holder="benchmark") for projection in PROJECTIONS.values()]
        at_work = [asyncio.create_task(projector.run()) for projector in projectors]

        async def run(wish: Wish) -> Figures:
            head = await events.head()
            for name in PROJECTIONS:
                assert await freshness.wait_for(name, head, timeout_seconds=wish["seconds"]), name
            return {"position": head}

        await answer_async(run)
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


if __name__ == "__main__":
    uvloop.run(project(sys.argv[1]))
