"""What can be asked of the desk about teams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from commands.command import TEAM, Command, Kind, PersonName, Surroundings, TeamName
from domain import team as teams
from domain.access import THE_DESK, Action, OfTeam
from domain.event import Event
from domain.identity import StreamId, team_stream
from domain.occasion import Occasion


class TeamCommand(Command[teams.Team]):
    """A wish about one team."""

    kind: ClassVar[Kind[teams.Team]] = TEAM
    action: ClassVar[Action] = "team.manage"

    team: TeamName

    @property
    def stream(self) -> StreamId:
        """Where this team is told of."""
        return team_stream(self.team)

    def resource(self, state: teams.Team) -> OfTeam:
        """Teams are the whole desk's concern."""
        return THE_DESK


class FormTeam(TeamCommand):
    """Tell that there is a team, and which one it stands under."""

    above: TeamName | None = None

    def decide(self, state: teams.Team, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/team.py."""
        above = teams.known(around.team(self.above), self.above) if self.above else None
        return teams.form(state, self.team, above, on)


class EntrustTeam(TeamCommand):
    """Make one person accountable for the team."""

    to: PersonName

    def decide(self, state: teams.Team, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/team.py."""
        return teams.entrust(state, self.team, around.person(self.to), self.to, on)


class PlaceTeam(TeamCommand):
    """Put the team under another one, or under none."""

    above: TeamName | None

    def decide(self, state: teams.Team, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/team.py."""
        above = teams.known(around.team(self.above), self.above) if self.above else None
        line = (one.id for one in around.line(above) if one.id is not None)
        return teams.place(state, self.team, above, line, on)
