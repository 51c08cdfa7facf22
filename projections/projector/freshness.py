"""Reading one's own write: wait until a projection has reached a position, by being told and not by sleeping."""

from __future__ import annotations

import asyncio
import logging
import re
from contextlib import suppress
from typing import Self

from psycopg import AsyncConnection, errors

from domain.identity import Position
from projections.projector.batch import CHANNEL
from projections.projector.tables import Connection

LOOK_AGAIN_SECONDS = 0.05
"""While somebody waits, for the case that a notification got lost on its way."""
IDLE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 1.0

NEWS = re.compile(r"(\S+) ([0-9]{1,18})")
"""Anybody who may connect can notify; only a number is believed."""

logger = logging.getLogger(__name__)


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
        pause_seconds = LOOK_AGAIN_SECONDS
        while True:
            try:
                async with await AsyncConnection.connect(self._dsn, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    while True:
                        await self._look(connection)
                        pause_seconds = LOOK_AGAIN_SECONDS
                        await self._hear(connection)
            except Exception as trouble:  # whatever it is: if nobody listened any more, everybody would wait in vain
                logger.warning(
                    "projections cannot be listened to (%s), trying again in %.2f s",
                    type(trouble).__name__, pause_seconds,
                )  # fmt: skip
            await asyncio.sleep(pause_seconds)
            pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

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
                told = True
                if news := NEWS.fullmatch(notify.payload):
                    await self._note({news[1]: Position(int(news[2]))})

    async def _note(self, reached: dict[str, Position]) -> None:
        async with self._moved:
            for projection, position in reached.items():
                self._reached[projection] = max(position, self._reached.get(projection, position))
            self._moved.notify_all()
