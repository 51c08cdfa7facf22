"""The responsibility ledger: whose each minute of a lead's clocks was, so that "it was not mine yet" can be settled.

Each instant of a clock, from its start until it is stopped, is booked to exactly one holder:

1. it is **snoozed** while the lead waits for a known reason;
2. else, on an acknowledgement clock, it is the **manager's** who was told;
3. else it is theirs to whom the clock went last: the **owner's** since the lead was assigned, the **queue's** since it
   arrived, was routed or released, the **manager's** since an escalation reached them, the **desk's** since one reached
   nobody.

An escalation that a clock's own ladder brought hands over that clock and no other; one that somebody called for, each
clock that runs then. Whoever becomes the owner after it has the clock again, and so has the queue after a release.

What counts is when things happened, not when they came to be known: a call that is told late ends its clock then, and
an assignment or a snooze that is dated earlier is booked anew from there on. Of what happened at one instant the last
on record counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal, NamedTuple

from domain.business_time import Pause
from domain.identity import CalendarId, PersonId, TeamId
from domain.lead.clocks import answers_to
from domain.lead.events import (
    ClockMoved,
    ClockStarted,
    ClockStopped,
    LeadAssigned,
    LeadContacted,
    LeadCreated,
    LeadEscalated,
    LeadEvent,
    LeadFollowedUp,
    LeadReleased,
    LeadRouted,
    LeadSnoozed,
    LeadWoken,
)
from domain.policy import ClockName

Holder = Literal["queue", "owner", "manager", "desk", "snoozed"]
OPEN = datetime.max.replace(tzinfo=UTC)
"""When what goes on still will have ended."""
MATTERS = (
    LeadCreated,
    LeadRouted,
    LeadAssigned,
    LeadReleased,
    LeadEscalated,
    LeadContacted,
    LeadFollowedUp,
    ClockStarted,
    ClockMoved,
    ClockStopped,
    LeadSnoozed,
    LeadWoken,
)
"""What the ledger is told; nothing else books a minute."""


class Handover(NamedTuple):
    """From an instant on the lead was somebody's, or somebody was told of it."""

    at: datetime
    holder: Holder
    person: PersonId | None
    team: TeamId | None = None
    """Where the lead itself went to somebody, the team that had it then."""
    escalation: int | None = None
    """Where somebody was told, which of the lead's escalations it was, the first being 1."""
    clock: int | None = None
    """Which clock was escalated; None where somebody called for help for the lead."""


class Account(NamedTuple):
    """A clock, as far as its minutes are concerned."""

    number: int
    clock: ClockName
    started_at: datetime
    respond_by: datetime
    calendar: CalendarId | None
    """In whose hours its minutes are counted, and in which version; without one, every minute counts."""
    calendar_version: int | None
    told: PersonId | None = None
    """Who is to acknowledge an escalation, where that is what the clock waits for."""
    about: int | None = None
    """Of which clock they were told, where it was a ladder that told them."""
    stopped_at: datetime | None = None


class NothingBeforeTheLead(Exception):
    """Something is told of a lead that never arrived; the stream's first event is missing."""


class Book(NamedTuple):
    """What the ledger has to know of a lead, in the order in which it came on record."""

    handovers: tuple[Handover, ...] = ()
    accounts: tuple[Account, ...] = ()
    """Each clock there ever was, the first being number 1."""
    snoozes: tuple[Pause, ...] = ()


class Booking(NamedTuple):
    """From one instant to another a clock was one holder's."""

    account: Account
    began_at: datetime
    ended_at: datetime | None
    """None while it goes on."""
    holder: Holder
    person: PersonId | None
    """The owner, or the manager who was told; of snoozed minutes, whose they would have been."""
    team: TeamId | None
    """Whose queue, or the team that had the lead then."""


def tell(book: Book, event: LeadEvent) -> Book:
    """The book after this event. Raises NothingBeforeTheLead."""
    if not book.handovers and not isinstance(event, LeadCreated):
        raise NothingBeforeTheLead
    match event:
        case LeadCreated() | LeadRouted() | LeadReleased():
            return _handed_over(book, Handover(event.at, "queue", None, event.team))
        case LeadAssigned():
            return _handed_over(book, Handover(event.at, "owner", event.to, event.team or _team(book)))
        case LeadEscalated():
            return _handed_over(book, _escalated(book, event))
        case LeadContacted() | LeadFollowedUp():
            return _answered(book, event.at)
        case ClockStarted():
            return book._replace(accounts=(*book.accounts, _opened(book, event)))
        case ClockMoved():
            return _account(book, book.accounts[event.number - 1]._replace(respond_by=event.respond_by))
        case ClockStopped():
            return _account(book, book.accounts[event.number - 1]._replace(stopped_at=event.stopped_at))
        case LeadSnoozed():
            return book._replace(snoozes=(*book.snoozes, Pause(event.at, event.until)))
        case LeadWoken():
            *earlier, last = book.snoozes
            return book._replace(snoozes=(*earlier, Pause(last.begins_at, event.at)))
        case _:
            return book


