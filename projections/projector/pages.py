"""The log page by page: small ones while it is quiet, large ones with the next already on its way in catch-up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from domain.event import Event, Recorded
from domain.identity import Position
from projections.projector.log import Log

SMALLEST_BATCH, LARGEST_BATCH = 250, 8_000


class Pages:
    """A place in the log that only moves on."""

    def __init__(self, log: Log, position: Position) -> None:
        self.log, self.position, self.size = log, position, SMALLEST_BATCH
        self._coming: asyncio.Task[Sequence[Recorded[Event]]] | None = None

    async def turn(self) -> Sequence[Recorded[Event]]:
        """The next page, or an empty one at the end."""
        if self._coming is not None:
            coming, self._coming = self._coming, None
            events = await coming
        else:
            events = await self.log.read(self.position, self.size)
        if events:
            self.position = events[-1].position
        if len(events) >= self.size:
            self.size = LARGEST_BATCH
            self._coming = asyncio.create_task(self._read_ahead(self.position, self.size))
        else:
            self.size = SMALLEST_BATCH
        return events

    async def _read_ahead(self, after: Position, limit: int) -> Sequence[Recorded[Event]]:
        return await self.log.read(after, limit)

    async def close(self) -> None:
        """Leave nothing running."""
        if self._coming is not None:
            self._coming.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await self._coming
