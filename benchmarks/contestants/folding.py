"""Our projections as contestants: one read model is folded from the whole log, beside the one in force."""

from __future__ import annotations

import asyncio
import sys
import time

from adapters.event_store import EventStore
from adapters.postgres_recorder import PostgresRecorder
from benchmarks.contestants.answering import Figures, Wish, answer_async
from projections.projector import rebuild
from services.projector import PROJECTIONS

BY_NAME = {projection.name: projection for projection in PROJECTIONS}


async def compete(dsn: str) -> None:
    """Fold until told to stop."""
    async with EventStore(PostgresRecorder(dsn)) as log:
        events = await log.head()

        async def run(wish: Wish) -> Figures:
            started = time.perf_counter()
            await rebuild(dsn, BY_NAME[wish["projection"]], log, holder="benchmark")
            return {"per_second": events / (time.perf_counter() - started)}

        await answer_async(run)


if __name__ == "__main__":
    asyncio.run(compete(sys.argv[1]))
