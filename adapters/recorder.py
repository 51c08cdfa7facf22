"""What the log is made of below the events: requests and rows of plain bytes, and who can keep them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

from domain.identity import Position, StreamId
from domain.log import Appended, SealedRow, WrappedKey


class Request(NamedTuple):
    """An append whose events are bytes already."""

    command_id: UUID
    fingerprint: bytes
    stream: UUID
    expected_version: int
    topics: tuple[str, ...]
    data: tuple[bytes, ...]
    """A recorder that stamps puts `{"recorded_at":"…",` before each."""
    guards: Sequence[tuple[UUID, int]] = ()
    keys: Sequence[WrappedKey] = ()
    sealed: Sequence[SealedRow] = ()


class Row(NamedTuple):
    """An event as it is stored."""

    position: int
    stream: UUID
    version: int
    topic: str
    data: bytes
    recorded_at: datetime


class Missed(NamedTuple):
    """The verdict that somebody was first, with the rows that the sender did not know."""

    rows: list[Row]


class Recorder(Protocol):
    """Keeps the log: in PostgreSQL, or in memory for tests."""

    on_reconnect: Callable[[], None] | None
    """Called when the recorder may have missed what others did, so that nobody trusts what they remember."""

    async def open(self) -> None:
        """Begin to work; connections are made when they are needed."""

    async def close(self) -> None:
        """End; what waits learns that the log is unavailable."""

    async def append(self, request: Request) -> Appended | Missed:
        """Store all of the request or nothing; raises CommandIdReused and LogUnavailable."""

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> list[Row]:
        """Fetch what stands in each stream after a version, each stream in order."""

    async def find_command(self, command_id: UUID) -> tuple[bytes, Appended] | None:
        """Fetch the fingerprint and the first answer of a command."""

    async def read(self, after: int, limit: int) -> list[Row]:
        """Fetch what is durable after a position, in order; fewer than `limit` rows do not mean that it is all."""

    async def head(self) -> Position:
        """Tell the last position that can be seen, 0 in an empty log."""

    async def position_known_by(self, instant: datetime) -> Position:
        """Tell the last position that was recorded at or before an instant."""

    async def wait(self, after: int, timeout_seconds: float) -> bool:
        """Wait until something stands after a position, and tell whether it does."""
