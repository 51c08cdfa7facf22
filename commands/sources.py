"""What can be asked of the desk about the sources of leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from commands.command import SOURCE, Command, Kind, SourceName, Surroundings, TeamName
from domain import source as sources
from domain.access import THE_DESK, Action, OfTeam
from domain.event import Event
from domain.identity import StreamId, source_stream
from domain.occasion import Occasion
from domain.team import known


class SourceCommand(Command[sources.Source]):
    """A wish about one source."""

    kind: ClassVar[Kind[sources.Source]] = SOURCE
    action: ClassVar[Action] = "source.manage"

    source: SourceName

    @property
    def stream(self) -> StreamId:
        """Where this source is told of."""
        return source_stream(self.source)

    def resource(self, state: sources.Source) -> OfTeam:
        """Sources are the whole desk's concern."""
        return THE_DESK


class RegisterSource(SourceCommand):
    """Tell that leads may come from here, and whose queue they wait in."""

    team: TeamName | None = None

    def decide(self, state: sources.Source, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/source.py."""
        team = known(around.team(self.team), self.team) if self.team else None
        return sources.register(state, self.source, team, on)


class RetireSource(SourceCommand):
    """Tell that no new leads come from here."""

    def decide(self, state: sources.Source, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/source.py."""
        return sources.retire(state, self.source, on)
