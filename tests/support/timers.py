"""What the log alone tells of the timekeeper's work: which timers were lost, came twice, too soon or for nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from domain.event import Event, Recorded
from domain.identity import StreamId
from domain.lead.events import (
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    LeadEscalated,
    LeadOffered,
    LeadReleased,
    RungDue,
    RungPassed,
    SomebodyReminded,
)


class Timer(NamedTuple):
    """One rung of one clock of one lead."""

    lead: StreamId
    clock: int
    rung: int
    """0 for the breach."""


class Firing(NamedTuple):
    """A timer that the timekeeper fired, and when it could have been."""

    timer: Timer
    due_at: datetime
    armed_at: datetime
    recorded_at: datetime

    @property
    def overdue_when_armed(self) -> bool:
        return self.due_at < self.armed_at

    @property
    def late_seconds(self) -> float:
        return (self.recorded_at - max(self.due_at, self.armed_at)).total_seconds()


@dataclass
class Verdict:
    """Everything that must be empty, and what else there is to tell."""

    clocks: int = 0
    cancelled: int = 0
    """Clocks that were stopped."""
    firings: list[Firing] = field(default_factory=list)
    lost: list[Timer] = field(default_factory=list)
    twice: list[Timer] = field(default_factory=list)
    early: list[Timer] = field(default_factory=list)
    for_cancelled: list[Timer] = field(default_factory=list)
    overtaken_seconds: list[float] = field(default_factory=list)
    """For each rung that was due and not fired yet when its clock was stopped: how long it was due."""

    @property
    def faults(self) -> dict[str, int]:
        faults = {"lost": self.lost, "twice": self.twice, "early": self.early, "for cancelled": self.for_cancelled}
        return {name: len(timers) for name, timers in faults.items()}


@dataclass
class _Clock:
    armed_at: datetime
    due_at: dict[int, datetime]
    fired: set[int] = field(default_factory=set)
    stopped_at: datetime | None = None


def judge(log: Iterable[Recorded[Event]], *, due_by: datetime) -> Verdict:
    """Read the log from its beginning; what was due by this instant must have been fired.

    Whoever acknowledges an escalation makes the ladder wait; of that nothing is known here.
    """
    verdict, clocks = Verdict(), dict[tuple[StreamId, int], _Clock]()
    for recorded in log:
        event, stream = recorded.event, recorded.stream
        match event:
            case ClockStarted():
                clocks[stream, event.number] = _Clock(recorded.recorded_at, _due(event.respond_by, event.rungs))
            case ClockMoved():
                clock = clocks[stream, event.number]
                moved = _due(event.respond_by, event.rungs)
                clock.due_at |= {rung: moved[rung] for rung in moved.keys() - clock.fired}
            case ClockStopped():
                clocks[stream, event.number].stopped_at = event.stopped_at
            case _:
                for number, rung in _fired(event):
                    _judge(Timer(stream, number, rung), clocks[stream, number], recorded, verdict)
    verdict.clocks = len(clocks)
    verdict.cancelled = sum(clock.stopped_at is not None for clock in clocks.values())
    for (stream, number), clock in clocks.items():
        for rung in clock.due_at.keys() - clock.fired:
            _miss(Timer(stream, number, rung), clock, verdict, due_by)
    return verdict


def _due(respond_by: datetime, rungs: tuple[RungDue, ...]) -> dict[int, datetime]:
    return {0: respond_by} | {number: rung.due_at for number, rung in enumerate(rungs, start=1)}


def _fired(event: Event) -> Iterator[tuple[int, int]]:
    """The clock and the rung that the event is about, if it is about one."""
    match event:
        case ClockBreached():
            yield event.number, 0
        case SomebodyReminded() | LeadEscalated() | LeadOffered() | LeadReleased() | RungPassed() if event.step:
            yield event.step.clock, event.step.rung


def _judge(timer: Timer, clock: _Clock, recorded: Recorded[Event], verdict: Verdict) -> None:
    due_at = clock.due_at[timer.rung]
    if timer.rung in clock.fired:
        verdict.twice.append(timer)
    # By the clock of whoever decided, and by that of the database.
    if min(recorded.event.at, recorded.recorded_at) < due_at:
        verdict.early.append(timer)
    if clock.stopped_at is not None:
        verdict.for_cancelled.append(timer)
    clock.fired.add(timer.rung)
    # Whoever acts too late tells of the breach in the same breath, if the timekeeper has not yet.
    if recorded.event.by.id == "timekeeper":
        verdict.firings.append(Firing(timer, due_at, clock.armed_at, recorded.recorded_at))


def _miss(timer: Timer, clock: _Clock, verdict: Verdict, due_by: datetime) -> None:
    due_at = clock.due_at[timer.rung]
    if clock.stopped_at is None:
        if due_at <= due_by:
            verdict.lost.append(timer)
    elif due_at < clock.stopped_at:
        if timer.rung == 0:
            verdict.lost.append(timer)
        else:
            owed_at = max(due_at, clock.armed_at)
            verdict.overtaken_seconds.append((clock.stopped_at - owed_at).total_seconds())
