"""Reading the log back: what stands in a stream, what stands after a position, and how far it is certain."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain
from typing import Any, TypeVar
from uuid import UUID

from psycopg.adapt import Transformer
from psycopg.pq.abc import PGresult

from adapters import binary
from adapters.group_commit import FLUSH
from adapters.line import Line
from adapters.recorder import Row
from domain.identity import Position, StreamId
from domain.log import Appended

LOAD = """
SELECT
    wanted.number::integer, e.position, e.stream, e.version, e.topic, e.data, e.recorded_at
FROM unnest($1::uuid[], $2::integer[])
    WITH ORDINALITY AS wanted (stream, after_version, number)
CROSS JOIN LATERAL (
    SELECT *
    FROM log.events
    WHERE stream = wanted.stream
      AND version > wanted.after_version
    ORDER BY version
) AS e
"""

FIND_COMMAND = """
SELECT
    fingerprint, version, position, array_to_string(topics, ' ')
FROM log.commands
WHERE command_id = $1::uuid
"""

READ = """
SELECT
    position, stream, version, topic, data, recorded_at
FROM log.events
WHERE position > $1::bigint
ORDER BY position
LIMIT $2::bigint
"""

HEAD = "SELECT coalesce((SELECT position FROM log.events ORDER BY position DESC LIMIT 1), 0)"

KNOWN_BY = "SELECT log.position_known_by($1::timestamptz)"

T = TypeVar("T")
_Wanted = tuple[Sequence[tuple[StreamId, int]], "asyncio.Future[list[Row]]"]


class LogReader:
    """Two lines, so that a command's quick look never waits behind a follower's long one."""

    def __init__(
        self, conninfo: str, *, give_up_after_seconds: float = 5.0, on_lost: Callable[[], None] = lambda: None
    ) -> None:
        looks = {"load": LOAD, "find": FIND_COMMAND, "head": HEAD, "flush": FLUSH}
        self._look = Line(conninfo, looks, give_up_after_seconds=give_up_after_seconds, on_lost=on_lost)
        follows = {"read": READ, "head": HEAD, "known by": KNOWN_BY, "flush": FLUSH}
        # A follower asks for much, and has time.
        self._follow = Line(conninfo, follows, give_up_after_seconds=4 * give_up_after_seconds)
        self._wanted: list[_Wanted] = []
        self._fetching: asyncio.Task[None] | None = None
        self._durable = 0

    def close(self) -> None:
        """Hang up."""
        if self._fetching is not None:
            self._fetching.cancel()
        self._look.close()
        self._follow.close()

    def is_durable(self, position: int) -> None:
        """Learn that everything up to a position has been flushed."""
        self._durable = max(self._durable, position)

    async def load(self, streams: Sequence[tuple[StreamId, int]]) -> list[Row]:
        """What stands in each stream after a version; all who ask meanwhile are asked for together."""
        answer: asyncio.Future[list[Row]] = asyncio.get_running_loop().create_future()
        self._wanted.append((streams, answer))
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch())
        return await answer

    async def find_command(self, command_id: UUID) -> tuple[bytes, Appended] | None:
        """What a command was answered, once that is certain."""
        [found] = await self._look.ask(("find", [command_id.bytes]))
        if not found.ntuples:
            return None
        # It may have been stored a moment ago, by somebody who has not been answered yet.
        await self._look.ask(("flush", ()))
        get = found.get_value
        version, position = binary.to_int(get(0, 1)), Position(binary.to_int(get(0, 2)))
        topics = tuple((get(0, 3) or b"").decode().split())
        return get(0, 0) or b"", Appended(version, position, topics, repeated=True)

    async def read(self, after: int, limit: int) -> list[Row]:
        """What stands after a position and is certain: an append can be seen shortly before it is flushed."""
        [found] = await self._follow.ask(("read", [binary.bigint(after), binary.bigint(limit)]))
        rows = _tuples(found, Row._make)
        if not rows or rows[-1].position <= self._durable:
            return rows
        if rows[0].position <= self._durable:
            return [row for row in rows if row.position <= self._durable]
        head, _flushed = await self._follow.ask(("head", ()), ("flush", ()))
        self.is_durable(binary.to_int(head.get_value(0, 0)))
        return rows

    async def head(self) -> Position:
        """The last position that can be seen."""
        [found] = await self._follow.ask(("head", ()))
        return Position(binary.to_int(found.get_value(0, 0)))

    async def position_known_by(self, instant: datetime) -> Position:
        """The last position that was recorded at or before an instant."""
        [found] = await self._follow.ask(("known by", [binary.timestamptz(instant)]))
        return Position(binary.to_int(found.get_value(0, 0)))

    async def _fetch(self) -> None:
        while self._wanted:
            wanted, self._wanted = self._wanted, []
            try:
                self._hand_out(wanted, await self._rows(wanted))
            except Exception as trouble:  # it belongs to those who asked
                for _, answer in wanted:
                    if not answer.done():
                        answer.set_exception(trouble)

    async def _rows(self, wanted: list[_Wanted]) -> list[tuple[int, Row]]:
        streams = list(chain.from_iterable(streams for streams, _ in wanted))
        if not streams:
            return []
        parameters = [binary.uuids([stream for stream, _ in streams]), binary.integers([after for _, after in streams])]
        [found] = await self._look.ask(("load", parameters))
        rows = [(number, Row._make(row)) for number, *row in _tuples(found, tuple)]
        if any(row.position > self._durable for _, row in rows):
            # What a decision stands on must not be gone after a crash.
            head, _flushed = await self._look.ask(("head", ()), ("flush", ()))
            self.is_durable(binary.to_int(head.get_value(0, 0)))
        return rows

    def _hand_out(self, wanted: list[_Wanted], rows: list[tuple[int, Row]]) -> None:
        shares: dict[int, list[Row]] = {}
        for number, row in rows:
            shares.setdefault(number, []).append(row)
        number = 0
        for streams, answer in wanted:
            share: list[Row] = []
            for _ in streams:
                number += 1
                share += shares.get(number, ())
            if not answer.done():
                answer.set_result(share)


def _tuples(found: PGresult, make: Callable[[Sequence[Any]], T]) -> list[T]:
    # psycopg's own loaders are written in C, and take a third of the time.
    loader = Transformer()
    loader.set_pgresult(found)
    return loader.load_rows(0, found.ntuples, make)
