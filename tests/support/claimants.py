"""People who all want the same lead: each process opens a desk of its own, waits for the others, and claims."""

import asyncio
from collections.abc import Sequence
from multiprocessing.synchronize import Barrier
from pathlib import Path
from uuid import UUID

from commands.lead import ClaimLead
from domain.access import Principal
from domain.identity import StreamId, TeamId
from domain.refusal import Refusal
from services.settings import Settings
from services.wiring import open_office

START_WITHIN_SECONDS = 60.0
_start: list[Barrier] = []


def ready(start: Barrier) -> None:
    """Where everybody waits for the others."""
    _start.append(start)


def claim(dsn: str, vault_key: str, lead: UUID, team: str, people: Sequence[str]) -> dict[str, str]:
    """What each of them was told: the names of the events, or the refusal."""
    return asyncio.run(_claim(Settings(dsn=dsn, vault_key_file=Path(vault_key)), StreamId(lead), TeamId(team), people))


async def _claim(settings: Settings, lead: StreamId, team: TeamId, people: Sequence[str]) -> dict[str, str]:
    async with open_office(settings) as office:

        async def one(person: str) -> str:
            by = Principal(id=person, role="rep", via="key:lk_1", team=team)
            try:
                return " ".join((await office.desk.handle(lead, ClaimLead(), by=by, key="claim")).events)
            except Refusal as refusal:
                return refusal.sentence

        await asyncio.to_thread(_start[0].wait, START_WITHIN_SECONDS)
        return dict(zip(people, await asyncio.gather(*map(one, people)), strict=True))
