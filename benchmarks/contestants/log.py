"""Our log as a contestant: with everything on, as each process of the product runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable
from uuid import UUID

import uvloop

from adapters.postgres_recorder import PostgresRecorder
from adapters.recorder import Request
from benchmarks.contestants.answering import BODY, Figures, Streams, Wish, answer_async, in_tasks


async def compete(dsn: str) -> None:
    """Append until told to stop."""
    log = PostgresRecorder(dsn)
    await log.open()

    async def run(wish: Wish) -> Figures:
        events = int(wish["events"])
        topics, data = ("LeadFollowedUp.v1",) * events, (BODY[1:],) * events

        def client() -> Callable[[], Awaitable[object]]:
            streams = Streams()

            def append() -> Awaitable[object]:
                stream, version = streams.place_for(events)
                return log.append(Request(UUID(bytes=os.urandom(16)), FINGERPRINT, stream, version, topics, data))

            return append

        return await in_tasks(client, wish)

    await answer_async(run)
    await log.close()


FINGERPRINT = bytes(32)

if __name__ == "__main__":
    uvloop.run(compete(sys.argv[1]))
