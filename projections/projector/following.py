"""A projector keeps one projection up to date: take the lease, read the next facts, fold them, wait for more.

It may die at any instruction: rows and position are committed together, and the next holder goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence

import psycopg

from domain.event import Event, Recorded
from domain.identity import Position
from domain.log import LogUnavailable
from projections.projector.batch import Footing, fold_batch
from projections.projector.lease import SECONDS, Fenced, Lease, held
from projections.projector.log import Log
from projections.projector.pages import Pages
from projections.projector.projection import Projection
from projections.projector.rebuilding import rebuild
from projections.projector.schema import connect, install
from projections.projector.sweeping import sweep_rarely
from projections.projector.tables import Connection

FAR_BEHIND = 100_000
"""From nothing, so many facts are folded faster beside, where the indexes are made at the end."""
SAY_WITHIN_SECONDS = 0.02
"""So long a projection that a batch does not concern may keep to itself how far it is: ten share a processor."""
LONGEST_PAUSE_SECONDS = 5.0

logger = logging.getLogger(__name__)


class AnotherVersionIsInForce(Exception):
    """Projection {name} is at version {theirs} now, and this program knows version {ours}; start the deployed one."""

    def __init__(self, name: str, theirs: int, ours: int) -> None:
        super().__init__((self.__doc__ or "").format(name=name, theirs=theirs, ours=ours))


class Projector:
    """One projection's follower; of several copies one works and the others wait."""

    def __init__(
        self, dsn: str, projection: Projection, log: Log, *, holder: str, lease_seconds: float = SECONDS
    ) -> None:
        self.dsn, self.projection, self.log, self.holder = dsn, projection, log, holder
        self.lease_seconds = lease_seconds
        self._has_followed = False

    async def run(self) -> None:
        """Follow the log until cancelled, through restarts of the database and the loss of the lease."""
        sweep_rarely()
        pause_seconds = 0.05
        while True:
            try:
                async with await connect(self.dsn) as connection:
                    await install(connection, self.projection)
                    async with held(
                        self.dsn, self.projection.name, self.holder, connection, seconds=self.lease_seconds
                    ) as lease:
                        pause_seconds = 0.05
                        await self._follow(connection, lease)
            except Fenced:
                logger.info("projection %s: the footing was lost; beginning again", self.projection.name)
            except (psycopg.OperationalError, psycopg.InterfaceError, LogUnavailable, OSError) as trouble:
                logger.warning(
                    "projection %s: the database does not answer (%s); trying again in %.2f s",
                    self.projection.name, type(trouble).__name__, pause_seconds,
                )  # fmt: skip
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)

    async def _follow(self, connection: Connection, lease: Lease) -> None:
        footing, position, version = await self._stand(connection, lease)
        if version != self.projection.version:
            if self._has_followed:
                raise AnotherVersionIsInForce(self.projection.name, version, self.projection.version)
            logger.info("projection %s: version %d replaces %d", self.projection.name, self.projection.version, version)
            await self._rebuild()
            footing, position, version = await self._stand(connection, lease)
        elif position == 0 and await self.log.head() > FAR_BEHIND:
            await self._rebuild()
            footing, position, version = await self._stand(connection, lease)
        self._has_followed = True
        pages = Pages(self.log, position)
        passed: Sequence[Recorded[Event]] = ()
        say_by = 0.0
        try:
            while not lease.lost:
                events = await pages.turn()
                if any(type(one.event) in self.projection.functions for one in events):
                    passed = ()
                elif events:
                    # Nothing of ours: how far we are may be said a moment later, together with what comes until then.
                    say_by = say_by if passed else time.monotonic() + SAY_WITHIN_SECONDS
                    passed = events
                    if time.monotonic() < say_by:
                        continue
                elif passed:
                    await asyncio.sleep(max(0.0, say_by - time.monotonic()))
                else:
                    await self.log.wait(position, lease.seconds / 4)
                    continue
                batch, passed = passed or events, ()
                await fold_batch(connection, footing, position, batch, self.log)
                position = batch[-1].position
        finally:
            await pages.close()
        raise Fenced

    async def _stand(self, connection: Connection, lease: Lease) -> tuple[Footing, Position, int]:
        """Put our epoch in force on the live generation; from here on no former holder can write."""
        found = await connection.execute(
            """
            UPDATE read.progress
            SET epoch = %s
            WHERE projection = %s
              AND live
              AND epoch <= %s
            RETURNING generation, position, version
            """,
            [lease.epoch, self.projection.name, lease.epoch],
        )
        row = await found.fetchone()
        if row is None:
            raise Fenced
        return Footing(self.projection, row[0], lease.epoch), Position(row[1]), row[2]

    async def _rebuild(self) -> None:
        await rebuild(self.dsn, self.projection, self.log, holder=self.holder, lease_seconds=self.lease_seconds)
