"""The responsibility ledger: whose each minute of a lead's clocks was, of one lead, one person, one team."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from typing import Annotated

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError

from commands.command import Instant, utc_now
from domain.access import OfLead, Principal, may
from domain.identity import LeadId, Position
from projections import leads, ledger
from projections.ledger import Line
from services.api.asking import (
    Asks,
    LeadInPath,
    PersonInPath,
    Question,
    TeamInPath,
    allowed,
    of_lead,
    of_person,
    of_team,
)
from services.api.describing import Questions
from services.api.ledger_answers import (
    BookingTold,
    ClockBooked,
    HeldBy,
    LeadBooked,
    LeadLedger,
    PersonLedger,
    TeamLedger,
)
from services.api.reading import caught_up
from services.bookkeeping import (
    BEGINNING,
    NOTHING,
    USUAL,
    Bookkeeper,
    Counted,
    EndsBeforeItBegins,
    Held,
    Period,
    Sum,
    added_up,
    held,
    in_minutes,
    in_turn,
    period,
)

ledger_questions = Questions(tags=["The ledger"])

LONGEST = 20
LOOKED_AT = 200
"""So many leads are looked at for those that the caller may see."""

Begins = Annotated[
    Instant | None, Query(alias="from", description="2026-03-02T09:00:00Z; 30 days before, if left out.")
]
BeginsWhenever = Annotated[Instant | None, Query(alias="from", description="From the beginning, if left out.")]
Ends = Annotated[Instant | None, Query(alias="to", description="2026-04-01T00:00:00+02:00; now, if left out.")]


async def a_month(begins: Begins = None, ends: Ends = None) -> Period:
    """The last thirty days, unless others are asked for."""
    return _period(begins, ends, USUAL)


async def all_along(begins: BeginsWhenever = None, ends: Ends = None) -> Period:
    """All there is, unless less is asked for."""
    return _period(begins, ends, None)


def _period(begins: datetime | None, ends: datetime | None, usual: timedelta | None) -> Period:
    try:
        return period(begins, ends, utc_now(), usual)
    except EndsBeforeItBegins:
        told = {"type": "ends_before_it_begins", "loc": ("query", "from"), "msg": EndsBeforeItBegins.__doc__}
        raise RequestValidationError([told]) from None


async def the_bookkeeper(request: Request) -> Bookkeeper:
    """Whoever counts the minutes."""
    bookkeeper: Bookkeeper = request.app.state.bookkeeper
    return bookkeeper


AMonth = Annotated[Period, Depends(a_month)]
AllAlong = Annotated[Period, Depends(all_along)]
Books = Annotated[Bookkeeper, Depends(the_bookkeeper)]


@ledger_questions.get("/leads/{lead_id}/ledger")
async def ledger_of_a_lead(
    position: Annotated[Position, caught_up("ledger", "leads")],
    caller: Annotated[Principal, allowed("lead.see", of_lead)],
    lead_id: LeadInPath,
    asked: AllAlong,
    ask: Question,
    books: Books,
) -> LeadLedger:
    """It was not mine yet? Each instant of each clock of the lead, whose it was, and for how many minutes."""
    found = await books.count(partial(_lines, ask, ledger.of_lead, lead_id, asked), asked)
    clocks = [_clock(list(its)) for _, its in groupby(found, key=lambda one: one.line.clock)]
    first = min((one.line.begins_at for one in found), default=asked.ends_at)
    begins_at = first if asked.begins_at == BEGINNING else asked.begins_at
    return LeadLedger(
        position=position,
        lead=lead_id,
        begins_at=begins_at,
        ends_at=asked.ends_at,
        items=clocks[::-1],
        holders=_held(added_up(found, held)),
    )


@ledger_questions.get("/people/{person}/ledger")
async def ledger_of_a_person(
    position: Annotated[Position, caught_up("ledger", "people", "leads")],
    caller: Annotated[Principal, allowed("queue.see", of_person)],
    person: PersonInPath,
    asked: AMonth,
    ask: Question,
    books: Books,
) -> PersonLedger:
    """For how many minutes of open clocks somebody was answerable, how many of them too late, and in which leads."""
    found = await books.count(partial(_lines, ask, ledger.of_person, person, asked), asked)
    return PersonLedger(
        position=position,
        person=person,
        begins_at=asked.begins_at,
        ends_at=asked.ends_at,
        leads=len({one.line.lead for one in found}),
        items=_held(added_up(found, held)),
        longest=await _longest(found, caller, ask),
    )


@ledger_questions.get("/teams/{team}/ledger")
async def ledger_of_a_team(
    position: Annotated[Position, caught_up("ledger", "teams")],
    caller: Annotated[Principal, allowed("leads.count", of_team)],
    team: TeamInPath,
    asked: AMonth,
    ask: Question,
    books: Books,
) -> TeamLedger:
    """Whose the minutes of a team's leads were: its queue's, each person's, each manager's who was told."""
    found = await books.count(partial(_lines, ask, ledger.of_team, team, asked), asked)
    return TeamLedger(
        position=position,
        team=team,
        begins_at=asked.begins_at,
        ends_at=asked.ends_at,
        leads=len({one.line.lead for one in found}),
        items=_held(added_up(found, held)),
    )


async def _lines(
    ask: Asks, question: Callable[..., Awaitable[list[Line]]], who: str, asked: Period, limit: int
) -> list[Line]:
    return await ask(question, who, asked.begins_at, asked.ends_at, limit=limit)


def _clock(bookings: Sequence[Counted]) -> ClockBooked:
    first, last = bookings[0].line, bookings[-1].line
    return ClockBooked(
        number=first.clock,
        clock=first.name,
        started_at=first.started_at,
        respond_by=first.respond_by,
        unit=bookings[0].unit,
        calendar=first.calendar,
        calendar_version=first.calendar_version,
        elapsed_minutes=in_minutes(bookings[0].hours.elapsed(first.begins_at, last.ends_at)),
        booked_minutes=in_minutes(sum((one.worked for one in bookings), NOTHING)),
        bookings=[
            BookingTold(
                begins_at=one.line.begins_at,
                ends_at=one.line.ends_at,
                running=one.line.running,
                holder=one.line.holder,
                person=one.line.person,
                team=one.line.team,
                minutes=in_minutes(one.worked),
                late_minutes=in_minutes(one.late),
            )
            for one in bookings
        ],
    )


def _held(sums: Mapping[Held, Sum]) -> list[HeldBy]:
    in_order = sorted(sums.items(), key=lambda item: in_turn(item[0]))
    return [
        HeldBy(minutes=total.minutes, late_minutes=total.late_minutes, leads=total.leads, **whose._asdict())
        for whose, total in in_order
    ]


async def _longest(found: Sequence[Counted], caller: Principal, ask: Asks) -> list[LeadBooked]:
    theirs = (one for one in found if one.line.holder != "snoozed")
    sums = added_up(theirs, lambda one: (LeadId(str(one.line.lead)), one.unit))
    ranked = sorted(sums, key=lambda lead: (-sums[lead].worked, lead))[:LOOKED_AT]
    whose = await ask(leads.whose, [lead for lead, _ in ranked])
    seen = [key for key in ranked if key[0] in whose and may(caller, "lead.see", OfLead(*whose[key[0]]))]
    return [
        LeadBooked(
            lead=lead,
            href=f"/leads/{lead}/ledger",
            unit=unit,
            minutes=sums[lead, unit].minutes,
            late_minutes=sums[lead, unit].late_minutes,
        )
        for lead, unit in seen[:LONGEST]
    ]
