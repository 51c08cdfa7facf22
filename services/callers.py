"""Who is calling: the person or service that a key belongs to, and where they stand."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from psycopg import AsyncConnection
from psycopg.errors import UndefinedTable
from psycopg_pool import AsyncConnectionPool

from adapters.credentials import ApiKey
from domain.access import Principal
from domain.identity import PersonId, TeamId
from projections import organisation

REMEMBERED_SECONDS = 2.0
"""A key revoked, a person moved or gone: everybody knows after this time at the latest."""
REMEMBERED_KEYS = 10_000
KEY = re.compile(r"lk_[0-9a-f]{10}_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Standing:
    """Where a person stands: in which team, which teams they answer for, and whether for the whole desk."""

    here: bool
    """False for somebody who has left."""
    team: TeamId | None
    answers_for: frozenset[TeamId]
    answers_for_the_desk: bool = False


class Keys(Protocol):
    """Where keys are kept."""

    async def find(self, key: str) -> ApiKey | None:
        """The key, if it is in force."""
        ...


class Callers:
    """Tells who is calling, and asks again after two seconds at the latest."""

    def __init__(
        self,
        keys: Keys,
        standing: Callable[[PersonId], Awaitable[Standing | None]],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._keys = keys
        self._standing = standing
        self._seconds = seconds
        self._remembered: OrderedDict[bytes, tuple[float, asyncio.Task[Principal | None]]] = OrderedDict()

    async def who(self, key: str) -> Principal | None:
        """The holder of a key that is in force; whoever asks at the same moment waits for the same answer."""
        if KEY.fullmatch(key) is None:
            return None
        place = hashlib.sha256(key.encode()).digest()
        asked_at, answer = self._remembered.get(place, (float("-inf"), None))
        if answer is None or self._seconds() - asked_at >= REMEMBERED_SECONDS:
            answer = self._ask(place, key)
        return answer.result() if answer.done() else await asyncio.shield(answer)

    def _ask(self, place: bytes, key: str) -> asyncio.Task[Principal | None]:
        answer = asyncio.ensure_future(self._find(key))
        self._remembered[place] = (self._seconds(), answer)
        self._remembered.move_to_end(place)
        while len(self._remembered) > REMEMBERED_KEYS:
            self._remembered.popitem(last=False)

        def forget_what_opens_nothing(answer: asyncio.Task[Principal | None]) -> None:
            failed = answer.cancelled() or answer.exception() is not None or answer.result() is None
            if failed and self._remembered.get(place, (0.0, None))[1] is answer:
                del self._remembered[place]

        answer.add_done_callback(forget_what_opens_nothing)
        return answer

    async def _find(self, key: str) -> Principal | None:
        found = await self._keys.find(key)
        if found is None:
            return None
        via = f"key:{found.id}"
        if found.role == "service":
            return Principal(id=found.subject, role="service", via=via, scopes=frozenset(found.scopes))
        standing = await self._standing(PersonId(found.subject))
        if standing is None:
            return Principal(id=found.subject, role=found.role, via=via)
        if not standing.here:
            return None
        return Principal(
            id=found.subject,
            role=found.role,
            via=via,
            team=standing.team,
            answers_for=standing.answers_for,
            answers_for_the_desk=standing.answers_for_the_desk,
        )


def standing(questions: AsyncConnectionPool) -> Callable[[PersonId], Awaitable[Standing | None]]:
    """Ask where a person stands; the read models follow the record within moments."""

    async def ask(person: PersonId) -> Standing | None:
        async with questions.connection() as connection:
            found = await organisation.person(connection, person)
            if found is None:
                return None
            below = await organisation.line_below(connection, person)
            return Standing(found.here, found.team, below, await _has_the_seat(connection, person))

    return ask


async def _has_the_seat(connection: AsyncConnection, person: PersonId) -> bool:
    try:
        seat = await organisation.seat(connection)
    except UndefinedTable:
        # After an update this read model is built from the whole log; meanwhile nobody has the seat, and all go on.
        return False
    return seat is not None and seat.accountable == person
