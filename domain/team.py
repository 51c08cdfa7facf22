"""A team has one person who answers for it, and may stand under another team."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from domain.event import Event
from domain.identity import PersonId, TeamId, fit
from domain.occasion import Occasion
from domain.person import Person, here
from domain.refusal import Refusal


@dataclass(frozen=True, kw_only=True)
class TeamFormed(Event):
    """There is a team, and perhaps one above it."""

    team: TeamId
    above: TeamId | None = None


@dataclass(frozen=True, kw_only=True)
class TeamEntrusted(Event):
    """One person answers for the team from now on."""

    team: TeamId
    to: PersonId
    previous: PersonId | None = None


@dataclass(frozen=True, kw_only=True)
class TeamPlaced(Event):
    """The team stands under another one, or under none."""

    team: TeamId
    above: TeamId | None = None


TeamEvent = TeamFormed | TeamEntrusted | TeamPlaced


@dataclass(frozen=True)
class Team:
    """A team as the record tells."""

    id: TeamId | None = None
    accountable: PersonId | None = None
    above: TeamId | None = None
    changed_at: datetime | None = None


class TeamUnknown(Refusal):
    """No team called {team} is on record; form it first with POST /teams."""


class TeamExistsAlready(Refusal):
    """Team {team} is on record already, under {above}; to change that, place it."""


class TeamsWouldStandInACircle(Refusal):
    """Team {team} cannot stand under {above}: {above} is team {team} itself, or stands under it."""


def evolve(team: Team, event: TeamEvent) -> Team:
    """The team after this event."""
    match event:
        case TeamFormed():
            return Team(id=event.team, above=event.above, changed_at=event.at)
        case TeamEntrusted():
            return replace(team, accountable=event.to, changed_at=event.at)
        case TeamPlaced():
            return replace(team, above=event.above, changed_at=event.at)
        case _:
            assert_never(event)


def replay(events: Iterable[TeamEvent]) -> Team:
    """The team as the record tells."""
    team = Team()
    for event in events:
        team = evolve(team, event)
    return team


def known(team: Team, id: TeamId) -> TeamId:
    """The id of a team that is on record."""
    if team.id is None:
        raise TeamUnknown(team=id)
    return team.id


def form(team: Team, id: TeamId, above: TeamId | None, on: Occasion) -> list[TeamEvent]:
    """A new team, under a team that is on record, if under any."""
    if team.id is not None:
        if team.above == above:
            return []
        raise TeamExistsAlready(team=id, above=team.above or "none")
    if above == id:
        raise TeamsWouldStandInACircle(team=id, above=above)
    return [TeamFormed(team=fit(id), above=above, at=on.at, by=on.by)]


def entrust(team: Team, id: TeamId, to: Person, to_id: PersonId, on: Occasion) -> list[TeamEvent]:
    """Whoever answers for a team is somebody who is here."""
    known(team, id)
    here(to, to_id)
    if team.accountable == to_id:
        return []
    on.not_before(team.changed_at)
    return [TeamEntrusted(team=id, to=to_id, previous=team.accountable, at=on.at, by=on.by)]


def place(team: Team, id: TeamId, above: TeamId | None, line_above: Iterable[TeamId], on: Occasion) -> list[TeamEvent]:
    """Teams stand in a tree; `line_above` is the team above, the one above that, and so on."""
    known(team, id)
    if id in set(line_above) or id == above:
        raise TeamsWouldStandInACircle(team=id, above=above)
    if team.above == above:
        return []
    on.not_before(team.changed_at)
    return [TeamPlaced(team=id, above=above, at=on.at, by=on.by)]
