"""What happened to people, teams, the desk and sources, in words."""

from __future__ import annotations

from domain.identity import TeamId
from domain.person import PersonJoined, PersonLeft, PersonMoved
from domain.seat import DeskEntrusted
from domain.source import SourceRegistered, SourceRetired
from domain.team import TeamEntrusted, TeamFormed, TeamPlaced
from projections.timeline.entries import timeline


@timeline.when(PersonJoined)
def joined(event: PersonJoined) -> str:
    """Somebody new, or back again."""
    return f"{event.person} joined{f' team {event.team}' if event.team else ', in no team'}."


@timeline.when(PersonMoved)
def moved(event: PersonMoved) -> str:
    """From one team to another."""
    return f"{event.person} moved from {_team(event.previous)} to {_team(event.team)}."


@timeline.when(PersonLeft)
def left(event: PersonLeft) -> str:
    """Somebody can take no leads any more."""
    return f"{event.person} left."


@timeline.when(TeamFormed)
def formed(event: TeamFormed) -> str:
    """A team, and the one above it."""
    return f"Team {event.team} was formed{f', under team {event.above}' if event.above else ''}."


@timeline.when(TeamEntrusted)
def entrusted(event: TeamEntrusted) -> str:
    """Who answers for it, and who did."""
    before = f"{event.previous} did" if event.previous else "nobody did"
    return f"{event.to} answers for team {event.team}; before, {before}."


@timeline.when(TeamPlaced)
def placed(event: TeamPlaced) -> str:
    """Under which other team."""
    return f"Team {event.team} was placed under {_team(event.above)}."


@timeline.when(DeskEntrusted)
def desk_entrusted(event: DeskEntrusted) -> str:
    """Who answers for all of it, and who did."""
    before = f"{event.previous} did" if event.previous else "nobody did"
    return f"{event.to} answers for the whole desk; before, {before}."


@timeline.when(SourceRegistered)
def registered(event: SourceRegistered) -> str:
    """Where its leads go."""
    queue = f"the queue of team {event.team}" if event.team else "the queue of the whole desk"
    return f"Source {event.source} was registered; its leads go to {queue}."


@timeline.when(SourceRetired)
def retired(event: SourceRetired) -> str:
    """No more leads from there."""
    return f"Source {event.source} was retired."


def _team(team: TeamId | None) -> str:
    return f"team {team}" if team else "no team"
