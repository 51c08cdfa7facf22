"""What there is to do: a person's queue, a team's, and what waits for anybody."""

from __future__ import annotations

import json
from typing import Annotated

from domain.access import OfLead, Principal, may
from domain.identity import LeadId, PersonId, Position, StreamId, lead_stream
from projections import queues
from services.api.answers import LoadLine, Loads, Queue, QueueLine
from services.api.asking import (
    AnOffice,
    PersonInPath,
    Question,
    TeamInPath,
    allowed,
    of_me,
    of_person,
    of_team,
    of_the_desk,
)
from services.api.describing import Questions
from services.api.reading import APage, Page, caught_up
from services.wiring import Office

queue_questions = Questions(tags=["Queues"])

Known = Annotated[Position, caught_up("queues", "people", "teams")]


@queue_questions.get("/queues/me")
async def my_queue(
    position: Known,
    caller: Annotated[Principal, allowed("queue.see", of_me)],
    page: APage,
    ask: Question,
    office: AnOffice,
) -> Queue:
    """What the caller has to do, the most urgent first."""
    found = await ask(queues.plate_of, PersonId(caller.id), after=page.after(queues.Cursor), limit=page.limit)
    return await told(found, position, caller, page, office)


@queue_questions.get("/queues/{person}")
async def queue_of_a_person(
    position: Known,
    caller: Annotated[Principal, allowed("queue.see", of_person)],
    person: PersonInPath,
    page: APage,
    ask: Question,
    office: AnOffice,
) -> Queue:
    """What one person has to do, the most urgent first."""
    found = await ask(queues.plate_of, person, after=page.after(queues.Cursor), limit=page.limit)
    return await told(found, position, caller, page, office)


@queue_questions.get("/teams/{team}/queue")
async def queue_of_a_team(
    position: Known,
    caller: Annotated[Principal, allowed("queue.see", of_team)],
    team: TeamInPath,
    page: APage,
    ask: Question,
    office: AnOffice,
    unassigned: bool = False,
) -> Queue:
    """What a team has to do: its people's leads, and those that wait for one of them; `unassigned` shows only these.

    A rep sees what waits; their team-mates' leads are their team-mates'.
    """
    found = await ask(
        queues.team_queue,
        team,
        unassigned_only=unassigned or caller.role == "rep",
        after=page.after(queues.Cursor),
        limit=page.limit,
    )
    return await told(found, position, caller, page, office)


@queue_questions.get("/teams/{team}/offers")
async def offers_to_a_team(
    position: Known,
    caller: Annotated[Principal, allowed("queue.see", of_team)],
    team: TeamInPath,
    page: APage,
    ask: Question,
    office: AnOffice,
) -> Queue:
    """What anybody of a team may claim over its owner's head, because nobody had acted in time."""
    found = await ask(queues.team_offers, team, after=page.after(queues.Cursor), limit=page.limit)
    return await told(found, position, caller, page, office)


@queue_questions.get("/teams/{team}/load")
async def load_of_a_team(
    position: Known, caller: Annotated[Principal, allowed("leads.count", of_team)], team: TeamInPath, ask: Question
) -> Loads:
    """How much each person has on the plate of a team's leads, and how much waits: for whoever hands out the work."""
    return Loads(position=position, items=[LoadLine.model_validate(one) for one in await ask(queues.counts, team)])


@queue_questions.get("/queue")
async def queue_of_the_desk(
    position: Known,
    caller: Annotated[Principal, allowed("queue.see", of_the_desk)],
    page: APage,
    ask: Question,
    office: AnOffice,
) -> Queue:
    """What waits for the whole desk: nobody's, and in no team's queue."""
    found = await ask(queues.desk_queue, after=page.after(queues.Cursor), limit=page.limit)
    return await told(found, position, caller, page, office)


@queue_questions.get("/escalations")
async def what_needs_help(
    position: Known,
    caller: Annotated[Principal, allowed("queue.see", of_me)],
    page: APage,
    ask: Question,
    office: AnOffice,
) -> Queue:
    """The leads of which somebody was told that they need help, the longest first: of the teams that the caller
    answers for, and those that the caller was told of."""
    found = await ask(
        queues.escalations,
        person=PersonId(caller.id),
        teams=sorted(caller.answers_for),
        everybodys=caller.answers_for_the_desk or caller.role in ("auditor", "service"),
        after=page.after(queues.After),
        limit=page.limit,
    )
    told_of = await told(found, position, caller, page, office)
    return told_of.model_copy(update={"next": page.next(found, queues.After, _after)})


def _after(last: queues.Queued) -> queues.After:
    return queues.After(last.escalated_at or last.since, last.lead)


async def told(found: list[queues.Queued], position: Position, caller: Principal, page: Page, office: Office) -> Queue:
    """The lines, with the names that this caller may see, looked up in one go."""
    names = await names_of([line.lead for line in found if _may_see_name(caller, line)], office)
    return Queue(
        position=position,
        next=page.next(found, queues.Cursor, lambda last: last.cursor),
        items=[
            QueueLine(href=f"/leads/{line.lead}", name=names.get(lead_stream(line.lead)), **line.__dict__)
            for line in found
        ],
    )


async def names_of(leads: list[LeadId], office: Office) -> dict[StreamId, str | None]:
    """What each lead is called, where that was told and not erased."""
    contacts = await office.vault.latest([lead_stream(lead) for lead in leads], "contact") if leads else {}
    return {lead: json.loads(contact).get("name") for lead, contact in contacts.items()}


def _may_see_name(caller: Principal, line: queues.Queued) -> bool:
    return may(caller, "lead.see_contact", OfLead(line.owner, line.team))
