"""A lead's clocks: what is owed to it and by when, what starts, moves and stops them, and what came too late."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.business_time import BusinessTime, Hours
from domain.identity import PolicyId
from domain.lead.clocks import (
    Governing,
    LeadIsNotSnoozed,
    NoPolicyNoSnooze,
    SnoozedTooLong,
    SnoozeEndsInThePast,
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
    LeadReplied,
    LeadSnoozed,
    LeadWoken,
)
from domain.lead.standing import LeadIsClosed
from domain.policy import ClockRule, Terms
from tests.domain.lead.clockwork import GOVERNING, HOURS, MINUTE, TERMS, Always, Told, of
from tests.domain.lead.told import NOTE, assigned, contacted, created, followed_up, lost, promised, reopened, replied
from tests.support.story import ANNA, BY_ANNA, CARLA, NINE, ONE, TEN, TWELVE, TWO, on


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


def test_only_a_snooze_moves_a_clock_whatever_its_deadline_would_be_by_now() -> None:
    """Not even where the same computation comes to something else, as after a change of the time zones themselves."""
    story = Told(created(), assigned(at=NINE))
    story.happens(LeadSnoozed(until=NINE + 40 * MINUTE, reason="other", at=NINE + 30 * MINUTE, by=BY_ANNA))
    assert story.lead.clocks[0].respond_by == TEN + 10 * MINUTE
    shorter = (Hours(10 * 60, 17 * 60),)
    story.policies = Always(GOVERNING._replace(hours=BusinessTime("UTC", (shorter,) * 7)))
    assert story.happens(replied(TEN)) == []
    story.timekeeper_comes(TWO)
    assert story.lead.clocks[0].breached
    assert story.happens(replied(TWO)) == []
    assert not of(story.events[5:], ClockMoved)


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
    assert (clock.calendar, clock.calendar_version) == ("office", 5)


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