def booked(book: Book) -> Iterator[Booking]:
    """Each clock from its start to its end, one booking after the other, without a gap: the ledger of the lead."""
    in_time = _InTime(book.handovers)
    ends: list[datetime] = []
    for account in book.accounts:
        ends.append(_end(account, ends))
        if account.started_at < ends[-1]:
            turns = in_time.turns(account, ends[-1])
            yield from _bookings(account, ends[-1], turns, book.snoozes)


def _handed_over(book: Book, handover: Handover) -> Book:
    return book._replace(handovers=(*book.handovers, handover))


def _account(book: Book, account: Account) -> Book:
    before, after = book.accounts[: account.number - 1], book.accounts[account.number :]
    return book._replace(accounts=(*before, account, *after))


def _team(book: Book) -> TeamId | None:
    return next(one.team for one in reversed(book.handovers) if one.escalation is None)


def _escalated(book: Book, event: LeadEscalated) -> Handover:
    number = 1 + sum(one.escalation is not None for one in book.handovers)
    clock = event.step.clock if event.step else None
    if clock is not None and book.accounts[clock - 1].told is not None:
        # Nobody acknowledged, so it goes further up: with the clock that was escalated at first.
        clock = book.accounts[clock - 1].about
    return Handover(event.at, "desk" if event.told is None else "manager", event.told, escalation=number, clock=clock)


def _opened(book: Book, event: ClockStarted) -> Account:
    account = Account(
        event.number, event.clock, event.started_at, event.respond_by, event.calendar, event.calendar_version
    )
    if event.escalation is None:
        return account
    [told] = [one for one in book.handovers if one.escalation == event.escalation]
    return account._replace(told=told.person, about=told.clock)


def _answered(book: Book, at: datetime) -> Book:
    """What we learn late may have ended a clock before the instant at which it was stopped."""
    for account in book.accounts:
        stopped_at = account.stopped_at
        if stopped_at is not None and at < stopped_at and answers_to(account.clock, account.started_at, at):
            book = _account(book, account._replace(stopped_at=at))
    return book


def _end(account: Account, ends: Sequence[datetime]) -> datetime:
    """An acknowledgement is owed no longer than what it is about."""
    stopped_at = account.stopped_at or OPEN
    return stopped_at if account.about is None else min(stopped_at, max(ends[account.about - 1], account.started_at))


class _InTime:
    """The handovers of a lead in the order in which they happened: those of one clock are found without the others."""

    def __init__(self, handovers: Sequence[Handover]) -> None:
        self.handovers: list[Handover] = []
        self.of_the_lead: list[int] = []
        """The places of those by which the lead itself went to somebody."""
        self.told: dict[int | None, list[int]] = {}
        """The places of the escalations, by the clock that was escalated."""
        team: TeamId | None = None
        for place, handover in enumerate(sorted(handovers, key=lambda handover: handover.at)):
            if handover.escalation is None:
                team = handover.team
                self.of_the_lead.append(place)
            else:
                self.told.setdefault(handover.clock, []).append(place)
            self.handovers.append(handover._replace(team=team))
        self.ats = [handover.at for handover in self.handovers]

    def turns(self, account: Account, end: datetime) -> list[Handover]:
        """Whose the clock was when it started, and from when on somebody else's, snoozes aside."""
        began, ended = bisect_right(self.ats, account.started_at), bisect_left(self.ats, end)
        places = self.of_the_lead
        # Nothing is handed over before the lead arrives, however early its clock is dated.
        first = max(bisect_left(places, began) - 1, 0)
        whose = places[first : max(bisect_left(places, ended), first + 1)]
        if account.told is not None:
            had = (self.handovers[place] for place in whose)
            return [Handover(one.at, "manager", account.told, one.team) for one in had]
        calls = self.told.get(None, [])
        called = bisect_left(calls, bisect_left(self.ats, account.started_at))
        whose = [*whose, *self.told.get(account.number, []), *calls[called : bisect_left(calls, ended)]]
        return [self.handovers[place] for place in sorted(whose)]


def _bookings(account: Account, end: datetime, turns: Sequence[Handover], snoozes: Sequence[Pause]) -> list[Booking]:
    start = account.started_at
    pauses = [pause for pause in snoozes if pause.begins_at < end and start < pause.ends_at]
    ats = [turn.at for turn in turns]
    changes = ats + [change for pause in pauses for change in pause]
    cuts = [start, *sorted({change for change in changes if start < change < end}), end]
    found: list[Booking] = []
    for begins, ends in pairwise(cuts):
        turn = turns[max(bisect_right(ats, begins) - 1, 0)]
        snoozed = any(pause.begins_at <= begins < pause.ends_at for pause in pauses)
        holder: Holder = "snoozed" if snoozed else turn.holder
        ended_at = None if ends == OPEN else ends
        if found and (found[-1].holder, found[-1].person, found[-1].team) == (holder, turn.person, turn.team):
            found[-1] = found[-1]._replace(ended_at=ended_at)
        else:
            found.append(Booking(account, begins, ended_at, holder, turn.person, turn.team))
    return found
