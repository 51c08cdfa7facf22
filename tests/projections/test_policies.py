"""Calendars, policies and the rulebook as they are asked for: every version, and the one that holds at an instant."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from psycopg import AsyncConnection

from domain.business_time import Hours
from domain.calendar import CalendarSet, DaysExcepted, DaysRestored
from domain.calendar import replay as calendar_told
from domain.event import Event
from domain.identity import RULEBOOK, CalendarId, PolicyId, StreamId, calendar_stream, policy_stream
from domain.policy import Policy, PolicySet
from domain.policy import replay as policy_told
from domain.rulebook import Rule, RulesOrdered
from projections import calendars, policies
from projections.projector import Projection
from tests.projections.scripted_log import ScriptedLog, caught_up
from tests.support.examples import CALM, CHRISTMAS, EXAMPLES, NINE, OFFICE, QUICK

TOMORROW, LATER = NINE + timedelta(days=1), NINE + timedelta(days=30)


def example(kind: type[Event], **changes: Any) -> Any:
    return replace(EXAMPLES[kind], **changes)


SET = example(CalendarSet)
ROUND_THE_CLOCK = example(CalendarSet, zone="UTC", week=((Hours(0, 1440),),) * 7, effective_from=LATER)
EXCEPTED, RESTORED = example(DaysExcepted), example(DaysRestored)
CALENDAR = (SET, EXCEPTED, ROUND_THE_CLOCK, RESTORED)
FIRST, SECOND = example(PolicySet), example(PolicySet, clocks=(), calendar=None, at=TOMORROW, effective_from=LATER)
CALMLY = example(PolicySet, policy=CALM, effective_from=TOMORROW)
RULES = example(RulesOrdered)
NO_RULES = example(RulesOrdered, rules=(), effective_from=LATER)
OTHER_RULES = example(RulesOrdered, rules=(Rule(CALM),), effective_from=LATER)


@pytest.fixture
async def connection(database: str) -> AsyncIterator[AsyncConnection[Any]]:
    async with await AsyncConnection.connect(database) as connection:
        yield connection


async def folded(database: str, projection: Projection, *told: tuple[StreamId, Event]) -> None:
    log = ScriptedLog()
    for stream, event in told:
        log.tell(event, of=stream)
    await caught_up(database, projection, log)


async def test_a_calendar_is_what_its_events_tell(database: str, connection: AsyncConnection[Any]) -> None:
    stream = calendar_stream(OFFICE)
    await folded(database, calendars.calendars, *((stream, event) for event in CALENDAR))
    told = await calendars.calendar(connection, OFFICE)
    assert told == calendar_told(CALENDAR)
    assert told is not None
    assert list(told.days) == [date(2026, 12, 25), date(2026, 12, 26)]
    assert told.days[date(2026, 12, 25)] == CHRISTMAS[1]
    assert told.hours_at(NINE).zone == "Europe/Vienna"
    assert told.hours_at(LATER).zone == "UTC"
    assert await calendars.calendar(connection, CalendarId("moon")) is None


async def test_calendars_stand_in_the_order_of_their_names(database: str, connection: AsyncConnection[Any]) -> None:
    names = [CalendarId(name) for name in ("c", "a", "b")]
    sets = ((calendar_stream(name), replace(SET, calendar=name)) for name in names)
    await folded(database, calendars.calendars, *sets)
    assert [one.id for one in await calendars.every_calendar(connection)] == ["a", "b", "c"]
    assert [one.id for one in await calendars.every_calendar(connection, after=CalendarId("a"), limit=1)] == ["b"]


async def test_every_version_of_a_policy_is_kept(database: str, connection: AsyncConnection[Any]) -> None:
    told = ((policy_stream(QUICK), FIRST), (policy_stream(CALM), CALMLY), (policy_stream(QUICK), SECOND))
    await folded(database, policies.policies, *told)
    versions = await policies.versions(connection, QUICK)
    assert [(one.terms.version, one.terms.effective_from, one.set_at, one.set_by) for one in versions] == [
        (1, NINE, NINE, "admin-1"),
        (2, LATER, TOMORROW, "admin-1"),
    ]
    assert await policies.policy(connection, QUICK) == policy_told([FIRST, SECOND])
    assert await policies.versions(connection, PolicyId("moon")) == []
    assert await policies.policy(connection, PolicyId("moon")) == Policy()


async def test_each_policy_is_listed_as_it_holds_at_an_instant(database: str, connection: AsyncConnection[Any]) -> None:
    third = replace(SECOND, effective_from=LATER + timedelta(days=1))
    told = ((policy_stream(QUICK), FIRST), (policy_stream(CALM), CALMLY), (policy_stream(QUICK), SECOND))
    await folded(database, policies.policies, *told, (policy_stream(QUICK), third))

    async def listed(**how: Any) -> list[tuple[str, int]]:
        return [(one.policy, one.terms.version) for one in await policies.every_policy(connection, **how)]

    assert await listed(at=NINE) == [("quick", 1)]
    assert await listed(at=NINE, to_come=True) == [("calm", 1), ("quick", 1)]
    assert await listed(at=LATER) == [("calm", 1), ("quick", 2)]
    assert await listed(at=third.effective_from) == [("calm", 1), ("quick", 3)]
    assert await listed(at=LATER, after=CALM) == [("quick", 2)]
    assert await listed(at=LATER, limit=1) == [("calm", 1)]
    before = NINE - timedelta(seconds=1)
    assert await listed(at=before) == []
    assert await listed(at=before, to_come=True) == [("calm", 1), ("quick", 1)]


async def test_a_policy_to_come_is_listed_as_the_last_word_says(
    database: str, connection: AsyncConnection[Any]
) -> None:
    sooner = replace(SECOND, effective_from=TOMORROW)
    sooner_still = replace(SECOND, effective_from=TOMORROW, at=TOMORROW)
    told = [replace(FIRST, effective_from=LATER), sooner, sooner_still]
    await folded(database, policies.policies, *((policy_stream(QUICK), event) for event in told))

    async def listed(**how: Any) -> list[tuple[int, Any]]:
        found = await policies.every_policy(connection, **how)
        return [(one.terms.version, one.terms.effective_from) for one in found]

    assert await listed(at=NINE, to_come=True) == [(3, TOMORROW)]
    assert await listed(at=LATER) == [(3, TOMORROW)]


async def test_rules_that_were_taken_back_are_not_to_come(database: str, connection: AsyncConnection[Any]) -> None:
    as_before = replace(RULES, effective_from=TOMORROW)
    then = replace(NO_RULES, effective_from=LATER)
    await folded(database, policies.rulebook, *((RULEBOOK, event) for event in (RULES, OTHER_RULES, as_before, then)))
    assert [one.version for one in await policies.rules_from(connection, NINE)] == [1, 3, 4]
    assert [one.version for one in await policies.rules_from(connection, LATER)] == [4]


async def test_the_rules_that_hold_and_those_to_come(database: str, connection: AsyncConnection[Any]) -> None:
    await folded(database, policies.rulebook, *((RULEBOOK, event) for event in (RULES, NO_RULES, OTHER_RULES)))

    async def rules(at: Any) -> list[tuple[int, tuple[Rule, ...]]]:
        return [(one.version, one.rules) for one in await policies.rules_from(connection, at)]

    assert await rules(NINE) == [(1, RULES.rules), (3, (Rule(CALM),))]
    assert await rules(LATER) == [(3, (Rule(CALM),))]
    assert [version for version, _ in await rules(NINE - timedelta(seconds=1))] == [1, 3]
    (*_, last) = await policies.rules_from(connection, LATER)
    assert (last.effective_from, last.set_at, last.set_by) == (LATER, NINE, "admin-1")
