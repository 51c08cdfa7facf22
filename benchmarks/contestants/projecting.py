"""The projector at work in a process of its own, with every read model, until its input ends."""

from __future__ import annotations

import asyncio
import sys

from benchmarks.contestants.answering import Figures, Wish, answer_async
from projections.projector import Freshness
from services.projector import PROJECTIONS, project
from services.wiring import open_log


async def compete(dsn: str) -> None:
    """Follow the log; asked, answer when everything that stands in it has been folded."""
    async with open_log(dsn, "leadledger_projector") as log, Freshness(dsn) as freshness:
        at_work = asyncio.create_task(project(dsn))

        async def run(wish: Wish) -> Figures:
            head = await log.head()
            for projection in PROJECTIONS:
                assert await freshness.wait_for(projection.name, head, timeout_seconds=wish["seconds"]), projection.name
            return {"position": head}

        await answer_async(run)
        at_work.cancel()
        await asyncio.gather(at_work, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(compete(sys.argv[1]))
