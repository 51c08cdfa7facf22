"""Policies: what could never be kept is refused when it is written down, and the past is never rewritten."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain import policy as policy_module
from domain.business_time import BusinessTime, Hours, Pause
from domain.event import Actor
from domain.identity import CalendarId, PersonId, PolicyId
from domain.occasion import DatedBeforeALaterChange, Occasion
from domain.policy import (
    LONGEST_TARGET_MINUTES,
    CalendarIsNeeded,
    ClockIsTwice,
    ClockRule,
    Policy,
    PolicyEvent,
    PolicyIsNotInForce,
    PolicySet,
    PolicyUnknown,
    PolicyWouldRewriteThePast,
    Rung,
    RungComesBeforeTheClock,
    RungIsTooFarOff,
    RungsAreOutOfOrder,
    RungTellsTheWrongPerson,
    SnoozeIsOutOfRange,
    TargetIsNeverReached,
    TargetIsOutOfRange,
    TooManyRungs,
    deadlines,
    in_force,
    known,
    replay,
    set_policy,
)
from domain.refusal import Refusal
from tests.support.story import NINE, ONE, TEN

QUICK, OFFICE = PolicyId("quick"), CalendarId("office")
ADMIN = Actor("admin-1", "admin", "key:lk_1")
DAY = (Hours(9 * 60, 17 * 60),)
HOURS = BusinessTime("UTC", (DAY, DAY, DAY, DAY, DAY, (), ()))
REMIND = Rung(-15, "business_minutes", "remind", "owner")
ESCALATE = Rung(0, "business_minutes", "escalate", "accountable")
OFFER = Rung(30, "business_minutes", "offer_to_team")
RELEASE = Rung(90, "elapsed_minutes", "release")
RESPOND = ClockRule("first_response", 60, "business_minutes", (REMIND, ESCALATE, OFFER))
ADA = PersonId("ada")
FRIDAY_AFTERNOON = datetime.fromisoformat("2026-03-06T16:50Z")


def on(at: datetime) -> Occasion:
    return Occasion(by=ADMIN, now=max(at, NINE), at=at)


def was_set(*clocks: ClockRule, at: datetime = NINE, effective_from: datetime = NINE, cap: int = 480) -> PolicySet:
    return PolicySet(
        policy=QUICK,
        calendar=OFFICE,
        clocks=clocks or (RESPOND,),
        snooze_at_most_minutes=cap,
        effective_from=effective_from,
        at=at,
        by=ADMIN,
    )


def setting(
    *told: PolicyEvent,
    clocks: tuple[ClockRule, ...] = (RESPOND,),
    hours: BusinessTime | None = HOURS,
    cap: int = 480,
    effective_from: datetime | None = None,
    at: datetime = TEN,
) -> list[PolicyEvent]:
    return set_policy(replay(told), QUICK, OFFICE, hours, clocks, cap, effective_from, on(at))


def test_a_policy_holds_from_the_moment_it_is_set() -> None:
    assert setting(at=NINE) == [was_set()]
    policy = replay([was_set()])
    terms = policy.terms_at(NINE)
    assert terms
    assert (terms.version, terms.calendar, terms.snooze_at_most_minutes) == (1, OFFICE, 480)
    assert (terms.rule("first_response"), terms.rule("follow_up")) == (RESPOND, None)
    assert policy.terms_at(NINE - timedelta(microseconds=1)) is None


def test_deadlines_are_counted_from_the_start() -> None:
    found = deadlines(RESPOND, HOURS, FRIDAY_AFTERNOON)
    assert found.respond_by == datetime.fromisoformat("2026-03-09T09:50Z")
    assert found.rungs == tuple(
        datetime.fromisoformat(due) for due in ("2026-03-09T09:35Z", "2026-03-09T09:50Z", "2026-03-09T10:20Z")
    )


def test_a_pause_moves_the_deadline_and_every_rung_after_it() -> None:
    pause = Pause(datetime.fromisoformat("2026-03-09T09:40Z"), datetime.fromisoformat("2026-03-09T10:40Z"))
    found = deadlines(RESPOND, HOURS, FRIDAY_AFTERNOON, [pause])
    assert found.respond_by == datetime.fromisoformat("2026-03-09T10:50Z")
    assert found.rungs == tuple(
        datetime.fromisoformat(due) for due in ("2026-03-09T09:35Z", "2026-03-09T10:50Z", "2026-03-09T11:20Z")
    )


def test_elapsed_minutes_need_no_calendar() -> None:
    rule = ClockRule("reply", 90, "elapsed_minutes", (replace(ESCALATE, unit="elapsed_minutes"), RELEASE))
    found = deadlines(rule, None, FRIDAY_AFTERNOON)
    assert found.respond_by == FRIDAY_AFTERNOON + timedelta(minutes=90)
    assert found.rungs == (found.respond_by, found.respond_by + timedelta(minutes=90))


def test_business_minutes_need_one() -> None:
    with pytest.raises(CalendarIsNeeded, match="The first_response clock counts business minutes"):
        setting(hours=None)
    elapsed = ClockRule("reply", 90, "elapsed_minutes", (ESCALATE,))
    with pytest.raises(CalendarIsNeeded, match="The reply clock"):
        setting(clocks=(elapsed,), hours=None)


def test_the_same_policy_again_is_already_so() -> None:
    assert setting(was_set()) == []
    assert setting(was_set(), cap=0) != []
    assert setting(was_set(), was_set(at=TEN, effective_from=ONE, cap=0), cap=0, effective_from=ONE) == []


def test_later_terms_leave_earlier_ones_as_they_were() -> None:
    policy = replay([was_set(), was_set(at=TEN, effective_from=ONE, cap=0)])
    before, after = policy.terms_at(TEN), policy.terms_at(ONE)
    assert before
    assert after
    assert [(terms.version, terms.snooze_at_most_minutes) for terms in (before, after)] == [(1, 480), (2, 0)]


def test_what_is_only_scheduled_may_be_changed_and_taken_back() -> None:
    scheduled = was_set(at=TEN, effective_from=ONE, cap=0)
    sooner = was_set(at=TEN, effective_from=TEN, cap=60)
    assert setting(was_set(), scheduled, cap=60) == [sooner]
    policy = replay([was_set(), scheduled, sooner])
    assert [terms and terms.version for terms in map(policy.terms_at, (NINE, TEN, ONE))] == [1, 3, 3]
    as_before = was_set(at=TEN, effective_from=TEN)
    assert setting(was_set(), scheduled) == [as_before]
    assert setting(was_set(), scheduled, as_before) == []


def test_the_past_is_not_rewritten() -> None:
    with pytest.raises(PolicyWouldRewriteThePast, match="would hold from 2026-03-02 09:00"):
        setting(was_set(), cap=0, effective_from=NINE)
    with pytest.raises(PolicyWouldRewriteThePast, match="but what held before 2026-03-02 13:00"):
        setting(was_set(), was_set(at=TEN, effective_from=ONE, cap=0), cap=1, effective_from=TEN, at=ONE)
    told_late = Occasion(by=ADMIN, now=ONE, at=TEN)
    with pytest.raises(PolicyWouldRewriteThePast, match="would hold from 2026-03-02 10:00"):
        set_policy(replay([was_set()]), QUICK, OFFICE, HOURS, (RESPOND,), 0, None, told_late)
    with pytest.raises(DatedBeforeALaterChange):
        setting(was_set(at=TEN), cap=0, at=NINE)


@pytest.mark.parametrize("minutes", [0, -5, LONGEST_TARGET_MINUTES + 1])
def test_a_target_is_at_least_a_minute_and_at_most_a_year(minutes: int) -> None:
    with pytest.raises(TargetIsOutOfRange, match=f"a target of {minutes} minutes"):
        setting(clocks=(replace(RESPOND, target_minutes=minutes),))


@pytest.mark.parametrize("minutes", [1, LONGEST_TARGET_MINUTES])
def test_the_shortest_and_the_longest_target(minutes: int) -> None:
    assert setting(clocks=(ClockRule("reply", minutes, "elapsed_minutes"),))


@pytest.mark.parametrize("minutes", [-LONGEST_TARGET_MINUTES - 1, LONGEST_TARGET_MINUTES + 1])
def test_a_rung_is_no_farther_from_the_deadline_than_a_year(minutes: int) -> None:
    with pytest.raises(RungIsTooFarOff, match=f"Rung 1 of the first_response clock is {minutes} minutes off"):
        setting(clocks=(replace(RESPOND, rungs=(replace(REMIND, offset_minutes=minutes),)),))


def test_a_target_that_can_never_be_met_is_refused() -> None:
    once_a_week = BusinessTime("UTC", ((Hours(0, 1),), (), (), (), (), (), ()))
    with pytest.raises(TargetIsNeverReached, match="The reply clock would never come due: within 50 years"):
        setting(clocks=(ClockRule("reply", 50 * 53, "business_minutes"),), hours=once_a_week)


def test_a_clock_has_one_rule() -> None:
    with pytest.raises(ClockIsTwice, match="two rules for the first_response clock"):
        setting(clocks=(RESPOND, ClockRule("reply", 60, "business_minutes"), RESPOND))


def test_a_ladder_is_one_that_a_person_can_read() -> None:
    rungs = tuple(replace(OFFER, offset_minutes=minutes) for minutes in range(21))
    with pytest.raises(TooManyRungs, match="21 rungs; a ladder has at most 20"):
        setting(clocks=(replace(RESPOND, rungs=rungs),))
    assert setting(clocks=(replace(RESPOND, rungs=rungs[1:]),))


def test_rungs_come_in_their_order() -> None:
    with pytest.raises(RungsAreOutOfOrder, match="Rung 2 of the first_response clock would come at"):
        setting(clocks=(replace(RESPOND, rungs=(ESCALATE, REMIND)),))
    early = replace(RELEASE, offset_minutes=5)
    with pytest.raises(RungsAreOutOfOrder, match="Rung 3"):
        setting(clocks=(replace(RESPOND, rungs=(ESCALATE, OFFER, early)),))


def test_the_order_is_tried_at_every_hour_because_units_differ() -> None:
    """Ninety elapsed minutes are more than thirty business minutes, except in the evening."""
    with pytest.raises(RungsAreOutOfOrder):
        setting(clocks=(replace(RESPOND, rungs=(OFFER, RELEASE)),))


def test_no_rung_comes_before_its_clock() -> None:
    with pytest.raises(RungComesBeforeTheClock, match="Rung 1 of the first_response clock would come at"):
        setting(clocks=(replace(RESPOND, rungs=(replace(REMIND, offset_minutes=-61),)),))
    assert setting(clocks=(replace(RESPOND, rungs=(replace(REMIND, offset_minutes=-60),)),))


WRONG = [
    (Rung(0, "business_minutes", "escalate", "owner"), "name accountable, above, seat"),
    (Rung(0, "business_minutes", "escalate"), "escalate nobody, which cannot be: name"),
    (Rung(0, "business_minutes", "remind"), "name above, accountable, owner, seat"),
    (Rung(0, "business_minutes", "release", "owner"), "name nobody in particular"),
    (Rung(0, "business_minutes", "offer_to_team", "seat"), "name nobody in particular"),
    (Rung(0, "business_minutes", "remind", "seat"), "a seat, and only a seat, names its person"),
    (Rung(0, "business_minutes", "remind", "owner", PersonId("rep-1")), "a seat, and only a seat"),
]


@pytest.mark.parametrize(("rung", "said"), WRONG)
def test_a_rung_speaks_to_somebody_it_can(rung: Rung, said: str) -> None:
    with pytest.raises(RungTellsTheWrongPerson, match=said.replace("accountable, above", "above, accountable")):
        setting(clocks=(replace(RESPOND, rungs=(rung,)),))


@pytest.mark.parametrize("deed", ["offer_to_team", "release"])
def test_who_does_not_acknowledge_loses_no_lead(deed: str) -> None:
    rung = replace(OFFER, deed=deed)  # type: ignore[arg-type]
    with pytest.raises(RungTellsTheWrongPerson, match=r"Rung 1 of the acknowledgement clock .* is told further up"):
        setting(clocks=(ClockRule("acknowledgement", 60, "business_minutes", (rung,)),))
    further_up = (Rung(0, "business_minutes", "escalate", "above"), Rung(0, "business_minutes", "remind", "seat", ADA))
    assert setting(clocks=(ClockRule("acknowledgement", 60, "business_minutes", further_up),))


@pytest.mark.parametrize("cap", [-1, LONGEST_TARGET_MINUTES + 1])
def test_a_lead_is_not_snoozed_for_ever(cap: int) -> None:
    with pytest.raises(SnoozeIsOutOfRange, match=f"not for {cap}"):
        setting(cap=cap)


@pytest.mark.parametrize("cap", [0, LONGEST_TARGET_MINUTES])
def test_it_may_be_not_at_all_and_for_a_year(cap: int) -> None:
    assert setting(cap=cap)


def test_a_policy_is_known_once_it_was_set() -> None:
    assert known(replay([was_set()]), QUICK) == QUICK
    with pytest.raises(PolicyUnknown, match="No policy called quick"):
        known(Policy(), QUICK)


def test_how_a_new_lead_hears_from_a_machine_is_a_part_of_the_terms() -> None:
    plain = set_policy(Policy(), QUICK, OFFICE, HOURS, (RESPOND,), 480, None, on(NINE))
    told = set_policy(replay(plain), QUICK, OFFICE, HOURS, (RESPOND,), 480, None, on(TEN), ("email",))
    assert [event.receipt for event in [*plain, *told]] == [None, ("email",)]
    policy = replay([*plain, *told])
    assert [terms.receipt for terms in policy.terms] == [None, ("email",)]
    assert set_policy(policy, QUICK, OFFICE, HOURS, (RESPOND,), 480, None, on(ONE), ("email",)) == []


def test_terms_are_in_force_from_an_instant_on() -> None:
    policy = replay([was_set(), was_set(at=TEN, effective_from=ONE, cap=0)])
    assert [in_force(policy, QUICK, at).version for at in (NINE, TEN, ONE)] == [1, 1, 2]
    with pytest.raises(PolicyIsNotInForce, match="Policy quick does not hold at 2026-03-02 08:59") as refused:
        in_force(policy, QUICK, NINE - timedelta(minutes=1))
    assert refused.value.about["effective_from"] == "2026-03-02T09:00:00+00:00"
    sooner = replay([was_set(effective_from=ONE), was_set(effective_from=TEN, cap=0)])
    with pytest.raises(PolicyIsNotInForce, match="it holds from 2026-03-02 10:00"):
        in_force(sooner, QUICK, NINE)
    with pytest.raises(PolicyUnknown):
        in_force(Policy(), QUICK, NINE)
    with pytest.raises(PolicyUnknown, match="No policy called quick"):
        in_force(Policy(), QUICK, NINE)


def test_a_name_that_stays_on_record_is_fit_for_it() -> None:
    with pytest.raises(Refusal):
        set_policy(Policy(), PolicyId("Quick!"), OFFICE, HOURS, (RESPOND,), 0, None, on(TEN))


def test_refusals_say_all_that_they_know() -> None:
    with pytest.raises(SnoozeIsOutOfRange, match="for 0 to 527040 minutes in all, not for -1"):
        setting(cap=-1)
    with pytest.raises(
        TargetIsOutOfRange, match=r"The first_response clock has a target of 0 minutes; .* from 1 to 527040"
    ):
        setting(clocks=(replace(RESPOND, target_minutes=0),))
    many = tuple(replace(OFFER, offset_minutes=minutes) for minutes in range(21))
    with pytest.raises(TooManyRungs, match="The first_response clock has 21 rungs"):
        setting(clocks=(replace(RESPOND, rungs=many),))
    far = replace(RELEASE, offset_minutes=LONGEST_TARGET_MINUTES + 1)
    with pytest.raises(RungIsTooFarOff, match="527040"):
        setting(clocks=(replace(RESPOND, rungs=(far,)),))
    seated = Rung(0, "business_minutes", "remind", "seat")
    with pytest.raises(RungTellsTheWrongPerson, match="cannot be: a seat, and only a seat, names its person\\."):
        setting(clocks=(replace(RESPOND, rungs=(seated,)),))
    with pytest.raises(RungTellsTheWrongPerson, match=r"cannot be: an escalation .* the lead stays where it is\."):
        setting(clocks=(ClockRule("acknowledgement", 60, "business_minutes", (OFFER,)),))


def test_a_rung_may_be_as_far_from_its_deadline_as_a_target() -> None:
    far = replace(RELEASE, offset_minutes=LONGEST_TARGET_MINUTES)
    assert setting(clocks=(ClockRule("reply", 60, "elapsed_minutes", (far,)),))


def test_a_pause_after_the_deadline_moves_the_rungs_behind_it() -> None:
    begins = datetime.fromisoformat("2026-03-09T10:00Z")
    found = deadlines(RESPOND, HOURS, FRIDAY_AFTERNOON, [Pause(begins, begins + timedelta(hours=1))])
    assert found.respond_by == datetime.fromisoformat("2026-03-09T09:50Z")
    assert found.rungs[2] == datetime.fromisoformat("2026-03-09T11:20Z")


def test_a_rung_that_comes_too_early_is_told_with_both_instants() -> None:
    with pytest.raises(RungComesBeforeTheClock) as early:
        setting(clocks=(replace(RESPOND, rungs=(replace(REMIND, offset_minutes=-61),)),), at=NINE)
    assert early.value.about | {"clock": "first_response", "rung": "1"} == early.value.about
    assert early.value.about["started_at"] == NINE.isoformat()
    assert early.value.about["due_at"] == "2026-02-27T16:59:00+00:00"
    with pytest.raises(RungsAreOutOfOrder) as mixed:
        setting(clocks=(replace(RESPOND, rungs=(ESCALATE, REMIND)),), at=NINE)
    assert mixed.value.about["before"] == TEN.isoformat()
    assert mixed.value.about["due_at"] == (TEN - timedelta(minutes=15)).isoformat()


def test_a_policy_is_tried_out_at_every_hour_of_two_weeks() -> None:
    tried = list(policy_module._tries(NINE))
    assert (tried[0], tried[1], tried[-1], len(tried)) == (NINE, TEN, NINE + timedelta(hours=335), 336)
