"""The log as the rest of the program knows it: events in, events out, whoever keeps the bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

from adapters.codec import decode, encode, heading
from adapters.recorder import Missed, Recorder, Request
from domain.event import Event, Recorded
from domain.identity import Position, StreamId
from domain.log import Append, Appended, CommandIdReused, Conflict


class EventStore:
    """Open it before use and close it afterwards, or use it in `async with`."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Begin to work; connections are made when they are needed."""
        await self._recorder.open()

    async def close(self) -> None:
        """End; whoever still waits is told that the log is unavailable."""
        await self._recorder.close()

    def on_reconnect(self, forget: Callable[[], None]) -> None:
        """Have this called whenever a connection was lost, since others may have written unseen."""
        self._recorder.on_reconnect = forget

    async def append(self, request: Append) -> Appended | Conflict:
        """Store the events of one command if nothing has changed; raises CommandIdReused and LogUnavailable."""
        beginning = heading(request.command_id, request.caused_by)
        forms = [encode(event, beginning) for event in request.events]
        answer = await self._recorder.append(
            Request(
                request.command_id,
                request.fingerprint,
                request.stream,
                request.expected_version,
                tuple([topic for topic, _ in forms]),
                tuple([data for _, data in forms]),
                request.guards,
                request.keys,
                request.sealed,
            )
        )
        if isinstance(answer, Missed):
            return Conflict(tuple([decode(row) for row in answer.rows]))
        return answer

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> dict[StreamId, list[Recorded[Event]]]:
        """What stands in each of the streams after the version beside it, in order; raises LogUnavailable."""
        found: dict[StreamId, list[Recorded[Event]]] = {stream: [] for stream, _ in streams}
        for row in await self._recorder.load(streams):
            found[StreamId(row.stream)].append(decode(row))
        return found

    async def find_command(self, command_id: UUID, fingerprint: bytes) -> Appended | None:
        """How this command was answered, if it ever was; raises CommandIdReused if it was another wish."""
        found = await self._recorder.find_command(command_id)
        if found is None:
            return None
        fingerprint_then, answer = found
        if fingerprint_then != fingerprint:
            raise CommandIdReused
        return answer

    async def read(self, after: Position, limit: int = 1000) -> list[Recorded[Event]]:
        """What stands after a position and can no longer be lost, in order.

        Nothing means that there is nothing yet; fewer than `limit` do not mean that it is all. An event that cannot be
        read comes as Unreadable.
        """
        return [decode(row) for row in await self._recorder.read(after, limit)]

    async def head(self) -> Position:
        """The last position that can be seen, 0 in an empty log."""
        return await self._recorder.head()

    async def position_known_by(self, instant: datetime) -> Position:
        """The last position that was recorded at or before an instant: what was known then."""
        return await self._recorder.position_known_by(instant)

    async def wait(self, after: Position, timeout_seconds: float) -> bool:
        """Wait until something stands after a position, and tell whether it does; never misses, never raises."""
        return await self._recorder.wait(after, timeout_seconds)
