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
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg_pool import PoolTimeout

from adapters.schema import SchemaTrouble
from commands.clocks import KeepTime
from commands.desk import Desk
from domain.access import Principal
from domain.identity import LeadId, Position, lead_stream
from domain.log import LogUnavailable
from domain.refusal import Refusal
from projections import deadlines
from projections.deadlines import Due
from projections.projector import Freshness
from projections.projector.sweeping import sweep_rarely
from services.settings import Settings, as_role
from services.wiring import Office, open_office

AT_ONCE = 200
"""So many leads make a page, and two pages are under way at once; the group commit makes few transactions of them."""
LOOK_EVERY_SECONDS = 1.0
SHORTEST_PAUSE_SECONDS = 0.05
"""Where hundreds come due in a second, they are fired twenty times in it, and not one by one."""
PAUSE_AFTER_TROUBLE_SECONDS = 1.0
SET_ASIDE_SECONDS = 60.0
"""A lead whose rules refuse is looked at again after so long."""
LISTED_FOR_SECONDS = 30.0
"""While the projector has not come to what was done about a lead, it is looked at again only after so long."""
MOST_SEEN_TO = 100_000
"""Whatever is beyond it is looked at in every sweep, which costs time and does no harm."""
LAST_LEAD = LeadId(str(UUID(int=2**128 - 1)))
"""No lead stands behind it in the order of the list."""
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


class Sweep(NamedTuple):
    """One walk over all that was due when it began, so that nobody is looked at again before everybody was."""

    by: datetime
    after: Due | None = None
    """Where it has come to."""


class Rest(NamedTuple):
    """How long a line of the list is left alone, in seconds of this process."""

    at_least_until: float
    at_most_until: float
    position: Position
    """Until the projector has come to this, the line says what is over."""

    def lasts(self, now: float, projected: Position) -> bool:
        """Whether it is too soon to look at the line again."""
        return now < self.at_least_until or (now < self.at_most_until and projected < self.position)


class Timekeeper:
    """Looks at what is due, over and over."""

    def __init__(self, office: Office, freshness: Freshness, clock: WallClock) -> None:
        self._office = office
        self._desk = Desk(office.log, office.vault, clock.now)
        office.log.on_reconnect(self._desk.forget)
        self._freshness = freshness
        self._clock = clock
        self._sweep: Sweep | None = None
        self._swept_by = clock.now()
        self._sweep_all_at = time.monotonic()
        self._under_way: asyncio.Future[list[None]] = asyncio.gather()
        self._seen_to: dict[Due, Rest] = {}
        self.asked = 0
        """How often the desk was."""
        self.fired = 0
        self.latest_seconds = 0.0
        """How late the latest was."""

    async def keep(self) -> None:
        """Until cancelled; trouble with the database is waited out."""
        sweep_rarely()
        while True:
            try:
                more = await self.look()
                pause_seconds = 0.0 if more else await self._until_the_next()
            except (LogUnavailable, psycopg.OperationalError, PoolTimeout, SchemaTrouble) as trouble:
                logger.warning("the timekeeper waits for the database: %s", type(trouble).__name__)
                self._begin_anew()
                pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
            except psycopg.errors.UndefinedTable:
                # At every first start; nobody need be told.
                logger.info("the timekeeper waits for the projector, which has not begun its list of deadlines")
                pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
            await asyncio.sleep(pause_seconds)

    async def look(self) -> bool:
        """See to a page of what is due, and tell whether there may be more that was due when the sweep began.

        Where there is more, this page may still be under way: while the server stores it, the next one is decided.
        """
        async with self._office.questions.connection() as connection:
            found = await connection.execute("SELECT clock_timestamp()")
            told = await found.fetchone()
            assert told is not None  # noqa: S101 - a SELECT without FROM has one row
            if not self._clock.hear(told[0]):
                # What was due when the sweep began may not be due any more.
                self._begin_anew()
                return False
            sweep = self._sweep or self._next_sweep(told[0])
            found_due = await deadlines.due(connection, sweep.by, limit=AT_ONCE, after=sweep.after)
        self._sweep, self._swept_by = Sweep(sweep.by, found_due[-1]) if len(found_due) == AT_ONCE else None, sweep.by
        wish = KeepTime(due_by=sweep.by)
        page = asyncio.gather(*(self._keep_time(one, wish) for one in found_due if one not in self._seen_to))
        former, self._under_way = self._under_way, page
        await former
        if self._sweep is None:
            await page
        return self._sweep is not None

    def _next_sweep(self, told: datetime) -> Sweep:
        """Now and then over all that is due, else over what has become due since: the list may lag far behind."""
        now = time.monotonic()
        if now < self._sweep_all_at:
            return Sweep(told, Due(LAST_LEAD, self._swept_by))
        self._sweep_all_at = now + LOOK_EVERY_SECONDS
        projected = self._freshness.reached("deadlines")
        self._seen_to = {due: rest for due, rest in self._seen_to.items() if rest.lasts(now, projected)}
        return Sweep(told)

    def _begin_anew(self) -> None:
        self._sweep, self._sweep_all_at = None, time.monotonic()

    async def _keep_time(self, due: Due, wish: KeepTime) -> None:
        self.asked += 1
        try:
            receipt = await self._desk.handle(lead_stream(due.lead), wish, by=TIMEKEEPER)
        except Refusal as refused:
            logger.warning("lead %s is due and cannot be kept: %s", due.lead, refused.name)
            self._leave(due, Position(0), at_least_seconds=SET_ASIDE_SECONDS)
            return
        # Where nothing happened another timekeeper was first, or the lead was answered.
        self._leave(due, receipt.position, at_least_seconds=0.0 if receipt.events else LOOK_EVERY_SECONDS)
        if receipt.events:
            self.fired += len(receipt.events)
            self.latest_seconds = max(0.0, (self._clock.now() - due.due_at).total_seconds())

    def _leave(self, due: Due, position: Position, *, at_least_seconds: float) -> None:
        """Only this line: another one about the same lead is another matter."""
        if len(self._seen_to) < MOST_SEEN_TO:
            now = time.monotonic()
            self._seen_to[due] = Rest(now + at_least_seconds, now + LISTED_FOR_SECONDS, position)

    async def _until_the_next(self) -> float:
        async with self._office.questions.connection() as connection:
            next_due_at = await deadlines.next_due_at(connection, after=self._swept_by)
        if next_due_at is None:
            return LOOK_EVERY_SECONDS
        left = (next_due_at - self._clock.now()).total_seconds()
        # A deadline decided meanwhile may come before it, so nobody sleeps for long; nor not at all.
        return min(max(left, SHORTEST_PAUSE_SECONDS), LOOK_EVERY_SECONDS)


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
