"""The projector folds the log into every read model, for as long as it runs; it may die at any instruction.

Start as many as you like: one works on each projection, the others wait to take over.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket

from projections.calendars import calendars
from projections.deadlines import deadlines
from projections.leads import leads
from projections.ledger import ledger
from projections.notices import notices
from projections.organisation import desk, people, sources, teams
from projections.policies import policies, rulebook
from projections.projector import Projection, Projector, ReadOnce
from projections.queues import queues
from projections.timeline import timeline
from services.settings import Settings, as_role
from services.wiring import open_log

PROJECTIONS: tuple[Projection, ...] = (
    people,
    teams,
    desk,
    sources,
    calendars,
    policies,
    rulebook,
    queues,
    leads,
    deadlines,
    notices,
    ledger,
    timeline,
)
ROLE = "leadledger_projector"

logger = logging.getLogger(__name__)


async def project(dsn: str | None) -> None:
    """Keep every projection up to date until cancelled."""
    holder = f"{socket.gethostname()}:{os.getpid()}"
    async with open_log(dsn, ROLE) as store:
        # One process reads the log once, however many projections follow it.
        log = ReadOnce(store)
        async with asyncio.TaskGroup() as projectors:
            for projection in PROJECTIONS:
                projector = Projector(as_role(dsn, ROLE), projection, log, holder=holder)
                projectors.create_task(projector.run(), name=projection.name)
            logger.info("projector %s follows the log", holder)


async def main() -> None:
    """Run until SIGTERM or SIGINT, then give the leases back."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    work = asyncio.create_task(project(settings.projector_dsn or settings.dsn))
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        logger.info("projector stopped")


if __name__ == "__main__":
    asyncio.run(main())
