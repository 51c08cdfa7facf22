"""The judge of the timekeeper's campaigns is judged: each kind of fault is told from a log that has just that one."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.event import Event, Recorded
from domain.identity import Position, StreamId
from domain.lead.events import (
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    LeadEscalated,
    RungDue,
    SomebodyReminded,
    Step,
)
from tests.support.examples import BY_REP, BY_TIMEKEEPER, MANAGER, NINE, QUICK, REP
from tests.support.timers import Timer, Verdict, judge

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
LEAD = StreamId(UUID(int=1))
TEN_PAST, QUARTER_PAST = NINE + 10 * MINUTE, NINE + 15 * MINUTE
REMINDER, BREACH, ESCALATION = (Timer(LEAD, 1, rung) for rung in (1, 0, 2))
NO_FAULT = {"lost": 0, "twice": 0, "early": 0, "for cancelled": 0}

armed = ClockStarted(
    at=NINE,
    by=BY_REP,
    clock="first_response",
    number=1,
    started_at=NINE,
    respond_by=QUARTER_PAST,
    rungs=(RungDue(TEN_PAST, "remind", "owner"), RungDue(QUARTER_PAST, "escalate", "accountable")),
    policy=QUICK,
    policy_version=1,
)


def reminded(at: datetime = TEN_PAST + SECOND) -> Event:
    return SomebodyReminded(at=at, by=BY_TIMEKEEPER, told=REP, step=Step(1, 1, TEN_PAST))


def breached(at: datetime = QUARTER_PAST + SECOND) -> Event:
    return ClockBreached(at=at, by=BY_TIMEKEEPER, number=1, due_at=QUARTER_PAST, owner=REP)


def escalated(at: datetime = QUARTER_PAST + SECOND) -> Event:
    step = Step(1, 2, QUARTER_PAST)
    return LeadEscalated(at=at, by=BY_TIMEKEEPER, told=MANAGER, rung=1, reason="no_contact", step=step)


def by_hand() -> Event:
    return LeadEscalated(at=NINE + SECOND, by=BY_REP, told=MANAGER, rung=1, reason="help_needed")


def stopped(at: datetime) -> Event:
    return ClockStopped(at=at, by=BY_REP, number=1, stopped_at=at, because="answered")


def judged(*events: Event, due_by: datetime = NINE + 60 * MINUTE, recorded_sooner: timedelta = timedelta(0)) -> Verdict:
    return judge(
        [
            Recorded(event, LEAD, place, Position(place), event.at - recorded_sooner, UUID(int=place))
            for place, event in enumerate(events, start=1)
        ],
        due_by=due_by,
    )


def test_who_fires_each_rung_once_and_in_time_is_without_fault() -> None:
    verdict = judged(armed, by_hand(), reminded(), breached(), escalated())
    assert verdict.faults == NO_FAULT
    assert (verdict.clocks, verdict.cancelled) == (1, 0)
    assert [(one.timer, one.late_seconds) for one in verdict.firings] == [
        (REMINDER, 1.0),
        (BREACH, 1.0),
        (ESCALATION, 1.0),
    ]


def test_a_rung_that_never_came_is_lost() -> None:
    verdict = judged(armed, reminded(), breached())
    assert verdict.lost == [ESCALATION]
    assert verdict.faults == NO_FAULT | {"lost": 1}


def test_what_was_not_due_yet_is_not_lost() -> None:
    assert judged(armed, reminded(), due_by=QUARTER_PAST - SECOND).faults == NO_FAULT
    assert judged(armed, reminded(), due_by=QUARTER_PAST).lost == [BREACH, ESCALATION]


def test_a_rung_that_came_again_came_twice() -> None:
    verdict = judged(armed, reminded(), breached(), breached(), escalated())
    assert verdict.twice == [BREACH]
    assert verdict.faults == NO_FAULT | {"twice": 1}


def test_a_rung_before_its_time_is_early_by_whichever_clock() -> None:
    a_moment_before = judged(armed, reminded(TEN_PAST - SECOND), breached(), escalated())
    assert a_moment_before.early == [REMINDER]
    by_the_database = judged(armed, reminded(), breached(), escalated(), recorded_sooner=2 * SECOND)
    assert by_the_database.early == [REMINDER, BREACH, ESCALATION]
    assert judged(armed, reminded(TEN_PAST), breached(QUARTER_PAST), escalated()).faults == NO_FAULT


def test_what_comes_after_the_clock_was_stopped_is_for_a_cancelled_one() -> None:
    verdict = judged(armed, stopped(TEN_PAST - SECOND), reminded())
    assert verdict.for_cancelled == [REMINDER]
    assert (verdict.faults, verdict.cancelled) == (NO_FAULT | {"for cancelled": 1}, 1)


def test_what_was_cancelled_before_it_was_due_need_not_come() -> None:
    verdict = judged(armed, reminded(), stopped(QUARTER_PAST))
    assert (verdict.faults, verdict.overtaken_seconds) == (NO_FAULT, [])


def test_a_reminder_that_was_due_and_overtaken_by_the_answer_is_told_and_how_long_it_was_due() -> None:
    verdict = judged(armed, stopped(TEN_PAST + 3 * SECOND))
    assert (verdict.faults, verdict.overtaken_seconds) == (NO_FAULT, [3.0])


def test_a_breach_that_nobody_told_is_lost_though_the_clock_was_stopped() -> None:
    verdict = judged(armed, reminded(), stopped(QUARTER_PAST + SECOND))
    assert (verdict.lost, verdict.overtaken_seconds) == ([BREACH], [1.0])


def test_a_clock_that_was_moved_is_due_when_it_was_moved_to() -> None:
    rungs = tuple(RungDue(rung.due_at + 5 * MINUTE, rung.deed, rung.whom) for rung in armed.rungs)
    moved = ClockMoved(at=NINE + SECOND, by=BY_REP, number=1, respond_by=QUARTER_PAST + 5 * MINUTE, rungs=rungs)
    assert judged(armed, moved, reminded(), due_by=NINE).early == [REMINDER]
    assert judged(armed, moved, due_by=QUARTER_PAST - SECOND).faults == NO_FAULT


def test_what_was_overdue_when_it_was_armed_is_late_from_then_on() -> None:
    told_late = ClockStarted(**{**vars(armed), "at": QUARTER_PAST})
    verdict = judged(told_late, reminded(QUARTER_PAST + SECOND), breached(), escalated())
    assert [(one.overdue_when_armed, one.late_seconds) for one in verdict.firings] == [
        (True, 1.0),
        (False, 1.0),
        (False, 1.0),
    ]
