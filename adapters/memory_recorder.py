"""The log in memory, for tests: the same verdicts over the eventsourcing library's own in-memory recorder."""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from eventsourcing.popo import POPOApplicationRecorder

from adapters.codec import stamp
from adapters.recorder import Missed, Request, Row
from domain.identity import Position, StreamId
from domain.log import Appended, CommandIdReused, SealedRow, WrappedKey


def _now() -> datetime:
    return datetime.now(UTC)


class MemoryRecorder:
    """Judges one request after the other, as the database does under its lock."""

    def __init__(self, clock: Callable[[], datetime] = _now, *, stamped: bool = True) -> None:
        self.on_reconnect: Callable[[], None] | None = None
        self.wrapped_keys: dict[UUID, WrappedKey] = {}
        self.sealed_rows: dict[UUID, SealedRow] = {}
        self._clock = clock
        self._stamped = stamped
        self._events = POPOApplicationRecorder()
        self._recorded_at: list[datetime] = []
        self._positions: dict[UUID, list[int]] = {}
        self._commands: dict[UUID, tuple[bytes, Appended]] = {}
        self._news = asyncio.Event()

    async def open(self) -> None:
        """Nothing needs to be opened."""

    async def close(self) -> None:
        """Nothing needs to be closed, and what was recorded can still be read."""

    async def append(self, request: Request) -> Appended | Missed:
        """Store all of the request or nothing."""
        if known := self._commands.get(request.command_id):
            fingerprint, answer = known
            if fingerprint != request.fingerprint:
                raise CommandIdReused
            return answer
        looked_at = {(request.stream, request.expected_version), *request.guards}
        if any(self._version(stream) != version for stream, version in looked_at):
            return Missed(sorted(row for stream, version in looked_at for row in self._after(stream, version)))
        self._store(request)
        version = request.expected_version + len(request.data)
        answer = Appended(version, Position(len(self._recorded_at)), request.topics)
        repeated = Appended(answer.version, answer.position, answer.topics, repeated=True)
        self._commands[request.command_id] = (request.fingerprint, repeated)
        self._news.set()
        self._news = asyncio.Event()
        return answer

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> list[Row]:
        """What stands in each stream after a version."""
        return [row for stream, version in streams for row in self._after(stream, version)]

    async def find_command(self, command_id: UUID) -> tuple[bytes, Appended] | None:
        """The fingerprint and the first answer of a command."""
        return self._commands.get(command_id)

    async def read(self, after: int, limit: int) -> list[Row]:
        """What stands after a position."""
        found = self._events.select_notifications(after, limit, inclusive_of_start=False)
        return [self._row(event.id) for event in found]

    async def head(self) -> Position:
        """The last position."""
        return Position(len(self._recorded_at))

    async def position_known_by(self, instant: datetime) -> Position:
        """The last position that was recorded at or before an instant."""
        return Position(bisect_right(self._recorded_at, instant))

    async def wait(self, after: int, timeout_seconds: float) -> bool:
        """Wait until something stands after a position."""
        try:
            async with asyncio.timeout(timeout_seconds):
                while len(self._recorded_at) <= after:
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    def _store(self, request: Request) -> None:
        now = max([self._clock(), *self._recorded_at[-1:]])
        beginning = stamp(now) if self._stamped else b""
        self._events.insert_events(
            [
                StoredEvent(request.stream, version, topic, beginning + data)
                for version, (topic, data) in enumerate(
                    zip(request.topics, request.data, strict=True), start=request.expected_version + 1
                )
            ]
        )
        for _ in request.data:
            self._recorded_at.append(now)
            self._positions.setdefault(request.stream, []).append(len(self._recorded_at))
        self.wrapped_keys.update((key.key_id, key) for key in request.keys)
        self.sealed_rows.update((row.ref, row) for row in request.sealed)

    def _version(self, stream: UUID) -> int:
        return len(self._positions.get(stream, ()))

    def _after(self, stream: UUID, version: int) -> Iterator[Row]:
        return map(self._row, self._positions.get(stream, ())[version:])

    def _row(self, position: int) -> Row:
        [event] = self._events.select_notifications(position, 1)
        stream = event.originator_id
        assert isinstance(stream, UUID)  # noqa: S101 - we put it there
        return Row(
            position, stream, event.originator_version, event.topic, event.state, self._recorded_at[position - 1]
        )
