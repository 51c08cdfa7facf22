"""What can be asked of the desk about the seat that answers for all of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from commands.command import SEAT, Command, Kind, PersonName, Surroundings
from domain import seat as seats
from domain.access import THE_DESK, Action, OfTeam
from domain.event import Event
from domain.identity import DESK, StreamId
from domain.occasion import Occasion


class EntrustDesk(Command[seats.Seat]):
    """Make one person answer for the whole desk: who is told of what reaches nobody else."""

    kind: ClassVar[Kind[seats.Seat]] = SEAT
    action: ClassVar[Action] = "team.manage"

    to: PersonName

    @property
    def stream(self) -> StreamId:
        """Where it is told who has the desk's seat."""
        return DESK

    def resource(self, state: seats.Seat) -> OfTeam:
        """The seat is the whole desk's concern."""
        return THE_DESK

    def decide(self, state: seats.Seat, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/seat.py."""
        return seats.entrust(state, around.person(self.to), self.to, on)
