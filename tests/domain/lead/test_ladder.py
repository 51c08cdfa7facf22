"""A clock's ladder: who is told when nobody acts, who acknowledges it, and whom it reaches in the end."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.identity import PolicyId
from domain.lead.clocks import (
    CommitmentIsOutOfRange,
    Governing,
    NothingToAcknowledge,
    acknowledge,
    fire,
    next_due_at,
    running,
)
from domain.lead.events import (
    BreachRetracted,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    EscalationAcknowledged,
    LeadAssigned,
    LeadEscalated,
    LeadEvent,
    LeadOffered,
    LeadReleased,
    ReceiptOwed,
    RungPassed,
    SomebodyReminded,
    Step,
)
from domain.lead.standing import LeadIsClosed
from domain.lead.state import evolve, replay
from domain.policy import ClockRule, Terms
from tests.domain.lead.clockwork import BY_DORA, HOURS, LADDER, MINUTE, SEATED, TIMEKEEPER, Always, Told, of
from tests.domain.lead.told import assigned, contacted, created, escalated, followed_up, lost, released, replied, routed
from tests.support.story import ANNA, BEN, BY_ANNA, BY_BEN, BY_MANAGER, CARLA, DORA, NINE, ONE, TEN, TWELVE, TWO, on


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
    assert [(event.told, event.rung, event.reason) for event in above] == [(DORA, 2, "not_acknowledged")]


def test_any_act_of_whoever_was_told_will_do() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    stopped = of(story.happens(assigned(CARLA, TEN + MINUTE, previous=ANNA)), ClockStopped)
    assert [(event.because, story.lead.clocks[event.number - 1].name) for event in stopped] == [
        ("acknowledged", "acknowledgement")
    ]


def test_what_follows_for_the_clocks_is_nobodys_act() -> None:
    """Whoever is told may have put on record what the lead or somebody else did: that is not seeing to it."""
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    follows = story.happens(replace(contacted(TEN + MINUTE), by=BY_MANAGER))
    assert {type(one) for one in follows} == {ClockStopped, ClockStarted}
    story.happens(escalated(at=TEN + 2 * MINUTE))
    assert of(story.happens(replace(replied(TWELVE), by=BY_MANAGER)), ClockStopped, ClockStarted)
    assert [one.seen_to for one in story.lead.escalations] == [False, False]
    assert [clock.name for clock in running(story.lead)] == ["acknowledgement", "reply"]


@pytest.mark.parametrize(
    "event",
    [
        ClockStarted(
            clock="reply", number=3, started_at=TEN, respond_by=TWELVE, rungs=(), policy=PolicyId("quick"),
            policy_version=3, at=ONE, by=BY_MANAGER,
        ),
        ClockMoved(number=1, respond_by=TWELVE, rungs=(), at=ONE, by=BY_MANAGER),
        ClockStopped(number=1, stopped_at=ONE, because="answered", at=ONE, by=BY_MANAGER),
        ClockBreached(number=2, due_at=TEN, owner=ANNA, at=ONE, by=BY_MANAGER),
        BreachRetracted(number=1, answered_at=TEN, at=ONE, by=BY_MANAGER),
        SomebodyReminded(told=ANNA, step=Step(1, 1, TEN), at=ONE, by=BY_MANAGER),
        RungPassed(step=Step(1, 4, TEN), at=ONE, by=BY_MANAGER),
        ReceiptOwed(media=("email",), policy=PolicyId("quick"), policy_version=3, at=ONE, by=BY_MANAGER),
    ],
    ids=lambda event: type(event).__name__,
)  # fmt: skip
def test_what_a_clock_does_is_no_act_of_whoever_was_told(event: LeadEvent) -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    assert [one.told for one in story.lead.escalations] == [CARLA]
    assert not evolve(story.lead, event).escalations[0].seen_to


def test_a_lead_that_somebody_took_over_needs_nobody_to_acknowledge_it() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.timekeeper_comes(TEN + 30 * MINUTE)
    assert [clock.name for clock in running(story.lead)] == ["first_response", "acknowledgement", "acknowledgement"]
    rescued = LeadAssigned(to=BEN, previous=ANNA, because="rescued", at=TEN + 31 * MINUTE, by=BY_BEN)
    stopped = of(story.happens(rescued), ClockStopped)
    assert [(event.number, event.because, event.stopped_at) for event in stopped] == [
        (2, "taken_over", rescued.at),
        (3, "taken_over", rescued.at),
    ]
    assert [clock.name for clock in running(story.lead)] == ["first_response"]
    assert [(one.told, one.seen_to, one.taken_over) for one in story.lead.escalations] == [
        (CARLA, False, True),
        (DORA, False, True),
    ]
    with pytest.raises(NothingToAcknowledge):
        acknowledge(story.lead, TWELVE, on(TEN + 32 * MINUTE, BY_MANAGER))
    told = of(story.timekeeper_comes(TWO), LeadEscalated)
    assert [(event.told, event.reason, event.step.clock) for event in told] == [(DORA, "no_contact", 1)]
    assert [clock.escalation for clock in running(story.lead)] == [None, 3]


def test_a_lead_that_was_nobodys_and_is_given_to_somebody_has_somebody() -> None:
    story = Told(created())
    story.timekeeper_comes(TEN)
    [stopped] = of(story.happens(replace(assigned(ANNA, TEN + MINUTE), by=BY_DORA)), ClockStopped)
    assert (stopped.number, stopped.because) == (2, "taken_over")


def test_what_goes_back_to_the_queue_or_to_whom_it_was_taken_from_has_nobody_yet() -> None:
    """Else an owner could give it back and claim it again, and nobody would be asked for."""
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    assert of(story.happens(released(at=TEN + MINUTE)), ClockStopped) == []
    assert of(story.happens(replace(routed(at=TEN + 2 * MINUTE), by=BY_DORA)), ClockStopped) == []
    again, to_ben, and_back = assigned(at=TEN + 3 * MINUTE), assigned(BEN, TEN + 4 * MINUTE), assigned(at=TWELVE)
    assert of(story.happens(replace(again, by=BY_ANNA)), ClockStopped) == []
    [stopped] = of(story.happens(replace(to_ben, by=BY_BEN)), ClockStopped)
    assert (stopped.number, stopped.because) == (2, "taken_over")
    assert of(story.happens(replace(and_back, by=BY_DORA)), ClockStarted) == []


def test_whoever_is_told_after_a_rescue_has_to_see_to_it() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), assigned(BEN, TWELVE, previous=ANNA))
    [started] = of(story.happens(escalated(at=TWELVE)), ClockStarted)
    assert (started.clock, started.escalation) == ("acknowledgement", 1)
    earlier = replace(assigned(DORA, TWELVE - MINUTE), by=BY_DORA)
    assert of(story.happens(earlier, now=ONE, history=True), ClockStopped) == []
    at_once = replace(assigned(ANNA, TWELVE), by=BY_DORA)
    assert [event.because for event in of(story.happens(at_once), ClockStopped)] == ["taken_over"]


def test_a_call_for_help_that_is_told_after_the_rescue_is_owed_no_more() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), assigned(BEN, TWELVE, previous=ANNA))
    assert of(story.happens(escalated(at=TWELVE - MINUTE), now=ONE), ClockStarted) == []
    assert [one.taken_over for one in story.lead.escalations] == [True]
    same = Told(created(), assigned(at=NINE), contacted(TEN), released(at=ONE), assigned(ANNA, TWO))
    assert of(same.happens(escalated(at=TWELVE), now=TWO), ClockStarted)


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


def test_who_had_the_lead_before_it_was_told_at_the_same_instant_has_not_taken_it_over() -> None:
    told: list[LeadEvent] = [created(), assigned(ANNA, TEN), assigned(BEN, TEN, previous=ANNA), escalated(at=TEN)]
    assert [one.taken_over for one in replay(told).escalations] == [False]
