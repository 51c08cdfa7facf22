"""Tell the example: every one of its events comes from a command that somebody of the example gives at the desk."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid5

from commands.command import Command
from commands.desk import Desk
from commands.lead import Contact, CreateLead, PromiseFollowUp
from domain.identity import LEADLEDGER, LeadId, PersonId, SourceId, TeamId, lead_stream
from services.example import team
from services.example.leads import TALES, Act, Tale, hours

FOUNDED_BEFORE = timedelta(days=60)


@dataclass(frozen=True)
class Story:
    """The example, told as of an instant, and what in it is worth a look."""

    begun_at: datetime
    lead: LeadId
    """One whose life is worth reading."""
    waiting: LeadId
    """One that nobody has taken."""
    team: TeamId
    rep: PersonId

    @classmethod
    def begun(cls, at: datetime) -> Story:
        """The same instant always gives the same story."""
        return cls(at, _lead(0), _lead(1), team.NORTH, PersonId("rep-2"))


async def tell(desk: Desk, story: Story) -> None:
    """Put it all on record; telling it again changes nothing."""
    founded_at = story.begun_at - FOUNDED_BEFORE
    for number, command in enumerate([*team.founding(), *team.clocks(story.begun_at)]):
        dated = command.model_copy(update={"at": founded_at + timedelta(minutes=number)})
        await desk.handle(command.stream, dated, by=team.FOUNDER, key=f"{_mark(story)}:founding:{number}")
    async with asyncio.TaskGroup() as group:
        for number, tale in enumerate(TALES):
            group.create_task(_tell_tale(desk, story, number, tale))


async def _tell_tale(desk: Desk, story: Story, number: int, tale: Tale) -> None:
    arrived_at = story.begun_at - hours(tale.days_ago * 24)
    stream = lead_stream(_lead(number))
    mark = f"{_mark(story)}:lead:{number}"
    address = f"{tale.name.split()[0].lower()}@example.com"
    contact = Contact(
        name=tale.name,
        email=address,
        phone=f"+1 555 01{number:02d}",
        company=tale.company or None,
        message=tale.message,
    )
    created = CreateLead(at=arrived_at, source=SourceId(tale.source), contact=contact)
    await desk.handle(stream, created, by=team.WEBSITE, key=f"{mark}:create")
    for step, act in enumerate(tale.acts):
        command = _dated(act, arrived_at)
        await desk.handle(stream, command, by=team.principal(act.by), key=f"{mark}:{step}")


def _dated(act: Act, arrived_at: datetime) -> Command[Any]:
    at = arrived_at + hours(act.hours)
    if act.command is not None:
        return act.command.model_copy(update={"at": at})
    return PromiseFollowUp(at=at, follow_up_by=arrived_at + hours(act.promised_hours))


def _lead(number: int) -> LeadId:
    return LeadId(str(uuid5(LEADLEDGER, f"lead:example:{number}")))


def _mark(story: Story) -> str:
    return f"example:{story.begun_at.isoformat()}"
