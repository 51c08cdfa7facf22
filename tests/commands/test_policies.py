"""Wishes about policies and the rulebook."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from commands.command import NothingThere, NotLookedUpYet, Surroundings
from commands.people import RemovePerson
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.sources import RegisterSource, RetireSource
from domain.calendar import CalendarUnknown
from domain.identity import (
    RULEBOOK,
    CalendarId,
    PersonId,
    PolicyId,
    SourceId,
    TeamId,
    calendar_stream,
    policy_stream,
    source_stream,
)
from domain.person import PersonHasLeft, PersonUnknown
from domain.policy import (
    CalendarIsNeeded,
    ClockRule,
    Policy,
    PolicySet,
    PolicyUnknown,
    Rung,
    RungsAreOutOfOrder,
    TargetIsNeverReached,
    TargetIsOutOfRange,
)
from domain.rulebook import Rule, Rulebook, RulesOrdered
from domain.source import SourceUnknown
from domain.team import TeamUnknown
from tests.commands.story import ADMIN, BY_AUDITOR, BY_MANAGER, BY_REP, MANAGER, NINE, NORTH, REP, Office, States

OFFICE, QUICK, CALM = CalendarId("office"), PolicyId("quick"), PolicyId("calm")
WEB = SourceId("web")
DAY = (HoursGiven(opens="09:00", closes="17:00"),)
CALENDAR = SetCalendar(calendar=OFFICE, zone="UTC", week=WeekGiven(monday=DAY, tuesday=DAY))
REMIND = RungGiven(offset_minutes=-15, deed="remind", whom="owner")
ESCALATE = RungGiven(offset_minutes=0, deed="escalate", whom="seat", seat=MANAGER)
RELEASE = RungGiven(offset_minutes=10_080, unit="elapsed_minutes", deed="release")
RESPOND = ClockGiven(target_minutes=60, unit="business_minutes", rungs=(REMIND, ESCALATE, RELEASE))
SOON = ClockGiven(target_minutes=30, unit="elapsed_minutes")
SET = SetPolicy(
    policy=QUICK,
    calendar=OFFICE,
    clocks=ClocksGiven(acknowledgement=SOON, first_response=RESPOND),
    snooze_at_most_minutes=480,
)
CALMLY = SetPolicy(policy=CALM, clocks=ClocksGiven(reply=SOON))


async def opened() -> Office:
    """An office with people, a source and a calendar."""
    office = await Office().staffed()
    await do(office, CALENDAR)
    return office


async def do(office: Office, wish: SetCalendar | SetPolicy | OrderRules) -> tuple[str, ...]:
    return (await office.do(wish.stream, wish, ADMIN)).events


def responding(**changes: Any) -> SetPolicy:
    return SET.model_copy(update={"clocks": ClocksGiven(first_response=RESPOND.model_copy(update=changes))})


async def test_a_policy_is_set_and_its_clocks_stand_in_one_order() -> None:
    office = await opened()
    assert await do(office, SET) == ("PolicySet.v1",)
    rungs = (
        Rung(-15, "business_minutes", "remind", "owner"),
        Rung(0, "business_minutes", "escalate", "seat", MANAGER),
        Rung(10_080, "elapsed_minutes", "release"),
    )
    assert await office.told(policy_stream(QUICK)) == [
        PolicySet(
            policy=QUICK,
            calendar=OFFICE,
            clocks=(
                ClockRule("first_response", 60, "business_minutes", rungs),
                ClockRule("acknowledgement", 30, "elapsed_minutes"),
            ),
            snooze_at_most_minutes=480,
            effective_from=NINE,
            at=NINE,
            by=ADMIN.actor,
        )
    ]
    assert await do(office, SET) == ()


async def test_a_policy_in_elapsed_minutes_needs_no_calendar() -> None:
    assert await do(await opened(), CALMLY) == ("PolicySet.v1",)


async def test_a_policy_is_tried_with_the_hours_of_the_instant_from_which_it_holds() -> None:
    office = await opened()
    rarely = WeekGiven(sunday=(HoursGiven(opens="00:00", closes="00:01"),))
    later = NINE + timedelta(days=30)
    await do(office, CALENDAR.model_copy(update={"week": rarely, "effective_from": later}))
    long = {"target_minutes": 60 * 60, "rungs": ()}
    with pytest.raises(TargetIsNeverReached):
        await do(office, responding(**long).model_copy(update={"effective_from": later}))
    assert await do(office, responding(**long)) == ("PolicySet.v1",)


async def test_what_a_policy_names_is_on_record() -> None:
    office = await opened()
    with pytest.raises(CalendarUnknown, match="No calendar called moon"):
        await do(office, SET.model_copy(update={"calendar": CalendarId("moon")}))
    stranger = ESCALATE.model_copy(update={"seat": PersonId("nobody")})
    with pytest.raises(PersonUnknown):
        await do(office, responding(rungs=(stranger,)))
    remove = RemovePerson(person=MANAGER)
    await office.do(remove.stream, remove, ADMIN)
    with pytest.raises(PersonHasLeft):
        await do(office, SET)


async def test_what_the_domain_declines() -> None:
    office = await opened()
    for wish, refusal in (
        (SET.model_copy(update={"calendar": None}), CalendarIsNeeded),
        (responding(target_minutes=0), TargetIsOutOfRange),
        (responding(rungs=(ESCALATE, REMIND)), RungsAreOutOfOrder),
    ):
        with pytest.raises(refusal):
            await do(office, wish)


async def test_rules_name_what_is_on_record() -> None:
    office = await opened()
    await do(office, SET)
    for rule, refusal in (
        (RuleGiven(policy=CALM), PolicyUnknown),
        (RuleGiven(policy=QUICK, source=SourceId("moon")), SourceUnknown),
        (RuleGiven(policy=QUICK, team=TeamId("moon")), TeamUnknown),
    ):
        with pytest.raises(refusal, match="is on record"):
            await do(office, OrderRules(rules=(RuleGiven(policy=QUICK), rule)))
    assert await office.told(RULEBOOK) == []


async def test_rules_are_put_in_order() -> None:
    office = await opened()
    await do(office, SET)
    await do(office, CALMLY)
    retire = RetireSource(source=WEB)
    await office.do(retire.stream, retire, ADMIN)
    rules = (RuleGiven(policy=QUICK, source=WEB, team=NORTH, priority="high"), RuleGiven(policy=CALM))
    assert await do(office, OrderRules(rules=rules)) == ("RulesOrdered.v1",)
    assert await do(office, OrderRules(rules=rules)) == ()
    await do(office, OrderRules(rules=(), effective_from=NINE + timedelta(days=1)))
    assert await office.told(RULEBOOK) == [
        RulesOrdered(rules=(Rule(QUICK, WEB, NORTH, "high"), Rule(CALM)), effective_from=NINE, at=NINE, by=ADMIN.actor),
        RulesOrdered(rules=(), effective_from=NINE + timedelta(days=1), at=NINE, by=ADMIN.actor),
    ]


async def test_a_rulebook_may_name_more_than_the_desk_would_look_at_one_by_one() -> None:
    office = await opened()
    await do(office, SET)
    names = [SourceId(f"source-{number}") for number in range(100)]
    for name in names:
        await office.do(source_stream(name), RegisterSource(source=name), ADMIN)
    office.desk = office.another_desk()
    rules = tuple(RuleGiven(policy=QUICK, source=name) for name in names)
    assert await do(office, OrderRules(rules=rules)) == ("RulesOrdered.v1",)


@pytest.mark.parametrize("by", [BY_REP, BY_MANAGER, BY_AUDITOR], ids=lambda who: who.role)
async def test_only_who_manages_policies_sets_them(by: Any) -> None:
    office = await opened()
    for wish in (SET, OrderRules(rules=())):
        with pytest.raises(NothingThere):
            await office.do(wish.stream, wish, by)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"clocks": {"first_respnse": {}}}, ("clocks", "first_respnse")),
        ({"clocks": {"reply": {"target_minutes": 1.5, "unit": "days"}}}, ("clocks", "reply", "target_minutes")),
        (
            {"clocks": {"reply": {"target_minutes": 1, "unit": "elapsed_minutes", "rungs": [{"deed": "remind"}]}}},
            ("clocks", "reply", "rungs", 0, "offset_minutes"),
        ),
        ({"effective_from": "9999-01-01T00:00:00Z"}, ("effective_from",)),
        ({"at": "0001-01-01T00:00:00Z"}, ("at",)),
        ({"policy": "Quick!"}, ("policy",)),
    ],
)
def test_what_is_no_policy_is_named(changes: dict[str, Any], where: tuple[str, ...]) -> None:
    with pytest.raises(ValidationError) as refused:
        SetPolicy.model_validate({"policy": "quick", "clocks": {}} | changes)
    assert where in [error["loc"] for error in refused.value.errors()]


def test_what_is_not_known_of_many_is_asked_for_at_once() -> None:
    around = Surroundings(States({policy_stream(QUICK): (Policy(id=QUICK), 1), RULEBOOK: (Rulebook(), 0)}))
    assert around.each(around.policy, [QUICK]) == {QUICK: Policy(id=QUICK)}
    assert around.rulebook() == Rulebook()
    with pytest.raises(NotLookedUpYet) as asked:
        around.each(around.policy, [QUICK, CALM, PolicyId("third")])
    assert [stream for _, stream in asked.value.missing] == [policy_stream(CALM), policy_stream(PolicyId("third"))]
    with pytest.raises(NotLookedUpYet) as asked:
        around.calendar(OFFICE)
    assert [stream for _, stream in asked.value.missing] == [calendar_stream(OFFICE)]
    assert REP not in around.guards
