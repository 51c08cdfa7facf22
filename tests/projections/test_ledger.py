"""Whatever happens to a lead: each instant of its clocks is booked to one holder, and the sum is what elapsed."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.business_time import BusinessTime
from domain.identity import LeadId
from domain.lead.clocks import answer_to
from domain.lead.events import LeadAssigned, LeadCreated, LeadEscalated, LeadEvent, LeadReleased, LeadRouted
from domain.lead.ledger import Book, Booking, Holder, booked, tell
from domain.lead.state import Clock, Lead
from projections.ledger.bookings import ledger, read, rows, written
from projections.projector import pages
from tests.projections.scripted_log import ScriptedLog, caught_up, rows_of
from tests.support.lives import MINUTE, Life

LIVES = 1_000
Whose = tuple[Holder, str | None, str | None]
MICROSECOND = timedelta(microseconds=1)


def ends(lead: Lead) -> list[datetime | None]:
    """When each clock ended, by the state that the rules decide from: with the first answer, whenever it was told."""
    found: list[datetime | None] = []
    for clock in lead.clocks:
        end = clock.stopped_at
        if end is not None:
            end = min(end, answer_to(lead, clock) or end)
        escalated = _root(lead, clock)
        if escalated is not None and (about := found[escalated - 1]) is not None:
            end = min(end or about, max(about, clock.started_at))
        found.append(end)
    return found


def _root(lead: Lead, clock: Clock) -> int | None:
    """Which clock, not an acknowledgement itself, the acknowledgement is about in the end."""
    number: int | None = clock.number
    while number is not None and (escalation := lead.clocks[number - 1].escalation) is not None:
        number = lead.escalations[escalation - 1].clock
    return None if number == clock.number else number


def whose(events: Sequence[LeadEvent], lead: Lead, clock: Clock, at: datetime) -> Whose:
    """Whose an instant of a clock is, by the words of the rule and looking at every event."""
    before = sorted((event for event in events if event.at <= at), key=lambda event: event.at)
    handed: Whose = ("queue", None, None)
    team: str | None = None
    last_team: str | None = None
    teams: dict[int, str | None] = {}
    for event in events:  # an assignment without a team is in the one that the record had last
        if isinstance(event, LeadCreated | LeadRouted | LeadReleased):
            last_team = event.team
        elif isinstance(event, LeadAssigned):
            last_team = event.team or last_team
        teams[id(event)] = last_team
    for event in before:
        if isinstance(event, LeadCreated | LeadRouted | LeadReleased):
            team = event.team
            handed = ("queue", None, team)
        elif isinstance(event, LeadAssigned):
            team = teams[id(event)]
            handed = ("owner", event.to, team)
        elif isinstance(event, LeadEscalated) and _concerns(event, lead, clock):
            handed = ("manager" if event.told else "desk", event.told, team)
    if clock.escalation is not None:
        handed = ("manager", lead.escalations[clock.escalation - 1].told, team)
    snoozed = any(pause.begins_at <= at < pause.ends_at for pause in lead.snoozes)
    return ("snoozed", *handed[1:]) if snoozed else handed


def _concerns(event: LeadEscalated, lead: Lead, clock: Clock) -> bool:
    number = event.step.clock if event.step else None
    if number is not None and lead.clocks[number - 1].escalation is not None:
        number = _root(lead, lead.clocks[number - 1])
    return event.at >= clock.started_at if number is None else number == clock.number


def of_clock(bookings: Sequence[Booking], clock: Clock) -> list[Booking]:
    return [one for one in bookings if one.account.number == clock.number]


def worked(hours: BusinessTime, booking: Booking, until: datetime) -> timedelta:
    return hours.elapsed(booking.began_at, min(booking.ended_at or until, until))


def check(life: Life, bookings: Sequence[Booking], dice: Random) -> None:
    """Without a gap or an overlap, each stretch its one holder's, and the sum is what elapsed: to the microsecond."""
    hours = life.counted_in
    for clock, end in zip(life.lead.clocks, ends(life.lead), strict=True):
        its = of_clock(bookings, clock)
        if end is not None and end <= clock.started_at:
            assert its == []
            continue
        assert (its[0].began_at, its[-1].ended_at) == (clock.started_at, end)
        assert all(one.ended_at == other.began_at for one, other in pairwise(its))
        assert all(one.ended_at is None or one.began_at < one.ended_at for one in its)
        until = max(life.now, clock.started_at)
        elapsed = hours.elapsed(clock.started_at, min(end or until, until))
        assert sum((worked(hours, one, until) for one in its), timedelta()) == elapsed
        one = dice.choice(its)
        for at in {one.began_at, (one.ended_at or until) - MICROSECOND}:
            if at >= one.began_at:
                assert whose(life.events, life.lead, clock, at) == (one.holder, one.person, one.team)


