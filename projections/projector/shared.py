"""Several projections in one process read the log once: who stands where another stood a moment ago gets its page."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from domain.event import Event, Recorded
from domain.identity import Position, StreamId
from projections.projector.log import Log

PAGES_KEPT = 4


class ReadOnce:
    """A log in front of another that remembers its last few pages."""

    def __init__(self, log: Log) -> None:
        self.log = log
        self._pages: dict[tuple[Position, int], asyncio.Task[Sequence[Recorded[Event]]]] = {}

    async def read(self, after: Position, limit: int) -> Sequence[Recorded[Event]]:
        """The next facts; facts do not change, so only an empty or failed page is worth reading again."""
        key = (after, limit)
        page = self._pages.get(key)
        if page is None:
            page = self._pages[key] = asyncio.create_task(self._read(after, limit))
            while len(self._pages) > PAGES_KEPT:
                del self._pages[next(iter(self._pages))]
        try:
            # Whoever is cancelled while waiting does not take the page away from the others.
            events = await asyncio.shield(page)
        except Exception:
            self._pages.pop(key, None)
            raise
        if not events and self._pages.get(key) is page:
            del self._pages[key]
        return events

    async def _read(self, after: Position, limit: int) -> Sequence[Recorded[Event]]:
        return await self.log.read(after, limit)

    async def wait(self, after: Position, timeout_seconds: float) -> bool:
        """As the log itself."""
        return await self.log.wait(after, timeout_seconds)

    async def head(self) -> Position:
        """As the log itself."""
        return await self.log.head()

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> dict[StreamId, list[Recorded[Event]]]:
        """As the log itself."""
        return await self.log.load(streams)
