"""The whole desk has one seat: whoever has it is told of what reaches nobody else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from domain.event import Event
from domain.identity import PersonId
from domain.occasion import Occasion
from domain.person import Person, here


@dataclass(frozen=True, kw_only=True)
class DeskEntrusted(Event):
    """One person answers for the whole desk from now on."""

    to: PersonId
    previous: PersonId | None = None


SeatEvent = DeskEntrusted


@dataclass(frozen=True)
class Seat:
    """The desk's seat as the record tells."""

    accountable: PersonId | None = None
    changed_at: datetime | None = None


def evolve(seat: Seat, event: SeatEvent) -> Seat:
    """The seat after this event."""
    return replace(seat, accountable=event.to, changed_at=event.at)


def replay(events: Iterable[SeatEvent]) -> Seat:
    """The seat as the record tells."""
    seat = Seat()
    for event in events:
        seat = evolve(seat, event)
    return seat


def entrust(seat: Seat, to: Person, to_id: PersonId, on: Occasion) -> list[SeatEvent]:
    """Whoever answers for the desk is somebody who is here."""
    here(to, to_id)
    if seat.accountable == to_id:
        return []
    on.not_before(seat.changed_at)
    return [DeskEntrusted(to=to_id, previous=seat.accountable, at=on.at, by=on.by)]
