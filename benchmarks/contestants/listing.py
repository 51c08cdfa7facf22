"""The list of deadlines kept up by a projector in a process of its own, until its input ends."""

from __future__ import annotations

import asyncio
import sys

from benchmarks.contestants.answering import Figures, Wish, answer_async
from projections.deadlines import deadlines
from projections.projector import Projector
from services.settings import as_role
from services.wiring import open_log

ROLE = "leadledger_projector"


async def compete(dsn: str) -> None:
    """Follow the log; there is nothing to ask."""
    async with open_log(dsn, ROLE) as log:
        at_work = asyncio.create_task(Projector(as_role(dsn, ROLE), deadlines, log, holder="benchmark").run())

        async def run(wish: Wish) -> Figures:
            return {"position": await log.head()}

        await answer_async(run)
        at_work.cancel()
        await asyncio.gather(at_work, return_exceptions=True)


if __name__ == "__main__":
    asyncio.run(compete(sys.argv[1]))
