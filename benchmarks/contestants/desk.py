"""Our desk as a contestant: one outreach after another is loaded, decided and appended."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from itertools import chain, cycle
from pathlib import Path
from uuid import uuid4

import uvloop

from adapters.event_store import EventStore
from adapters.vault import KeyFile
from benchmarks.contestants.answering import Figures, Wish, answer_async, in_tasks
from commands.lead import RecordOutreach
from domain.access import Principal
from domain.event import Actor
from domain.identity import PersonId, StreamId, TeamId
from domain.lead.events import LeadAssigned, LeadCreated
from domain.log import Append
from services.settings import Settings
from services.wiring import open_office

REP = PersonId("rep-7")
TEAM = TeamId("team-1")
BY = Principal(id=REP, role="rep", via="key:lk_3f9a1c", team=TEAM)
BEFORE = datetime(2026, 3, 2, 9, tzinfo=UTC)
WISH = RecordOutreach(channel="call", outcome="reached", duration_seconds=240)
PREPARED_AT_ONCE = 500


async def compete(dsn: str, folder: str) -> None:
    """Handle commands until told to stop."""
    key = Path(folder) / "vault.key"
    KeyFile.create(key, datetime.now(UTC))
    async with open_office(Settings(dsn=dsn, vault_key_file=key)) as office:

        async def run(wish: Wish) -> Figures:
            leads = await prepare(office.log, int(wish["leads"]))
            if wish["warm"]:
                for lead in leads:
                    await office.desk.handle(lead, WISH, by=BY)
            supply: Iterator[StreamId] = cycle(leads) if wish["warm"] else chain(leads)

            def client() -> Callable[[], Awaitable[object]]:
                return lambda: office.desk.handle(next(supply), WISH, by=BY)

            return await in_tasks(client, wish)

        await answer_async(run)


async def prepare(log: EventStore, many: int) -> list[StreamId]:
    """Leads that are the rep's, and that the desk has never looked at."""
    leads = [StreamId(uuid4()) for _ in range(many)]
    by = Actor("website", "service", "key:lk_77aa01")
    for first in range(0, many, PREPARED_AT_ONCE):
        await asyncio.gather(
            *(
                log.append(
                    Append(
                        command_id=uuid4(),
                        fingerprint=bytes(32),
                        stream=lead,
                        expected_version=0,
                        events=(
                            LeadCreated(at=BEFORE, by=by, team=TEAM),
                            LeadAssigned(at=BEFORE, by=by, to=REP, team=TEAM),
                        ),
                    )
                )
                for lead in leads[first : first + PREPARED_AT_ONCE]
            )
        )
    return leads


if __name__ == "__main__":
    uvloop.run(compete(sys.argv[1], sys.argv[2]))
