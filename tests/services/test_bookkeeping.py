"""Minutes of the ledger: counted by the calendar that was cited, and whatever is asked for, the sums are the same."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from random import Random
from uuid import UUID

import pytest
from psycopg import AsyncConnection

from domain.identity import CalendarId, LeadId, calendar_stream
from projections import ledger
from projections.ledger import Line
from services import bookkeeping
from services.bookkeeping import Bookkeeper, Counted, Held, Period, Sum, TooManyBookings, added_up, held, in_minutes
from tests.projections.scripted_log import ScriptedLog, caught_up
from tests.support.examples import NORTH, REP
from tests.support.lives import CALENDARS, CITED_VERSION, MINUTE, TEAMS, Life, the_calendars
from tests.support.story import ANNA, BEN, CARLA, DORA, NINE

A_DAY = Period(NINE, NINE + timedelta(days=1))


def a_line(calendar: CalendarId | None, begins_at: datetime, ends_at: datetime, version: int = CITED_VERSION) -> Line:
    return Line(
        lead=UUID(int=1),
        clock=1,
        name="reply",
        started_at=NINE,
        respond_by=NINE + 120 * MINUTE,
        calendar=calendar,
        calendar_version=version if calendar else None,
        begins_at=begins_at,
        ends_at=ends_at,
        running=False,
        holder="owner",
        person=REP,
        team=NORTH,
    )


async def count(log: ScriptedLog, *lines: Line) -> list[Counted]:
    async def found(limit: int) -> list[Line]:
        return list(lines)[:limit]

    return await Bookkeeper(log).count(found, A_DAY)


@pytest.fixture
def log() -> ScriptedLog:
    log = ScriptedLog()
    for event in the_calendars():
        log.tell(event, of=calendar_stream(event.calendar))
    return log


async def test_a_calendar_counts_in_the_version_that_was_cited(log: ScriptedLog) -> None:
    """The office closes for lunch in the second version; in the third it does not open again."""
    office = CalendarId("calendar-0")
    line = partial(a_line, office, NINE, NINE + 360 * MINUTE)
    found = await count(log, line(), line(version=3), a_line(None, NINE, NINE + 360 * MINUTE))
    assert [(one.worked / MINUTE, one.unit) for one in found] == [
        (300, "business_minutes"),
        (180, "business_minutes"),
        (360, "elapsed_minutes"),
    ]


async def test_what_lies_after_the_deadline_is_late_unless_the_lead_waited(log: ScriptedLog) -> None:
    office = CalendarId("calendar-0")
    lines = [
        a_line(office, NINE, NINE + 120 * MINUTE),
        a_line(office, NINE + 60 * MINUTE, NINE + 150 * MINUTE),
        a_line(office, NINE + 120 * MINUTE, NINE + 150 * MINUTE),
        a_line(office, NINE + 120 * MINUTE, NINE + 150 * MINUTE)._replace(holder="snoozed"),
    ]
    found = await count(log, *lines)
    assert [(one.worked / MINUTE, one.late / MINUTE) for one in found] == [(120, 0), (90, 30), (30, 30), (30, 0)]


async def test_a_version_is_looked_up_once(log: ScriptedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    load = log.load

    async def counting(streams: list[tuple[object, int]]) -> object:
        asked.extend(streams)
        return await load(streams)  # type: ignore[arg-type]

    monkeypatch.setattr(log, "load", counting)
    bookkeeper = Bookkeeper(log)
    one, other = (a_line(CalendarId(f"calendar-{n}"), NINE, NINE + 60 * MINUTE) for n in (0, 1))
    for lines in ([one], [one, other], [other], [a_line(None, NINE, NINE + MINUTE)]):

        async def found(limit: int, lines: list[Line] = lines) -> list[Line]:
            return lines

        assert [counted.worked for counted in await bookkeeper.count(found, A_DAY)][-1] > timedelta()
    assert asked == [(calendar_stream(CalendarId(f"calendar-{n}")), 0) for n in (0, 1)]
    monkeypatch.setattr(bookkeeping, "VERSIONS_REMEMBERED", 1)
    third = a_line(CalendarId("calendar-2"), NINE, NINE + 60 * MINUTE)

    async def both(limit: int) -> list[Line]:
        return [one, third]

    assert len(await bookkeeper.count(both, A_DAY)) == 2
    assert len(await bookkeeper.count(both, A_DAY)) == 2


async def test_a_period_that_has_not_begun_holds_nothing_and_is_not_looked_up(log: ScriptedLog) -> None:
    async def found(limit: int) -> list[Line]:
        raise AssertionError

    for period in (Period(NINE, NINE), Period(NINE + MINUTE, NINE)):
        assert await Bookkeeper(log).count(found, period) == []


async def test_more_than_can_be_counted_at_once_is_refused(log: ScriptedLog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bookkeeping, "MOST_LINES", 2)
    line = a_line(None, NINE, NINE + MINUTE)
    assert len(await count(log, line, line)) == 2
    with pytest.raises(TooManyBookings, match="More than 2 bookings lie in this period; ask for a shorter one"):
        await count(log, line, line, line)


async def test_what_is_alike_is_added_up_exactly(log: ScriptedLog) -> None:
    third = timedelta(seconds=20, microseconds=1)
    lines = [a_line(None, NINE + n * MINUTE, NINE + n * MINUTE + third) for n in range(3)]
    other = lines[0]._replace(lead=UUID(int=2), person=ANNA)
    sums = added_up(await count(log, *lines, lines[0]._replace(lead=UUID(int=2)), other), held)
    key = Held("owner", REP, NORTH, "reply", "elapsed_minutes")
    assert sums == {
        key: Sum(4 * third, timedelta(), 2),
        key._replace(person=ANNA): Sum(third, timedelta(), 1),
    }
    assert (sums[key].minutes, sums[key].late_minutes, in_minutes(third)) == (1.333, 0.0, 0.333)


def total(found: Iterable[Counted]) -> Counter[tuple[object, ...]]:
    """In microseconds, what was whose."""
    sums: Counter[tuple[object, ...]] = Counter()
    for one in found:
        sums[one.line.lead, one.line.clock, held(one)] += one.worked // timedelta(microseconds=1)
    return +sums


async def test_however_it_is_asked_the_sums_are_the_same(database: str, log: ScriptedLog) -> None:
    """Of each lead; of each person and each team; of the whole time at once, or of one part after the other."""
    dice = Random(20261123)
    lives = {UUID(int=number): Life(dice=Random(number), instant=timedelta(microseconds=1)) for number in range(60)}
    for lead, life in lives.items():
        for _ in life.lived(20):
            pass
        log.tell(*life.events, of=LeadId(str(lead)))
    await caught_up(database, ledger.ledger, log)
    begins, ends = min(life.events[0].at for life in lives.values()), max(life.now for life in lives.values())
    cuts = sorted([begins, ends, *(begins + dice.random() * (ends - begins) for _ in range(40))])
    books = Bookkeeper(log)
    async with await AsyncConnection.connect(database) as connection:

        async def asked(question: Callable[..., Awaitable[list[Line]]], who: str, *period: datetime) -> list[Counted]:
            ask = partial(question, connection, who, *period)
            return await books.count(lambda limit: ask(limit=limit), Period(*period))

        by_lead = [one for lead in lives for one in await asked(ledger.of_lead, str(lead), begins, ends)]
        parts = [
            one
            for lead in lives
            for period in pairwise(cuts)
            for one in await asked(ledger.of_lead, str(lead), *period)
        ]
        assert total(parts) == total(by_lead)
        for person in (ANNA, BEN, CARLA, DORA):
            theirs = await asked(ledger.of_person, person, begins, ends)
            assert total(theirs) == total(one for one in by_lead if one.line.person == person)
            assert theirs
        for team in TEAMS:
            theirs = await asked(ledger.of_team, team, begins, ends)
            assert total(theirs) == total(one for one in by_lead if one.line.team == team)
            assert theirs
    assert all(one.hours == lives[one.line.lead].counted_in for one in by_lead)
    assert {one.line.calendar for one in by_lead} == {None, *CALENDARS}


async def test_others_are_answered_while_many_lines_are_counted(log: ScriptedLog) -> None:
    line = a_line(CalendarId("calendar-0"), NINE, NINE + 60 * MINUTE)
    counting = asyncio.create_task(count(log, *[line] * 20_000))
    turns = 0
    while not counting.done():
        turns += 1
        await asyncio.sleep(0)
    assert len(await counting) == 20_000
    assert turns > 10
