"""The processes of the race: writers that get in one another's way, and a reader at their heels."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from uuid import NAMESPACE_OID, UUID, uuid4, uuid5

from domain.identity import Position
from domain.log import Appended, Conflict
from tests.support.logs import ASSIGNED, an_append, postgres_store

SHARED = [uuid5(NAMESPACE_OID, f"shared-{number}") for number in range(8)]
"""Streams that all writers want."""
GIVE_UP_AFTER_SECONDS = 120


def write(dsn: str, process: int, tasks: int, events: int) -> int:
    """As many tasks as are asked for append at least so many events together; returns how many it was."""
    return asyncio.run(_write(dsn, process, tasks, events))


def tail(dsn: str, until: int) -> "Seen":
    """Read at the writers' heels until so many events were seen."""
    return asyncio.run(_tail(dsn, until))


@dataclass
class Seen:
    events: int = 0
    out_of_place: list[tuple[int, int]] = field(default_factory=list)
    """Each position that was not the one after the last."""
    versions_out_of_place: int = 0


async def _write(dsn: str, process: int, tasks: int, events: int) -> int:
    written = 0

    async with postgres_store(dsn, give_up_after_seconds=60) as store:

        async def writer(number: int) -> None:
            nonlocal written
            random = Random(1000 * process + number)
            known = dict.fromkeys(SHARED, 0)
            while written < events:
                shared = random.random() < 0.1
                stream = random.choice(SHARED) if shared else uuid4()
                count = 1 if shared else random.choice((1, 2, 5, 10, 20, 40))
                answer = await store.append(an_append(stream, known.get(stream, 0), *[ASSIGNED] * count))
                match answer:
                    case Conflict() if shared:
                        known[stream] = answer.missing[-1].version
                    case Appended() if shared:
                        known[stream] = answer.version
                        written += count
                    case Appended():
                        written += count

        async with asyncio.timeout(GIVE_UP_AFTER_SECONDS), asyncio.TaskGroup() as group:
            for number in range(tasks):
                group.create_task(writer(number))
    return written


async def _tail(dsn: str, until: int) -> Seen:
    seen = Seen()
    position = 0
    versions: dict[UUID, int] = {}
    async with postgres_store(dsn) as store, asyncio.timeout(GIVE_UP_AFTER_SECONDS):
        while seen.events < until:
            await store.wait(Position(position), timeout_seconds=5)
            for one in await store.read(Position(position), limit=5000):
                if one.position != position + 1:
                    seen.out_of_place.append((position, one.position))
                if one.version != versions.get(one.stream, 0) + 1:
                    seen.versions_out_of_place += 1
                position, versions[one.stream] = one.position, one.version
                seen.events += 1
    return seen
