"""The timekeeper lets happen what is due: it asks who is due by the database's clock, and hands commands to the desk.

It remembers nothing that matters. It may die at any instruction, and two may run at once: the lead decides again, and
what happened already does not happen twice.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from adapters.schema import SchemaTrouble
from commands.clocks import KeepTime
from commands.desk import Desk, Receipt
from domain.access import Principal
from domain.identity import Position, lead_stream
from domain.log import LogUnavailable
from domain.refusal import Refusal
from projections import deadlines
from projections.deadlines import Due
from projections.projector import Freshness
from services.settings import Settings, as_role
from services.wiring import Office, open_office

AT_ONCE = 200
"""So many leads are looked at together; the desk's group commit makes few transactions of them."""
LOOK_EVERY_SECONDS = 1.0
PAUSE_AFTER_TROUBLE_SECONDS = 1.0
SET_ASIDE_SECONDS = 60.0
"""A lead whose rules refuse is looked at again after so long, so that it does not starve the others."""
MOST_SET_ASIDE = 10_000
PROJECTED_WITHIN_SECONDS = 5.0
JUMP_SECONDS = 2.0
"""By so much the wall clock may part from the time that really passes between two looks."""
STEADY_LOOKS = 5
"""So often in a row it must not jump before anything is fired again."""
TIMEKEEPER = Principal(id="timekeeper", role="service", via="timekeeper", scopes=frozenset({"lead.keep_time"}))

logger = logging.getLogger(__name__)


class WallClock:
    """The database's clock, carried on from the last look by the time that really passes; and a guard over it."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._told_at = datetime.min.replace(tzinfo=UTC)
        self._heard_at = seconds()
        self._steady = STEADY_LOOKS

    def now(self) -> datetime:
        """What the database's clock shows."""
        return self._told_at + timedelta(seconds=self._seconds() - self._heard_at)

    def hear(self, told: datetime) -> bool:
        """Set it by the database's clock, and tell whether that has been steady for some time."""
        jumped = abs((told - self.now()).total_seconds()) > JUMP_SECONDS and self._told_at.year > 1
        if jumped:
            logger.warning(
                "the database's clock jumped by %+.1f s; nothing is fired until it has been steady for %d looks",
                (told - self.now()).total_seconds(),
                STEADY_LOOKS,
            )
        elif self._steady == STEADY_LOOKS - 1:
            logger.warning("the database's clock is steady again; what is due is fired")
        self._steady = 0 if jumped else min(self._steady + 1, STEADY_LOOKS)
        self._told_at, self._heard_at = told, self._seconds()
        return self._steady >= STEADY_LOOKS


class Timekeeper:
    """Looks at what is due, over and over."""

    def __init__(self, office: Office, freshness: Freshness, clock: WallClock) -> None:
        self._office = office
        self._desk = Desk(office.log, office.vault, clock.now)
        office.log.on_reconnect(self._desk.forget)
        self._freshness = freshness
        self._clock = clock
        self._set_aside: dict[UUID, float] = {}
        self.fired = 0
        self.latest_seconds = 0.0
        """How late the latest was."""

    async def keep(self) -> None:
        """Until cancelled; trouble with the database is waited out."""
        while True:
            try:
                more = await self.look()
                pause_seconds = 0.0 if more else await self._until_the_next()
            except (LogUnavailable, psycopg.OperationalError, PoolTimeout, SchemaTrouble) as trouble:
                logger.warning("the timekeeper waits for the database: %s", type(trouble).__name__)
                pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
            except psycopg.errors.UndefinedTable:
                # At every first start; nobody need be told.
                logger.info("the timekeeper waits for the projector, which has not begun its list of deadlines")
                pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
            await asyncio.sleep(pause_seconds)

    async def look(self) -> bool:
        """Fire what is due now, at most a batch, and tell whether there may be more."""
        async with self._office.questions.connection() as connection:
            found = await connection.execute("SELECT clock_timestamp()")
            told = await found.fetchone()
            assert told is not None  # noqa: S101 - a SELECT without FROM has one row
            if not self._clock.hear(told[0]):
                return False
            found_due = await deadlines.due(connection, told[0], limit=AT_ONCE, without=self._still_set_aside())
        receipts = await asyncio.gather(*(self._keep_time(one) for one in found_due))
        reached = [receipt.position for receipt in receipts if receipt is not None]
        if reached:
            # Else the same leads would be found again: their rows still say that they are due.
            await self._freshness.wait_for("deadlines", Position(max(reached)), PROJECTED_WITHIN_SECONDS)
        return len(found_due) == AT_ONCE

    async def _keep_time(self, due: Due) -> Receipt | None:
        stream = lead_stream(due.lead)
        try:
            receipt = await self._desk.handle(stream, KeepTime(), by=TIMEKEEPER)
        except Refusal as refused:
            logger.warning("lead %s is due and cannot be kept: %s", due.lead, refused.name)
            self._put_aside(stream)
            return None
        if not receipt.events:
            # Another timekeeper was first, or its row lags behind; what does not go away must not keep others waiting.
            self._put_aside(stream, LOOK_EVERY_SECONDS)
            return receipt
        self.fired += len(receipt.events)
        self.latest_seconds = max(0.0, (self._clock.now() - due.due_at).total_seconds())
        return receipt

    def _put_aside(self, stream: UUID, seconds: float = SET_ASIDE_SECONDS) -> None:
        if len(self._set_aside) < MOST_SET_ASIDE:
            self._set_aside[stream] = time.monotonic() + seconds

    def _still_set_aside(self) -> list[UUID]:
        now = time.monotonic()
        self._set_aside = {lead: until for lead, until in self._set_aside.items() if until > now}
        return list(self._set_aside)

    async def _until_the_next(self) -> float:
        async with self._office.questions.connection() as connection:
            next_due_at = await deadlines.next_due_at(connection)
        if next_due_at is None:
            return LOOK_EVERY_SECONDS
        left = (next_due_at - self._clock.now()).total_seconds()
        # A deadline decided meanwhile may come before it, so nobody sleeps for long; nor not at all.
        return min(max(left, 0.01), LOOK_EVERY_SECONDS)


async def keep_time(settings: Settings) -> None:
    """Open what it takes, and keep time until cancelled."""
    async with open_office(settings) as office, Freshness(as_role(settings.dsn, "leadledger_desk")) as freshness:
        logger.info("the timekeeper keeps time")
        await Timekeeper(office, freshness, WallClock()).keep()


async def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    work = asyncio.create_task(keep_time(settings))
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, work.cancel)
    with suppress(asyncio.CancelledError):
        await work
    logger.info("the timekeeper stopped")


if __name__ == "__main__":
    asyncio.run(main())
