"""The responsibility ledger: whose each minute of a lead's clocks was."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import get_args

import pytest

from domain.identity import CalendarId, PersonId, TeamId
from domain.lead.events import (
    ClockStarted,
    ClockStopped,
    LeadAssigned,
    LeadEscalated,
    LeadEvent,
    LeadSnoozed,
    LeadWoken,
    Step,
)
from domain.lead.ledger import MATTERS, Account, Book, Booking, Holder, NothingBeforeTheLead, booked, tell
from domain.policy import ClockName
from tests.domain.lead.clockwork import Told
from tests.domain.lead.told import (
    assigned,
    contacted,
    created,
    escalated,
    followed_up,
    lost,
    promised,
    released,
    reopened,
    replied,
    routed,
)
from tests.support.examples import BY_TIMEKEEPER, EXAMPLES
from tests.support.story import ANNA, BEN, BY_ANNA, BY_MANAGER, CARLA, DORA, ELEVEN, NINE, ONE, TEN, TWELVE, TWO

MINUTE = timedelta(minutes=1)
Line = tuple[str, int, int | None, Holder, PersonId | None]


def book_of(events: Iterable[LeadEvent]) -> Book:
    book = Book()
    for event in events:
        book = tell(book, event)
    return book


def lines(events: Iterable[LeadEvent]) -> list[Line]:
    """Each booking: of which clock, from which minute after nine to which, and whose."""
    return [
        (
            one.account.clock,
            _minute(one.began_at),
            _minute(one.ended_at) if one.ended_at else None,
            one.holder,
            one.person,
        )
        for one in booked(book_of(events))
    ]


def ledger(story: Told, clock: str = "") -> list[Line]:
    """The lines of the clocks whose names begin so."""
    return [line for line in lines(story.events) if line[0].startswith(clock)]


def _minute(instant: datetime) -> int:
    return (instant - NINE) // MINUTE


def snoozed(at: datetime, until: datetime) -> LeadSnoozed:
    return LeadSnoozed(until=until, reason="asked_to_wait", at=at, by=BY_ANNA)


def test_it_is_the_queues_until_it_is_somebodys() -> None:
    story = Told(created(), assigned(at=NINE + 20 * MINUTE), contacted(NINE + 50 * MINUTE), lost(TEN))
    assert ledger(story) == [
        ("first_response", 0, 20, "queue", None),
        ("first_response", 20, 50, "owner", ANNA),
        ("follow_up", 50, 60, "owner", ANNA),
    ]


def test_a_booking_tells_what_its_minutes_are_counted_by() -> None:
    [booking] = booked(book_of(Told(created()).events))
    account = Account(1, "first_response", NINE, TEN, CalendarId("office"), 5)
    assert booking == Booking(account, NINE, None, "queue", None, TeamId("north"))


def test_what_runs_still_has_no_end_yet() -> None:
    assert ledger(Told(created(), assigned(at=NINE))) == [("first_response", 0, None, "owner", ANNA)]


def test_each_queue_that_it_waits_in_has_its_own_minutes() -> None:
    story = Told(created(), routed(at=NINE + 10 * MINUTE), assigned(at=NINE + 20 * MINUTE, team=TeamId("south")))
    story.happens(released(at=NINE + 30 * MINUTE))
    assert [(one.holder, one.person, one.team) for one in booked(book_of(story.events))] == [
        ("queue", None, "north"),
        ("queue", None, "south"),
        ("owner", ANNA, "south"),
        ("queue", None, "north"),
    ]


def test_who_was_assigned_without_a_team_has_it_in_the_leads_team() -> None:
    story = Told(created(), routed(at=NINE + MINUTE), assigned(at=NINE + 2 * MINUTE, team=None))
    assert [one.team for one in booked(book_of(story.events))] == ["north", "south", "south"]
    escalated_between: list[LeadEvent] = [*story.events[:2], escalated(at=NINE), *story.events[2:]]
    assert [one.team for one in booked(book_of(escalated_between))][-1] == "south"


def test_from_hand_to_hand_the_clock_goes_on() -> None:
    story = Told(created(), assigned(at=NINE), assigned(BEN, NINE + 10 * MINUTE, previous=ANNA))
    story.happens(assigned(ANNA, NINE + 15 * MINUTE, previous=BEN))
    assert ledger(story) == [
        ("first_response", 0, 10, "owner", ANNA),
        ("first_response", 10, 15, "owner", BEN),
        ("first_response", 15, None, "owner", ANNA),
    ]


def test_after_an_escalation_it_is_the_managers_and_so_is_the_acknowledgement() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.happens(contacted(TEN + 10 * MINUTE))
    assert ledger(story) == [
        ("first_response", 0, 60, "owner", ANNA),
        ("first_response", 60, 70, "manager", CARLA),
        ("acknowledgement", 60, 70, "manager", CARLA),
        ("follow_up", 70, None, "owner", ANNA),
    ]
    assert {one.team for one in booked(book_of(story.events))} == {"north"}


def test_whoever_becomes_the_owner_after_it_has_the_clock_again() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.happens(assigned(BEN, TEN + 5 * MINUTE, previous=ANNA))
    assert ledger(story, "first") == [
        ("first_response", 0, 60, "owner", ANNA),
        ("first_response", 60, 65, "manager", CARLA),
        ("first_response", 65, None, "owner", BEN),
    ]


def _told(told: PersonId | None, at: datetime, clock: int | None = 1) -> LeadEscalated:
    step = Step(clock, 1, at) if clock else None
    return LeadEscalated(told=told, rung=1, reason="no_contact", step=step, at=at, by=BY_TIMEKEEPER)


def test_what_is_taken_from_somebody_is_the_queues_until_the_next_is_told() -> None:
    events: list[LeadEvent] = [
        created(),
        _started(1, "first_response", NINE),
        assigned(at=NINE),
        _told(CARLA, TEN),
        released(at=ELEVEN),
    ]
    assert lines([*events, _told(DORA, TWELVE)]) == [
        ("first_response", 0, 60, "owner", ANNA),
        ("first_response", 60, 120, "manager", CARLA),
        ("first_response", 120, 180, "queue", None),
        ("first_response", 180, None, "manager", DORA),
    ]


def test_of_what_happened_at_one_instant_the_last_on_record_counts() -> None:
    """A timekeeper that was away catches up, and what was due at several instants comes at one."""
    begun: list[LeadEvent] = [created(), _started(1, "first_response", NINE), assigned(at=NINE)]
    escalates, releases = _told(CARLA, TWO), released(at=TWO)
    orders: dict[Holder, list[LeadEvent]] = {"queue": [escalates, releases], "manager": [releases, escalates]}
    for holder, last in orders.items():
        assert [line[1:4] for line in lines([*begun, *last])] == [(0, 300, "owner"), (300, None, holder)]


def test_an_acknowledgement_that_does_not_come_takes_the_clock_further_up() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.timekeeper_comes(TEN + 30 * MINUTE)
    assert ledger(story) == [
        ("first_response", 0, 60, "owner", ANNA),
        ("first_response", 60, 90, "manager", CARLA),
        ("first_response", 90, None, "manager", DORA),
        ("acknowledgement", 60, None, "manager", CARLA),
        ("acknowledgement", 90, None, "manager", DORA),
    ]


def test_an_escalation_that_reaches_nobody_is_the_desks() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN, ())
    assert ledger(story) == [
        ("first_response", 0, 60, "owner", ANNA),
        ("first_response", 60, None, "desk", None),
    ]


def test_a_ladder_hands_over_its_own_clock_and_no_other() -> None:
    story = Told(created(), assigned(at=NINE), contacted(NINE + 10 * MINUTE), promised(NINE + 10 * MINUTE, TWO))
    story.happens(replied(NINE + 20 * MINUTE))
    due = NINE + 140 * MINUTE
    clock = next(one.number for one in story.lead.clocks if one.name == "reply")
    story.happens(_told(CARLA, due, clock))
    assert ledger(story, "reply") == [
        ("reply", 20, 140, "owner", ANNA),
        ("reply", 140, None, "manager", CARLA),
    ]
    assert ledger(story, "follow")[-1] == ("follow_up", 10, None, "owner", ANNA)


def test_what_goes_further_up_is_the_clock_that_was_escalated_and_no_other() -> None:
    story = Told(created(), assigned(at=NINE), contacted(NINE + 10 * MINUTE), promised(NINE + 10 * MINUTE, TWO))
    story.happens(replied(NINE + 20 * MINUTE))
    story.happens(promised(NINE + 30 * MINUTE, ONE))
    number = next(one.number for one in story.lead.clocks if one.name == "reply")
    story.happens(_told(CARLA, NINE + 140 * MINUTE, number))
    acknowledgement = story.lead.clocks[-1].number
    assert (number, acknowledgement) == (4, 6)
    story.happens(_told(DORA, NINE + 170 * MINUTE, acknowledgement))
    assert ledger(story, "reply") == [
        ("reply", 20, 140, "owner", ANNA),
        ("reply", 140, 170, "manager", CARLA),
        ("reply", 170, None, "manager", DORA),
    ]
    assert ledger(story, "follow")[-1] == ("follow_up", 30, None, "owner", ANNA)
    story.happens(followed_up(NINE + 200 * MINUTE))
    story.happens(followed_up(NINE + 150 * MINUTE))
    assert ledger(story, "ack") == [("acknowledgement", 140, 150, "manager", CARLA)]
    assert ledger(story, "reply")[-1] == ("reply", 140, 150, "manager", CARLA)


def test_a_call_for_help_hands_over_each_clock_that_runs_then_and_none_that_starts_later() -> None:
    story = Told(created(), assigned(at=NINE), escalated(at=NINE + 10 * MINUTE))
    story.happens(contacted(NINE + 30 * MINUTE))
    story.happens(escalated(2, at=NINE + 30 * MINUTE))
    story.happens(followed_up(NINE + 40 * MINUTE))
    assert ledger(story, "f") == [
        ("first_response", 0, 10, "owner", ANNA),
        ("first_response", 10, 30, "manager", CARLA),
        ("follow_up", 30, 40, "manager", CARLA),
        ("follow_up", 40, None, "owner", ANNA),
    ]


def test_a_call_for_help_that_nobody_acknowledges_goes_further_up() -> None:
    story = Told(created(), assigned(at=NINE), escalated(at=NINE + 10 * MINUTE))
    story.timekeeper_comes(NINE + 40 * MINUTE)
    assert ledger(story, "first") == [
        ("first_response", 0, 10, "owner", ANNA),
        ("first_response", 10, 40, "manager", CARLA),
        ("first_response", 40, None, "manager", DORA),
    ]


def test_who_was_told_owes_the_acknowledgement_whoever_gets_the_lead() -> None:
    south = TeamId("south")
    story = Told(created(), assigned(at=NINE), escalated(at=NINE + 10 * MINUTE))
    to_the_south = replace(released(at=NINE + 20 * MINUTE), team=south)
    story.happens(to_the_south)
    found = [one for one in booked(book_of(story.events)) if one.account.clock == "acknowledgement"]
    assert [(_minute(one.began_at), one.holder, one.person, one.team) for one in found] == [
        (10, "manager", CARLA, "north"),
        (20, "manager", CARLA, "south"),
    ]


def test_while_the_lead_waits_nobody_is_charged_and_it_is_told_whose_it_would_have_been() -> None:
    story = Told(created(), assigned(at=NINE), snoozed(NINE + 10 * MINUTE, NINE + 40 * MINUTE))
    story.happens(assigned(BEN, NINE + 20 * MINUTE, previous=ANNA))
    assert ledger(story) == [
        ("first_response", 0, 10, "owner", ANNA),
        ("first_response", 10, 20, "snoozed", ANNA),
        ("first_response", 20, 40, "snoozed", BEN),
        ("first_response", 40, None, "owner", BEN),
    ]
    [moved] = {one.account.respond_by for one in booked(book_of(story.events))}
    assert moved == TEN + 30 * MINUTE


def test_a_lead_that_wakes_early_is_its_owners_again() -> None:
    story = Told(created(), assigned(at=NINE), snoozed(NINE + 5 * MINUTE, NINE + 8 * MINUTE))
    story.happens(snoozed(NINE + 10 * MINUTE, ELEVEN))
    story.happens(LeadWoken(at=NINE + 15 * MINUTE, by=BY_ANNA))
    assert [line[1:4] for line in ledger(story)] == [
        (0, 5, "owner"),
        (5, 8, "snoozed"),
        (8, 10, "owner"),
        (10, 15, "snoozed"),
        (15, None, "owner"),
    ]


def test_a_snooze_moves_the_deadline_of_the_clock_that_runs() -> None:
    story = Told(created(), assigned(at=NINE), contacted(TEN), replied(ELEVEN))
    before = {one.account.number: one.account.respond_by for one in booked(book_of(story.events))}
    story.happens(snoozed(TWELVE, TWELVE + 30 * MINUTE))
    after = {one.account.number: one.account.respond_by for one in booked(book_of(story.events))}
    assert after == before | {3: before[3] + 30 * MINUTE}


def test_snoozes_that_overlap_are_one() -> None:
    events: list[LeadEvent] = [created(), assigned(at=NINE), _started(1, "reply", NINE)]
    events += [snoozed(NINE + 10 * MINUTE, NINE + 20 * MINUTE), snoozed(NINE + 15 * MINUTE, NINE + 30 * MINUTE)]
    assert [line[1:4] for line in lines([*events, _stopped(1, TEN)])] == [
        (0, 10, "owner"),
        (10, 30, "snoozed"),
        (30, 60, "owner"),
    ]


def test_who_gets_it_at_the_instant_at_which_it_ends_has_nothing_of_it() -> None:
    deeds = (created(), assigned(at=NINE), _started(1, "reply", NINE), _stopped(1, TEN), released(at=TEN))
    assert lines(deeds) == [("reply", 0, 60, "owner", ANNA)]
    assert lines([*deeds[:3], snoozed(NINE, TEN), _stopped(1, TEN)]) == [("reply", 0, 60, "snoozed", ANNA)]
    assert lines([*deeds[:3], _told(CARLA, TEN), _stopped(1, TEN)]) == [("reply", 0, 60, "owner", ANNA)]


def test_a_clock_that_is_stopped_in_a_snooze_ends_there_and_the_next_begins_in_it() -> None:
    story = Told(created(), assigned(at=NINE), snoozed(NINE + 10 * MINUTE, NINE + 40 * MINUTE))
    story.happens(contacted(NINE + 30 * MINUTE))
    assert ledger(story) == [
        ("first_response", 0, 10, "owner", ANNA),
        ("first_response", 10, 30, "snoozed", ANNA),
        ("follow_up", 30, 40, "snoozed", ANNA),
        ("follow_up", 40, None, "owner", ANNA),
    ]


def test_a_call_that_is_told_late_ends_its_clock_when_it_was_made() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.happens(contacted(ELEVEN))
    assert [line[:3] for line in ledger(story)] == [
        ("first_response", 0, 60),
        ("first_response", 60, 120),
        ("acknowledgement", 60, 120),
        ("follow_up", 120, None),
    ]
    story.happens(followed_up(NINE + 30 * MINUTE))
    assert ledger(story) == [
        ("first_response", 0, 30, "owner", ANNA),
        ("follow_up", 120, None, "owner", ANNA),
    ]
    story.happens(followed_up(NINE + 40 * MINUTE, channel="email"))
    assert ledger(story)[0] == ("first_response", 0, 30, "owner", ANNA)


def test_a_call_between_escalation_and_answer_ends_the_acknowledgement_too_and_no_later_one_does() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.happens(contacted(ELEVEN))
    story.happens(followed_up(NINE + 90 * MINUTE))
    assert ledger(story, "ack") == [("acknowledgement", 60, 90, "manager", CARLA)]
    story.happens(assigned(BEN, TWELVE, previous=ANNA))
    assert ledger(story, "ack") == [("acknowledgement", 60, 90, "manager", CARLA)]


def test_what_was_acknowledged_before_the_answer_stays_so() -> None:
    story = Told(created(), assigned(at=NINE))
    story.timekeeper_comes(TEN)
    story.happens(assigned(BEN, NINE + 70 * MINUTE, previous=ANNA))  # by whoever was told
    story.happens(contacted(ELEVEN, BEN))
    assert ledger(story, "ack") == [("acknowledgement", 60, 70, "manager", CARLA)]


def test_a_call_at_the_instant_of_arrival_leaves_nothing_to_book() -> None:
    events: list[LeadEvent] = [
        created(),
        _started(1, "first_response", NINE),
        _stopped(1, TEN),
        _started(2, "follow_up", TEN),
        _stopped(2, ELEVEN),
    ]
    assert [_minute(one.began_at) for one in booked(book_of(events))] == [0, 60]
    assert [_minute(one.began_at) for one in booked(book_of([*events, contacted(NINE)]))] == [60]
    assert [_minute(one.began_at) for one in booked(book_of([*events, contacted(TEN)]))] == [0, 60]
    [_, cut] = booked(book_of([*events, contacted(TEN + MINUTE)]))
    assert cut.ended_at == TEN + MINUTE


def test_a_clock_that_was_stopped_before_it_started_has_no_minutes() -> None:
    """The lead was lost at ten, which was told after a reply of eleven."""
    story = Told(created(), assigned(at=NINE), contacted(NINE + 30 * MINUTE), replied(ELEVEN))
    story.happens(lost(TEN))
    assert [line[:3] for line in ledger(story)] == [("first_response", 0, 30), ("follow_up", 30, 120)]


def test_what_is_dated_earlier_is_booked_anew_from_there_on() -> None:
    story = Told(created(), assigned(at=NINE + 30 * MINUTE))
    story.happens(assigned(BEN, NINE + 10 * MINUTE), history=True)
    story.happens(snoozed(NINE + 5 * MINUTE, NINE + 15 * MINUTE))
    assert ledger(story, "first") == [
        ("first_response", 0, 5, "queue", None),
        ("first_response", 5, 10, "snoozed", None),
        ("first_response", 10, 15, "snoozed", BEN),
        ("first_response", 15, 30, "owner", BEN),
        ("first_response", 30, None, "owner", ANNA),
    ]


def test_a_lead_that_is_opened_again_has_clocks_of_its_own() -> None:
    story = Told(created(), assigned(at=NINE), lost(TEN), reopened(TWO))
    assert ledger(story) == [
        ("first_response", 0, 60, "owner", ANNA),
        ("first_response", 300, None, "owner", ANNA),
    ]


def test_a_clock_that_is_dated_before_the_arrival_is_the_first_holders() -> None:
    events: list[LeadEvent] = [created(TEN), _started(1, "reply", NINE), assigned(at=ELEVEN)]
    assert [(_minute(one.began_at), one.holder) for one in booked(book_of(events))] == [(0, "queue"), (120, "owner")]
    [whole] = booked(book_of([*events, _stopped(1, NINE + 30 * MINUTE)]))
    assert (whole.holder, whole.ended_at) == ("queue", NINE + 30 * MINUTE)


def test_nothing_else_books_a_minute() -> None:
    book = book_of(Told(created(), assigned(at=NINE)).events)
    others = [example for example in EXAMPLES.values() if isinstance(example, LeadEvent)]
    others = [example for example in others if not isinstance(example, MATTERS)]
    assert len(others) == len(get_args(LeadEvent)) - len(MATTERS)
    for example in (*others, contacted()):
        assert tell(book, example) is book


def _stopped(number: int, at: datetime) -> ClockStopped:
    return ClockStopped(number=number, stopped_at=at, because="closed", at=at, by=BY_ANNA)


def _started(number: int, clock: ClockName, at: datetime) -> ClockStarted:
    example = EXAMPLES[ClockStarted]
    assert isinstance(example, ClockStarted)
    return example.__class__(
        **{**vars(example), "number": number, "clock": clock, "started_at": at, "escalation": None}
    )


def test_an_assignment_is_a_handover_by_its_own_instant() -> None:
    book = tell(tell(Book(), created()), LeadAssigned(to=BEN, team=None, at=TEN, by=BY_MANAGER))
    assert [(one.at, one.holder, one.person, one.team) for one in book.handovers] == [
        (NINE, "queue", None, "north"),
        (TEN, "owner", BEN, "north"),
    ]


def test_what_is_told_of_a_lead_that_never_arrived_is_not_booked() -> None:
    with pytest.raises(NothingBeforeTheLead):
        tell(Book(), assigned())
