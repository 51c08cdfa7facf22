"""What a projector asks of the log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from domain.event import Event, Recorded
from domain.identity import Position, StreamId


class Log(Protocol):
    """The facts in the order of their positions, dense and decoded; what cannot be decoded comes as `Unreadable`."""

    async def read(self, after: Position, limit: int) -> Sequence[Recorded[Event]]:
        """The next facts beyond a position."""

    async def wait(self, after: Position, timeout_seconds: float) -> bool:
        """Return as soon as something lies beyond a position; False when nothing came in time."""

    async def head(self) -> Position:
        """The last position there is."""

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> dict[StreamId, list[Recorded[Event]]]:
        """What each of these streams tells after the version beside it, in order."""
