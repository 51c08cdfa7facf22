"""A lead's clocks: what is owed to it and by when, what came too late, and what happens then."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.business_time import BusinessTime, Hours
from domain.event import Actor
from domain.identity import CalendarId, PersonId, PolicyId
from domain.lead.clocks import (
    CommitmentIsOutOfRange,
    Governing,
    LeadIsNotSnoozed,
    NoPolicyNoSnooze,
    NothingToAcknowledge,
    SnoozedTooLong,
    SnoozeEndsInThePast,
    acknowledge,
    fire,
    follow,
    next_due_at,
    running,
    snooze,
    wake,
)
from domain.lead.events import (
    BreachRetracted,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    EscalationAcknowledged,
    LeadEscalated,
    LeadEvent,
    LeadOffered,
    LeadReleased,
    LeadReplied,
    LeadSnoozed,
    LeadWoken,
    RungPassed,
    SomebodyReminded,
    Step,
)
from domain.lead.standing import LeadIsClosed
from domain.lead.state import Clock, Lead, evolve
from domain.policy import ClockRule, Rung, Terms
from tests.domain.lead.told import (
    NOTE,
    assigned,
    contacted,
    created,
    escalated,
    followed_up,
    lost,
    promised,
    reopened,
    replied,
)
from tests.support.story import ANNA, BY_ANNA, BY_MANAGER, CARLA, DORA, NINE, ONE, TEN, TWELVE, TWO, on

BY_DORA = Actor(DORA, "manager", "key:dora")
TIMEKEEPER = Actor("timekeeper", "service", "timekeeper")
DAY = (Hours(9 * 60, 17 * 60),)
HOURS = BusinessTime("UTC", (DAY, DAY, DAY, DAY, DAY, (), ()))
LADDER = (CARLA, DORA)
MINUTE = timedelta(minutes=1)
SEATED = Rung(0, "business_minutes", "escalate", "seat", DORA)


def rung(offset: int, deed: Any, whom: Any = None, seat: PersonId | None = None) -> Rung:
    return Rung(offset, "business_minutes", deed, whom, seat)


TERMS = Terms(
    effective_from=NINE,
    version=3,
    calendar=CalendarId("office"),
    clocks=(
        ClockRule(
            "first_response",
            60,
            "business_minutes",
            (
                rung(-15, "remind", "owner"),
                rung(0, "escalate", "accountable"),
                rung(30, "offer_to_team"),
                rung(60, "release"),
                rung(90, "escalate", "above"),
            ),
        ),
        ClockRule("follow_up", 2 * 480, "business_minutes", (rung(-60, "remind", "owner"),)),
        ClockRule("reply", 120, "business_minutes", (rung(0, "remind", "seat", DORA),)),
        ClockRule("acknowledgement", 30, "business_minutes", (rung(0, "escalate", "above"),)),
    ),
    snooze_at_most_minutes=48 * 60,
)


GOVERNING = Governing(PolicyId("quick"), TERMS, HOURS, 5, 4)


@dataclass
class Always:
    """Policies that say the same of every lead, or nothing."""

    said: Governing | None = GOVERNING

    def governing(self, lead: Lead, since: datetime) -> Governing | None:
        assert lead.arrived_at
        assert since >= lead.arrived_at
        return self.said

    def of_clock(self, clock: Clock) -> Governing:
        assert clock.stopped_at is None
        assert self.said
        return self.said


class Told:
    """A lead with clocks, to which one thing after another happens."""

    def __init__(self, *events: LeadEvent, policies: Always | None = None) -> None:
        self.lead = Lead()
        self.policies = policies or Always()
        self.events: list[LeadEvent] = []
        for event in events:
            self.happens(event)

    def happens(self, *deeds: LeadEvent, now: datetime | None = None, history: bool = False) -> list[LeadEvent]:
        """What follows for the clocks; then it is so, and nothing follows again."""
        occasion = on(now or deeds[0].at, deeds[0].by, history=history)
        told = follow(self.lead, deeds, self.policies, occasion)
        assert told[: len(deeds)] == list(deeds)
        for event in told:
            self.lead = evolve(self.lead, event)
        self.events += told
        assert follow(self.lead, (), self.policies, occasion) == []
        return told[len(deeds) :]

    def timekeeper_comes(
        self, at: datetime, ladder: Sequence[PersonId] = LADDER, seat: PersonId | None = None
    ) -> list[LeadEvent]:
        occasion = on(at, TIMEKEEPER)
        fired = fire(self.lead, ladder, occasion, seat=seat)
        if fired:
            self.happens(*fired)
        assert fire(self.lead, ladder, occasion, seat=seat) == []
        return fired


def of(told: Sequence[LeadEvent], *kinds: type[LeadEvent]) -> list[Any]:
    return [event for event in told if isinstance(event, kinds)]


def test_a_lead_that_arrives_starts_the_clock_of_the_first_response() -> None:
    story = Told()
    [started] = story.happens(created())
    assert isinstance(started, ClockStarted)
    assert (started.clock, started.number, started.started_at, started.respond_by) == ("first_response", 1, NINE, TEN)
    assert (started.policy, started.policy_version) == ("quick", 3)
    assert (started.calendar, started.calendar_version, started.rulebook_version) == ("office", 5, 4)
    due = [(rung.due_at - TEN) // MINUTE for rung in started.rungs]
    assert due == [-15, 0, 30, 60, 90]


def test_it_starts_when_the_lead_arrived_and_not_when_we_learned_of_it() -> None:
    [started] = Told().happens(created(), now=TWO)
    assert isinstance(started, ClockStarted)
    assert (started.started_at, started.at) == (NINE, TWO)


def test_without_a_policy_there_is_no_clock() -> None:
    assert Told(policies=Always(None)).happens(created()) == []
    no_such_clock = Always(Governing(PolicyId("slow"), _without_clocks(), HOURS))
    assert Told(policies=no_such_clock).happens(created()) == []


def _without_clocks() -> Terms:
    return Terms(NINE, 1, None, (), 0)


def test_a_calendar_that_was_emptied_keeps_no_lead_from_being_recorded() -> None:
    empty = BusinessTime("UTC", ((),) * 7)
    emptied = Always(Governing(PolicyId("quick"), TERMS, empty, 6))
    assert Told(policies=emptied).happens(created()) == []
    story = Told(created(), assigned(at=NINE))
    story.policies = emptied
    assert story.happens(LeadSnoozed(until=TWELVE, reason="other", at=NINE + MINUTE, by=BY_ANNA)) == []


def test_copied_history_starts_no_clock_but_stops_one() -> None:
    assert Told().happens(created(), history=True) == []
    story = Told(created(), assigned())
    [stopped] = story.happens(contacted(NINE + 30 * MINUTE), history=True)
    assert stopped.number == 1  # type: ignore[union-attr]


def test_assigning_again_resets_nothing() -> None:
    story = Told(created())
    assert story.happens(assigned()) == []
    assert story.happens(assigned(CARLA, previous=ANNA)) == []


def test_the_first_human_outreach_stops_it_and_the_next_one_is_owed() -> None:
    story = Told(created(), assigned(at=NINE))
    stopped, started = story.happens(contacted(NINE + 20 * MINUTE))
    assert isinstance(stopped, ClockStopped)
    assert (stopped.number, stopped.stopped_at, stopped.because) == (1, NINE + 20 * MINUTE, "answered")
    assert isinstance(started, ClockStarted)
    assert (started.clock, started.number) == ("follow_up", 2)
    assert (started.started_at, started.respond_by) == (NINE + 20 * MINUTE, NINE + timedelta(days=2, minutes=20))


def test_each_outreach_starts_the_next_cadence() -> None:
    story = Told(created(), assigned(), contacted(TEN))
    stopped, started = story.happens(followed_up(TWELVE))
    assert (stopped.number, stopped.because) == (2, "answered")  # type: ignore[union-attr]
    assert (started.number, started.started_at) == (3, TWELVE)  # type: ignore[union-attr]


def test_a_promise_takes_the_place_of_the_cadence() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN))
    stopped, started = story.happens(promised(TEN + MINUTE, TWO))
    assert (stopped.number, stopped.because) == (2, "replaced")  # type: ignore[union-attr]
    assert isinstance(started, ClockStarted)
    assert (started.respond_by, started.promised_for, started.rungs[0].due_at) == (TWO, TWO, ONE)


def test_who_promises_to_call_in_five_minutes_is_reminded_at_once() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN))
    _, started = story.happens(promised(TEN, TEN + 5 * MINUTE))
    assert started.rungs[0].due_at == TEN  # type: ignore[union-attr]


def test_a_reply_is_to_be_answered_and_the_cadence_waits() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN))
    stopped, started = story.happens(replied(TWELVE))
    assert (stopped.number, stopped.because) == (2, "replaced")  # type: ignore[union-attr]
    assert (started.clock, started.started_at, started.respond_by) == ("reply", TWELVE, TWO)  # type: ignore[union-attr]
    assert story.happens(replied(TWELVE + MINUTE)) == []
    assert [clock.name for clock in running(story.lead)] == ["reply"]


def test_a_promise_and_a_reply_are_both_owed() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), promised(TEN, TWO), replied(TWELVE))
    assert {clock.name for clock in running(story.lead)} == {"follow_up", "reply"}


def test_the_end_stops_every_clock() -> None:
    story = Told(created(), assigned())
    [stopped] = story.happens(lost(NINE + 30 * MINUTE))
    assert (stopped.number, stopped.because) == (1, "closed")  # type: ignore[union-attr]
    [started] = story.happens(reopened(TWO))
    assert (started.clock, started.started_at) == ("first_response", TWO)  # type: ignore[union-attr]


def test_who_ends_a_lead_too_late_was_too_late() -> None:
    story = Told(created())
    breached, _ = story.happens(lost(ONE))
    assert isinstance(breached, ClockBreached)
    assert (breached.due_at, breached.owner, breached.at, breached.by) == (TEN, None, ONE, BY_ANNA)


def test_a_response_that_came_too_late_is_a_breach_even_if_no_timekeeper_saw_it() -> None:
    story = Told(created(), assigned(at=NINE))
    breached, stopped, _ = story.happens(contacted(TEN + MINUTE))
    assert (breached.due_at, breached.owner, breached.at) == (TEN, ANNA, TEN + MINUTE)  # type: ignore[union-attr]
    assert stopped.stopped_at == TEN + MINUTE  # type: ignore[union-attr]


def test_a_response_at_the_last_moment_is_none() -> None:
    story = Told(created(), assigned(at=NINE))
    assert not of(story.happens(contacted(TEN)), ClockBreached)


def test_nothing_is_due_before_its_time() -> None:
    story = Told(created(), assigned(at=NINE))
    assert next_due_at(story.lead) == NINE + 45 * MINUTE
    assert story.timekeeper_comes(NINE + 45 * MINUTE - timedelta(microseconds=1)) == []


def test_nothing_comes_early_for_a_lead_whose_last_deed_is_dated_ahead() -> None:
    lead = Told(created(), assigned(at=NINE)).lead
    remind_at, ahead = NINE + 45 * MINUTE, on(TWO, TIMEKEEPER)
    assert fire(lead, LADDER, ahead, due_by=remind_at - timedelta(microseconds=1)) == []
    assert [type(event) for event in fire(lead, LADDER, ahead, due_by=remind_at)] == [SomebodyReminded]
    assert fire(lead, LADDER, on(NINE, TIMEKEEPER), due_by=remind_at) == []


def test_the_ladder_is_climbed_rung_by_rung_and_each_once() -> None:
    story = Told(created(), assigned(at=NINE))
    assert story.timekeeper_comes(NINE + 45 * MINUTE) == [
        SomebodyReminded(told=ANNA, step=Step(1, 1, NINE + 45 * MINUTE), at=NINE + 45 * MINUTE, by=TIMEKEEPER)
    ]
    breached, escalated = story.timekeeper_comes(TEN)
    assert breached == ClockBreached(number=1, due_at=TEN, owner=ANNA, at=TEN, by=TIMEKEEPER)
    assert isinstance(escalated, LeadEscalated)
    assert (escalated.told, escalated.rung, escalated.reason) == (CARLA, 1, "no_contact")
    [offered] = of(story.timekeeper_comes(TEN + 30 * MINUTE), LeadOffered)
    assert (offered.team, offered.step.rung, story.lead.offered) == ("north", 3, True)
    [released] = of(story.timekeeper_comes(TEN + 60 * MINUTE), LeadReleased)
    assert (released.owner, released.team, released.reason, released.step.rung) == (ANNA, "north", "not_attended", 4)
    assert story.lead.rungs == frozenset()
    assert (story.lead.owner, story.lead.excluded, story.lead.offered) == (None, frozenset({ANNA}), False)
    above = of(story.timekeeper_comes(TEN + 90 * MINUTE), LeadEscalated)
    assert [(event.told, event.rung) for event in above if event.step.clock == 1] == [(DORA, 2)]


def test_after_a_night_without_a_timekeeper_all_comes_late_and_in_order() -> None:
    story = Told(created(), assigned(at=NINE))
    fired = story.timekeeper_comes(TWO)
    assert [type(event) for event in fired] == [
        SomebodyReminded, ClockBreached, LeadEscalated, LeadOffered, LeadReleased, LeadEscalated
    ]  # fmt: skip
    assert {event.at for event in fired} == {TWO}
    assert fired[1].due_at == TEN  # type: ignore[union-attr]


def test_whoever_is_told_and_does_nothing_is_passed_over() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    [clock] = [clock for clock in running(story.lead) if clock.name == "acknowledgement"]
    assert (clock.started_at, clock.respond_by) == (TEN, TEN + 30 * MINUTE)
    above = of(story.timekeeper_comes(TEN + 30 * MINUTE), LeadEscalated)
    assert [(event.told, event.rung, event.reason) for event in above] == [(DORA, 2, "help_needed")]


def test_any_act_of_whoever_was_told_will_do() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    stopped = of(story.happens(assigned(CARLA, TEN + MINUTE, previous=ANNA)), ClockStopped)
    assert [(event.because, story.lead.clocks[event.number - 1].name) for event in stopped] == [
        ("acknowledged", "acknowledgement")
    ]


def test_a_lead_that_was_answered_needs_nobody_to_acknowledge_it() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    answered, acknowledged = of(story.happens(contacted(TEN + MINUTE)), ClockStopped)
    assert (answered.number, answered.stopped_at, answered.because) == (1, TEN + MINUTE, "answered")
    assert (acknowledged.number, acknowledged.stopped_at, acknowledged.because) == (2, TEN + MINUTE, "answered")
    assert [clock.name for clock in running(story.lead)] == ["follow_up"]


def test_who_acknowledges_is_given_the_time_they_asked_for() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    occasion = on(TEN + 5 * MINUTE, BY_MANAGER)
    said = acknowledge(story.lead, TWELVE, occasion)
    assert said == [EscalationAcknowledged(escalation=1, clock=1, act_by=TWELVE, at=occasion.at, by=BY_MANAGER)]
    story.happens(*said)
    assert acknowledge(story.lead, TWELVE, occasion) == []
    assert story.timekeeper_comes(TWELVE - MINUTE) == []
    assert [type(event) for event in story.timekeeper_comes(TWELVE)] == [LeadOffered, LeadReleased, LeadEscalated]


def test_only_who_was_told_acknowledges_and_says_until_when() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    with pytest.raises(NothingToAcknowledge):
        acknowledge(story.lead, TWELVE, on(TEN, BY_ANNA))
    for act_by in (TEN, TEN + timedelta(days=7, seconds=1)):
        with pytest.raises(CommitmentIsOutOfRange) as refused:
            acknowledge(story.lead, act_by, on(TEN, BY_MANAGER))
        assert refused.value.about == {"at": TEN.isoformat(), "act_by": act_by.isoformat()}
    assert acknowledge(story.lead, TEN + timedelta(days=7), on(TEN, BY_MANAGER))
    story.happens(contacted(TEN + MINUTE))
    with pytest.raises(NothingToAcknowledge):
        acknowledge(story.lead, TWELVE, on(TEN + MINUTE, BY_MANAGER))
    with pytest.raises(LeadIsClosed):
        acknowledge(Told(created(), lost(at=TEN)).lead, TWELVE, on(TEN + MINUTE, BY_MANAGER))


def test_a_call_for_help_is_acknowledged_too_and_ends_with_the_lead() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN))
    [started] = story.happens(escalated())
    assert (started.clock, started.escalation, started.started_at) == ("acknowledgement", 1, TWELVE)  # type: ignore[union-attr]
    stopped = of(story.happens(lost(TWELVE + MINUTE)), ClockStopped)
    assert {event.because for event in stopped} == {"closed"}


def test_where_nobody_answers_the_whole_desk_is_told_and_owes_no_acknowledgement() -> None:
    story = Told(created())
    told = [
        event.told
        for event in story.timekeeper_comes(TWO, ladder=())
        if isinstance(event, SomebodyReminded | LeadEscalated)
    ]
    assert told == [None, None, None]
    assert [clock.name for clock in running(story.lead)] == ["first_response"]


def test_who_has_no_lead_loses_none() -> None:
    story = Told(created())
    [passed] = of(story.timekeeper_comes(TWO), RungPassed)
    assert passed.step.rung == 4


def test_the_reminder_of_a_lead_that_is_nobodys_goes_to_whoever_answers_for_the_team() -> None:
    [reminded] = of(Told(created()).timekeeper_comes(NINE + 45 * MINUTE), SomebodyReminded)
    assert reminded.told == CARLA


def test_a_seat_is_told_by_its_name() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), replied(TWELVE))
    [reminded] = of(story.timekeeper_comes(TWO), SomebodyReminded)
    assert reminded.told == DORA


def test_a_late_fact_undoes_a_breach_and_both_stay_on_record() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    told = story.happens(contacted(TEN - MINUTE), now=TWELVE)
    [retracted] = of(told, BreachRetracted)
    assert (retracted.number, retracted.answered_at, retracted.at) == (1, TEN - MINUTE, TWELVE)
    assert [(event.number, event.stopped_at) for event in of(told, ClockStopped)] == [(1, TEN - MINUTE), (2, TEN)]
    assert not of(told, ClockBreached)


def test_a_late_fact_undoes_a_breach_also_of_a_clock_that_was_stopped_since() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN + 30 * MINUTE))
    assert story.lead.clocks[0].breached
    told = story.happens(followed_up(TEN - MINUTE), now=TWELVE)
    assert [event.answered_at for event in of(told, BreachRetracted)] == [TEN - MINUTE]
    assert not of(story.happens(followed_up(TEN - 2 * MINUTE), now=TWELVE), BreachRetracted)


def test_a_snooze_moves_the_deadline_and_its_ladder() -> None:
    story = Told(created(), assigned(at=NINE))
    told = story.happens(LeadSnoozed(until=TWELVE, reason="asked_to_wait", at=NINE + 30 * MINUTE, by=BY_ANNA))
    [moved] = told
    assert isinstance(moved, ClockMoved)
    assert (moved.number, moved.respond_by) == (1, TWELVE + 30 * MINUTE)
    assert (moved.at, moved.by) == (NINE + 30 * MINUTE, BY_ANNA)
    assert moved.rungs[0].due_at == TWELVE + 15 * MINUTE
    assert story.timekeeper_comes(TWELVE) == []


def test_a_clock_that_starts_while_the_lead_waits_counts_from_its_end() -> None:
    story = Told(created(), assigned(at=NINE))
    story.happens(LeadSnoozed(until=TWELVE, reason="asked_to_wait", at=NINE + 30 * MINUTE, by=BY_ANNA))
    started = of(story.happens(contacted(NINE + 40 * MINUTE)), ClockStarted)
    assert started[0].respond_by == TWELVE + timedelta(days=2)


def test_what_was_promised_for_a_time_at_which_the_lead_waits_is_owed_afterwards() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), promised(TEN, TWELVE))
    told = story.happens(LeadSnoozed(until=TWO, reason="out_of_office", at=TEN + MINUTE, by=BY_ANNA))
    assert [event.respond_by for event in of(told, ClockMoved)] == [TWO]


def test_what_was_promised_for_another_time_is_owed_then_but_the_reminder_may_move() -> None:
    before = Told(created(), assigned(at=NINE), contacted(TEN), promised(TEN, TWO))
    assert before.happens(LeadSnoozed(until=TEN + 30 * MINUTE, reason="other", at=TEN + MINUTE, by=BY_ANNA)) == []
    within = Told(created(), assigned(at=NINE), contacted(TEN), promised(TEN, TWO))
    waits = LeadSnoozed(until=ONE + 30 * MINUTE, reason="other", at=TWELVE + 30 * MINUTE, by=BY_ANNA)
    [moved] = of(within.happens(waits), ClockMoved)
    assert (moved.respond_by, moved.rungs[0].due_at) == (TWO, TWELVE)
    at_once = Told(created(), assigned(at=NINE), contacted(TEN), promised(TEN, TWELVE))
    [moved] = of(at_once.happens(LeadSnoozed(until=ONE, reason="other", at=TWELVE, by=BY_ANNA)), ClockMoved)
    assert moved.respond_by == ONE


def test_a_snooze_after_the_promised_instant_does_not_move_it() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), promised(TEN, TWELVE))
    assert not of(story.happens(LeadSnoozed(until=TWO, reason="other", at=ONE, by=BY_ANNA)), ClockMoved)


def test_a_clock_remembers_by_which_terms_it_runs() -> None:
    [clock] = running(Told(created()).lead)
    assert (clock.policy, clock.policy_version) == ("quick", 3)


def test_an_answer_at_the_last_moment_undoes_a_breach_too() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    assert of(story.happens(contacted(TEN)), BreachRetracted)


def test_a_reply_at_the_moment_of_the_call_is_part_of_it() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), replied(TEN))
    assert [clock.name for clock in running(story.lead)] == ["follow_up"]


def test_what_was_done_before_the_lead_arrived_is_no_answer() -> None:
    [stopped] = Told(created()).happens(contacted(NINE - MINUTE), history=True)
    assert (stopped.because, stopped.stopped_at) == ("replaced", NINE - MINUTE)  # type: ignore[union-attr]


def test_a_call_for_help_is_not_answered_by_the_owners_own_call() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), escalated(at=TWELVE))
    assert "acknowledgement" not in {
        story.lead.clocks[event.number - 1].name
        for event in of(story.happens(followed_up(TWELVE + MINUTE)), ClockStopped)
    }
    stopped = of(story.happens(assigned(CARLA, TWELVE + 2 * MINUTE, previous=ANNA)), ClockStopped)
    assert [(event.because, event.stopped_at) for event in stopped] == [("acknowledged", TWELVE + 2 * MINUTE)]


def test_above_is_above_whoever_was_told() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.happens(LeadEscalated(told=DORA, rung=2, reason="help_needed", at=TEN + MINUTE, by=BY_ANNA))
    above = of(story.timekeeper_comes(TEN + 30 * MINUTE), LeadEscalated)
    assert [(event.told, event.rung) for event in above] == [(DORA, 2)]


def test_above_somebody_who_is_no_longer_on_the_ladder_is_its_first_rung() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    above = of(story.timekeeper_comes(TEN + 30 * MINUTE, ladder=(DORA, ANNA)), LeadEscalated)
    assert [(event.told, event.rung) for event in above] == [(DORA, 1)]


def test_what_reaches_nobody_else_reaches_the_desks_seat() -> None:
    story = Told(created(team=None))
    told = [(type(one).__name__, one.told) for one in story.timekeeper_comes(TEN, ladder=(CARLA,), seat=CARLA)
            if isinstance(one, SomebodyReminded | LeadEscalated)]  # fmt: skip
    assert told == [("SomebodyReminded", CARLA), ("LeadEscalated", CARLA)]
    above = of(story.timekeeper_comes(NINE + 150 * MINUTE, ladder=(DORA, CARLA), seat=CARLA), LeadEscalated)
    assert [(one.told, one.rung, one.step.clock) for one in above] == [(None, 3, 2), (CARLA, 2, 1)]


def test_above_who_answers_for_the_team_alone_is_whoever_has_the_desks_seat() -> None:
    story = Told(created(), assigned(at=NINE))
    told = of(story.timekeeper_comes(NINE + 150 * MINUTE, ladder=(CARLA,), seat=CARLA), LeadEscalated)
    assert [(one.told, one.rung) for one in told] == [(CARLA, 1), (CARLA, 1)]
    without = Told(created(), assigned(at=NINE))
    told = of(without.timekeeper_comes(NINE + 150 * MINUTE, ladder=(CARLA,)), LeadEscalated)
    assert [(one.told, one.rung) for one in told] == [(CARLA, 1), (None, 2)]


def test_a_seat_is_on_no_rung_of_the_line() -> None:
    terms = Terms(NINE, 1, None, (ClockRule("first_response", 60, "business_minutes", (SEATED,)),), 0)
    story = Told(created(), policies=Always(Governing(PolicyId("seat"), terms, HOURS)))
    [escalated] = of(story.timekeeper_comes(TEN), LeadEscalated)
    assert (escalated.told, escalated.rung) == (DORA, 0)


def test_snoozing_is_bounded() -> None:
    story = Told(created(), assigned(at=NINE))
    governing = GOVERNING
    ends = TEN + timedelta(hours=48)
    [snoozed] = snooze(story.lead, ends, "asked_to_wait", None, governing, on(TEN, BY_ANNA))
    assert snoozed == LeadSnoozed(until=ends, reason="asked_to_wait", at=TEN, by=BY_ANNA)
    with pytest.raises(SnoozedTooLong, match="2880 minutes in all; with this it would be 2881"):
        snooze(story.lead, ends + MINUTE, "asked_to_wait", None, governing, on(TEN, BY_ANNA))
    with pytest.raises(SnoozeEndsInThePast) as refused:
        snooze(story.lead, TEN, "asked_to_wait", None, governing, on(TEN, BY_ANNA))
    assert refused.value.about == {"at": TEN.isoformat(), "until": TEN.isoformat()}
    almost = snooze(story.lead, ends + MINUTE / 2, "asked_to_wait", NOTE, governing, on(TEN, BY_ANNA))
    assert almost == [LeadSnoozed(until=ends + MINUTE / 2, reason="asked_to_wait", note=NOTE, at=TEN, by=BY_ANNA)]
    with pytest.raises(NoPolicyNoSnooze):
        snooze(story.lead, ends, "asked_to_wait", None, None, on(TEN, BY_ANNA))
    with pytest.raises(LeadIsClosed):
        snooze(Told(created(), lost(at=TEN)).lead, TWO, "other", None, governing, on(TEN, BY_ANNA))


def test_snoozing_again_moves_the_end() -> None:
    story = Told(created(), assigned(at=NINE))
    governing = GOVERNING
    story.happens(*snooze(story.lead, TWO, "asked_to_wait", None, governing, on(NINE + 30 * MINUTE, BY_ANNA)))
    assert snooze(story.lead, TWO, "asked_to_wait", None, governing, on(TWELVE, BY_ANNA)) == []
    again = snooze(story.lead, ONE, "asked_to_wait", None, governing, on(TWELVE, BY_ANNA))
    assert [type(event) for event in again] == [LeadWoken, LeadSnoozed]
    story.happens(*again)
    assert story.lead.clocks[0].respond_by == ONE + 30 * MINUTE


def test_a_lead_is_woken_by_hand_or_by_its_own_reply() -> None:
    story = Told(created(), assigned(at=NINE))
    with pytest.raises(LeadIsNotSnoozed):
        wake(story.lead, on(TEN, BY_ANNA))
    at = NINE + 30 * MINUTE
    story.happens(LeadSnoozed(until=TWO, reason="asked_to_wait", at=at, by=BY_ANNA))
    occasion = on(TEN, BY_ANNA)
    woken = wake(story.lead, occasion)
    assert woken == [LeadWoken(at=TEN, by=BY_ANNA)]
    [moved] = story.happens(*woken)
    assert moved.respond_by == TEN + 30 * MINUTE  # type: ignore[union-attr]
    assert wake(story.lead, occasion) == []

    other = Told(created(), assigned(at=NINE))
    other.happens(LeadSnoozed(until=TWO, reason="asked_to_wait", at=at, by=BY_ANNA))
    told = other.happens(replied(TEN))
    assert [type(event) for event in told] == [LeadWoken, ClockMoved]


def test_a_snooze_begins_at_once_and_is_over_at_its_end() -> None:
    story = Told(created(), assigned(at=NINE), LeadSnoozed(until=TWO, reason="other", at=TEN, by=BY_ANNA))
    assert wake(story.lead, on(TEN, BY_ANNA)) == [LeadWoken(at=TEN, by=BY_ANNA)]
    again = snooze(story.lead, TWO + MINUTE, "other", None, GOVERNING, on(TWO, BY_ANNA))
    assert [type(event) for event in again] == [LeadSnoozed]


def test_where_nothing_is_to_come_nothing_is_due() -> None:
    assert next_due_at(Told(created(), lost(at=NINE + MINUTE)).lead) is None


def test_each_escalation_is_seen_to_by_itself() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TWO)
    assert [(one.number, one.told, one.seen_to) for one in story.lead.escalations][:2] == [
        (1, CARLA, False),
        (2, DORA, False),
    ]
    story.happens(EscalationAcknowledged(escalation=2, clock=1, act_by=TWO + MINUTE, at=TWO, by=BY_DORA))
    assert [event.because for event in of(story.events[-3:], ClockStopped)] == ["acknowledged"]
    seen = [(one.number, one.told, one.seen_to, one.act_by) for one in story.lead.escalations]
    assert seen[:2] == [(1, CARLA, False, None), (2, DORA, True, TWO + MINUTE)]


def test_a_closed_lead_is_not_woken() -> None:
    with pytest.raises(LeadIsClosed):
        wake(Told(created(), lost(at=TEN)).lead, on(TEN, BY_ANNA))


def test_the_call_that_arrives_with_the_lead_answers_it() -> None:
    story = Told(created(), assigned(at=NINE))
    assert [event.stopped_at for event in of(story.happens(contacted(NINE)), ClockStopped)] == [NINE]


def test_whoever_replies_again_after_the_answer_waits_again() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), replied(TEN + MINUTE), followed_up(TEN + 2 * MINUTE))
    [stopped, started] = story.happens(LeadReplied(channel="sms", at=TEN + 3 * MINUTE, by=BY_ANNA))
    assert (stopped.because, started.clock) == ("replaced", "reply")  # type: ignore[union-attr]


def test_what_started_a_clock_is_no_answer_to_it_even_to_the_first_one_there_is() -> None:
    """Where a policy has no clock for the first response, a contact starts the lead's first clock."""
    terms = replace(TERMS, clocks=(ClockRule("follow_up", 60, "business_minutes"),))
    story = Told(created(NINE), assigned(at=NINE), policies=Always(Governing(PolicyId("slow"), terms, HOURS, 5)))
    [started] = story.happens(contacted(TEN))
    assert isinstance(started, ClockStarted)
    assert (started.number, started.started_at) == (1, TEN)
    late = started.respond_by + MINUTE
    assert of(story.timekeeper_comes(late), ClockBreached)
    told = story.happens(followed_up(late))
    assert of(told, BreachRetracted) == []
    assert [stopped.stopped_at for stopped in of(told, ClockStopped)] == [late]
