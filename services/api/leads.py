"""What is known of leads: one of them, how to reach it, which there are, and how many."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Query, Response

from commands.command import LEAD, PersonName, SourceName, TeamName
from domain.access import EACH_TEAM, THE_DESK, OfLead, Principal, Resource, may
from domain.identity import Position, lead_stream
from domain.lead.standing import LeadUnknown
from projections import leads
from projections.leads import Count, Group, LeadThen, Stage, Which
from services.api.answers import (
    ContactTold,
    CountLine,
    Counts,
    LeadLine,
    Leads,
    LeadTold,
    NoteLine,
    Notes,
    Timeline,
)
from services.api.asking import (
    AnOffice,
    LeadInPath,
    Question,
    allowed,
    of_lead,
    of_person,
    of_team,
)
from services.api.describing import Questions
from services.api.disclosing import Cursor, disclosed, noted, notes
from services.api.reading import APage, AsKnown, AsOf, caught_up
from services.api.telling import AStory

lead_questions = Questions(tags=["Leads: questions"])

Known = Annotated[Position, caught_up("leads", "people", "teams")]


async def which_leads(
    stage: Stage | None = None,
    source: SourceName | None = None,
    team: TeamName | None = None,
    owner: PersonName | None = None,
) -> Which:
    """The leads that are meant; all, where nothing is said."""
    return Which(stage=stage, source=source, team=team, owner=owner)


AnyLeads = Annotated[Which, Depends(which_leads)]


async def of_those_meant(which: AnyLeads, ask: Question) -> Resource | None:
    """One person's leads, one team's, or the whole desk's."""
    if which.owner is not None:
        return await of_person(which.owner, ask)
    if which.team is not None:
        return await of_team(which.team, ask)
    return THE_DESK


Groups = Annotated[
    list[Group],
    Query(
        max_length=3,
        description="One line for each of these. A manager tells owners and teams apart within `team` or `owner`.",
    ),
]


NO_GROUPS: list[Group] = []
"""FastAPI hands out a copy."""


async def of_those_compared(which: AnyLeads, ask: Question, group_by: Groups = NO_GROUPS) -> Resource | None:
    """Those meant; every team, where all of them or all their people are told apart."""
    if which.owner is None and which.team is None and not {"owner", "team"}.isdisjoint(group_by):
        return EACH_TEAM
    return await of_those_meant(which, ask)


@lead_questions.get("/leads")
async def find_leads(
    position: Known,
    caller: Annotated[Principal, allowed("lead.see", of_those_meant)],
    which: AnyLeads,
    page: APage,
    ask: Question,
    as_of: AsOf = None,
    as_known: AsKnown = None,
) -> Leads:
    """Which leads there are, the latest arrival first. A page may be short: what the caller may not see is left out."""
    found = await ask(
        leads.find, which=which, as_of=as_of, as_known=as_known, after=page.after(leads.Cursor), limit=page.limit
    )
    whose = await ask(leads.whose, [one.lead for one in found])
    return Leads(
        position=position,
        next=page.next(found, leads.Cursor, lambda last: last.cursor),
        items=[LeadLine(**told(one)) for one in found if may(caller, "lead.see", OfLead(*whose[one.lead]))],
    )


@lead_questions.get("/leads/count")
async def count_leads(
    position: Known,
    caller: Annotated[Principal, allowed("leads.count", of_those_compared)],
    which: AnyLeads,
    ask: Question,
    group_by: Groups = NO_GROUPS,
    as_of: AsOf = None,
    as_known: AsKnown = None,
) -> Counts:
    """How many leads there are, and how many of them ended how."""
    groups = tuple(dict.fromkeys(group_by))
    found = await ask(leads.count, group_by=groups, which=which, as_of=as_of, as_known=as_known)
    return Counts(position=position, items=[line(one) for one in found])


@lead_questions.get("/leads/{lead_id}")
async def one_lead(
    position: Known,
    caller: Annotated[Principal, allowed("lead.see", of_lead)],
    lead_id: LeadInPath,
    response: Response,
    ask: Question,
    as_of: AsOf = None,
    as_known: AsKnown = None,
) -> LeadTold:
    """What is known of one lead."""
    found = await ask(leads.lead, lead_id, as_of=as_of, as_known=as_known)
    if found is None:
        raise LeadUnknown
    if as_of is None and as_known is None:
        response.headers["ETag"] = f'"{found.version}"'
    return LeadTold(position=position, **told(found))


@lead_questions.get("/leads/{lead_id}/contact")
async def contact_of_a_lead(
    position: Known,
    caller: Annotated[Principal, allowed("lead.see_contact", of_lead)],
    lead_id: LeadInPath,
    office: AnOffice,
) -> ContactTold:
    """How the lead can be reached, as it was told last."""
    lead, _ = await office.desk.state(LEAD, lead_stream(lead_id))
    if lead.contact is None:
        return ContactTold(lead=lead_id, contact=None, state=None)
    (contact,) = await disclosed(office.vault, [lead.contact])
    return ContactTold(lead=lead_id, contact=contact.fields, state=contact.state)


@lead_questions.get("/leads/{lead_id}/notes")
async def notes_on_a_lead(
    position: Known,
    caller: Annotated[Principal, allowed("lead.see_contact", of_lead)],
    lead_id: LeadInPath,
    page: APage,
    office: AnOffice,
) -> Notes:
    """What was typed about the lead: on calls, replies, promises, losses, releases, escalations."""
    stream, after = lead_stream(lead_id), page.after(Cursor)
    events = (await office.log.load([(stream, after.version if after else 0)]))[stream]
    found = noted(events, page.limit)
    return Notes(
        position=position,
        next=page.next(found, Cursor, lambda last: Cursor(last.version)),
        items=[NoteLine(**one) for one in await notes(office.vault, found)],
    )


@lead_questions.get("/leads/{lead_id}/timeline")
async def timeline_of_a_lead(
    position: Annotated[Position, caught_up("timeline", "leads")],
    caller: Annotated[Principal, allowed("lead.see", of_lead)],
    lead_id: LeadInPath,
    story: AStory,
) -> Timeline:
    """Who did what to the lead: when it happened, when it was recorded, in which role, by which key."""
    return await story(lead_stream(lead_id), position)


def told(one: LeadThen) -> dict[str, Any]:
    """A lead's facts, and where to read on."""
    here = f"/leads/{one.lead}"
    return {
        "lead": one.lead,
        "version": one.version,
        "last_position": one.position,
        "valid_from": one.since,
        "href": here,
        "timeline": f"{here}/timeline",
        **one.facts._asdict(),
    }


def line(one: Count) -> CountLine:
    """One group's numbers."""
    return CountLine(
        group=one.group,
        total=one.total,
        open=one.open,
        converted=one.converted,
        lost=one.lost,
        disqualified=one.disqualified,
    )
