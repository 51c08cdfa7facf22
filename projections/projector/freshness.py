"""Reading one's own write: wait until a projection has reached a position, by being told and not by sleeping."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Self

import psycopg
from psycopg import AsyncConnection, errors

from domain.identity import Position
from projections.projector.batch import CHANNEL
from projections.projector.tables import Connection

LOOK_AGAIN_SECONDS = 0.05
"""While somebody waits, for the case that a notification got lost on its way."""
IDLE_SECONDS = 1.0


class Freshness:
    """How far each projection is, as one connection of this process is told.

    async with Freshness(dsn) as freshness:
        await freshness.wait_for("queues", position, timeout_seconds=2)
    """

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self._reached: dict[str, Position] = {}
        self._moved = asyncio.Condition()
        self._waiting = 0
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._listener = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listener is not None:
            self._listener.cancel()
            with suppress(asyncio.CancelledError):
                await self._listener

    def reached(self, projection: str) -> Position:
        """How far the projection is at least, by what was heard last."""
        return self._reached.get(projection, Position(0))

    async def wait_for(self, projection: str, position: Position, timeout_seconds: float) -> bool:
        """True as soon as the projection has folded this position; False when it has not in time."""
        if self._reached.get(projection, 0) >= position:
            return True
        self._waiting += 1
        try:
            async with asyncio.timeout(timeout_seconds), self._moved:
                await self._moved.wait_for(lambda: self._reached.get(projection, 0) >= position)
        except TimeoutError:
            return False
        finally:
            self._waiting -= 1
        return True

    async def _listen(self) -> None:
        while True:
            with suppress(psycopg.OperationalError, psycopg.InterfaceError, OSError):
                async with await AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    while True:
                        await self._look(connection)
                        await self._hear(connection)
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _look(self, connection: Connection) -> None:
        try:
            found = await connection.execute("SELECT projection, position FROM read.progress WHERE live")
        except errors.UndefinedTable:
            # No projector has ever started here.
            return
        await self._note({projection: Position(position) for projection, position in await found.fetchall()})

    async def _hear(self, connection: Connection) -> None:
        """Until nothing has been told for a while."""
        told = True
        while told:
            told = False
            async for notify in connection.notifies(
                timeout=LOOK_AGAIN_SECONDS if self._waiting else IDLE_SECONDS, stop_after=1
            ):
                projection, _, position = notify.payload.rpartition(" ")
                await self._note({projection: Position(int(position))})
                told = True

    async def _note(self, reached: dict[str, Position]) -> None:
        async with self._moved:
            for projection, position in reached.items():
                self._reached[projection] = max(position, self._reached.get(projection, position))
            self._moved.notify_all()
