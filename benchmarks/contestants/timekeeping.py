"""Our timekeeper as a contestant: so many leads are overdue at once, and it fires until none of them is listed."""

from __future__ import annotations

import asyncio
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from adapters.vault import KeyFile
from benchmarks.contestants.answering import Figures, Wish, answer_async
from benchmarks.contestants.desk import PREPARED_AT_ONCE
from commands.lead import CreateLead
from commands.people import AddPerson
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, SetPolicy
from commands.teams import EntrustTeam, FormTeam
from domain.access import Principal
from domain.identity import PersonId, PolicyId, StreamId, TeamId
from projections.projector import Freshness
from services.settings import Settings
from services.timekeeper import Timekeeper, WallClock
from services.wiring import Office, open_office

TEAM, MANAGER, POLICY = TeamId("team-1"), PersonId("manager-1"), PolicyId("within-the-hour")
TARGET_MINUTES = 60
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
OVERDUE = timedelta(hours=2)
BY_ADMIN = Principal(id="admin-1", role="admin", via="key:lk_90ffee")
BY_MANAGER = Principal(id=MANAGER, role="manager", via="key:lk_77aa01", team=TEAM, answers_for=frozenset({TEAM}))
HOUSE: tuple[FormTeam | AddPerson | EntrustTeam | SetPolicy | OrderRules, ...] = (
    FormTeam(team=TEAM),
    AddPerson(person=MANAGER, team=TEAM),
    EntrustTeam(team=TEAM, to=MANAGER),
    SetPolicy(
        policy=POLICY,
        effective_from=LONG_AGO,
        clocks=ClocksGiven(first_response=ClockGiven(target_minutes=TARGET_MINUTES, unit="elapsed_minutes")),
    ),
    OrderRules(rules=(RuleGiven(policy=POLICY),), effective_from=LONG_AGO),
)
LISTED_WITHIN_SECONDS = FIRED_WITHIN_SECONDS = 300.0


async def compete(dsn: str, folder: str) -> None:
    """Fire what is due as often as told to."""
    key = Path(folder) / "timekeeper.key"
    KeyFile.create(key, datetime.now(UTC))
    settings = Settings(dsn=dsn, vault_key_file=key)
    async with open_office(settings) as office, open_office(settings) as its_own, Freshness(dsn) as freshness:
        for wish in HOUSE:
            await office.desk.handle(wish.stream, wish, by=BY_ADMIN)

        async def listed() -> None:
            assert await freshness.wait_for("deadlines", await office.log.head(), LISTED_WITHIN_SECONDS)

        async def run(wish: Wish) -> Figures:
            timers = int(wish["timers"])
            await _arm(office, timers)
            await listed()
            # Like one that has just been started, it remembers no lead.
            keeper = Timekeeper(its_own, freshness, WallClock())
            started = time.perf_counter()
            keeping = asyncio.create_task(keeper.keep())
            async with asyncio.timeout(FIRED_WITHIN_SECONDS):
                while keeper.fired < timers:  # noqa: ASYNC110 - it tells nobody how far it is
                    await asyncio.sleep(0.002)
            fired = time.perf_counter() - started
            await listed()
            seconds = time.perf_counter() - started
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
            assert keeper.fired == timers, f"{keeper.fired} of {timers} were fired"
            return {"per_second": timers / seconds, "fired_per_second": timers / fired}

        await answer_async(run)


async def _arm(office: Office, timers: int) -> None:
    arrived = CreateLead(team=TEAM, at=datetime.now(UTC) - OVERDUE)
    for first in range(0, timers, PREPARED_AT_ONCE):
        some = range(first, min(first + PREPARED_AT_ONCE, timers))
        await asyncio.gather(*(office.desk.handle(StreamId(uuid4()), arrived, by=BY_MANAGER) for _ in some))


if __name__ == "__main__":
    asyncio.run(compete(sys.argv[1], sys.argv[2]))