def lives() -> Iterator[Life]:
    dice = Random(20261123)
    for number in range(LIVES):
        # Half of them by the minute, so that somebody can walk through them.
        yield Life(Random(dice.getrandbits(64)), MINUTE if number % 2 else MICROSECOND)


def test_each_instant_of_a_clock_is_booked_to_one_holder_and_the_sum_is_what_elapsed() -> None:
    dice = Random(7)
    holders: set[Holder] = set()
    for life in lives():
        book, told = Book(), 0
        for _ in life.lived(dice.randrange(1, 25)):
            book = reduce(tell, life.events[told:], book)
            told = len(life.events)
            assert read(written(book)) == book
            check(life, list(booked(book)), dice)
        holders |= {one.holder for one in booked(book)}
    assert holders == {"queue", "owner", "manager", "desk", "snoozed"}


def test_somebody_who_looks_at_the_clock_every_minute_agrees() -> None:
    walked = 0
    for number, life in enumerate(lives()):
        if number % 20 != 1:
            continue
        for _ in life.lived(8):
            pass
        bookings = list(booked(reduce(tell, life.events, Book())))
        for clock, end in zip(life.lead.clocks, ends(life.lead), strict=True):
            counted: dict[Whose, timedelta] = {}
            at = clock.started_at
            while at < min(end or life.now, life.now, clock.started_at + timedelta(days=2)):
                walked += 1
                if open_then(life.counted_in, at):
                    holder = whose(life.events, life.lead, clock, at)
                    counted[holder] = counted.get(holder, timedelta()) + MINUTE
                at += MINUTE
            booked_then: dict[Whose, timedelta] = {}
            for one in of_clock(bookings, clock):
                if found := worked(life.counted_in, one, at):
                    holder = (one.holder, one.person, one.team)
                    booked_then[holder] = booked_then.get(holder, timedelta()) + found
            assert booked_then == counted
    assert walked > 10_000


def open_then(hours: BusinessTime, at: datetime) -> bool:
    there = at.astimezone(ZoneInfo(hours.zone))
    day = hours.exceptions.get(there.date(), hours.week[there.weekday()])
    return any(opens <= there.hour * 60 + there.minute < closes for opens, closes in day)


async def test_batch_by_batch_the_rows_are_what_the_rules_say(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch may end between a deed and what follows from it, and rows come, change and go."""
    monkeypatch.setattr(pages, "SMALLEST_BATCH", 7)
    monkeypatch.setattr(pages, "LARGEST_BATCH", 30)
    dice, log = Random(9), ScriptedLog()
    drawn = {UUID(int=number): life for number, life in zip(range(40), lives(), strict=False)}
    lived = {lead: life.lived(30) for lead, life in drawn.items()}
    told = dict.fromkeys(drawn, 0)
    for _ in range(6):
        for _ in range(150):
            lead = dice.choice(list(drawn))
            next(lived[lead], None)
            events = drawn[lead].events
            log.tell(*events[told[lead] :], of=LeadId(str(lead)))
            told[lead] = len(events)
        await caught_up(database, ledger, log)
        books = {lead: reduce(tell, life.events, Book()) for lead, life in drawn.items()}
        expected = [row for lead, book in books.items() for row in rows(lead, book).values()]
        assert await rows_of(database, "ledger") == sorted(expected, key=lambda row: row[:3])
    assert len(expected) > 500
