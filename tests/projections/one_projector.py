"""A process with one projector for each read model, small batches and a short lease; made to be killed."""

import asyncio
import sys

from adapters.event_store import EventStore
from adapters.postgres_recorder import PostgresRecorder
from projections.leads import leads
from projections.projector import Projector, ReadOnce, pages
from projections.queues import queues
from projections.timeline import timeline

LEASE_SECONDS = 1.0


async def project(dsn: str, holder: str) -> None:
    pages.SMALLEST_BATCH, pages.LARGEST_BATCH = 20, 100
    async with EventStore(PostgresRecorder(dsn)) as store, asyncio.TaskGroup() as projectors:
        log = ReadOnce(store)
        for projection in (queues, leads, timeline):
            projector = Projector(dsn, projection, log, holder=holder, lease_seconds=LEASE_SECONDS)
            projectors.create_task(projector.run())


if __name__ == "__main__":
    asyncio.run(project(*sys.argv[1:]))
