"""People join, move between teams, and leave."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from domain.event import Event, Sealed
from domain.identity import OURS, CalendarId, PersonId, TeamId, fit
from domain.notice import (
    Fates,
    NoticeDelivered,
    NoticeFailed,
    NoticeSent,
    NoticeSuppressed,
    Settled,
    fates_after,
    settle,
)
from domain.occasion import Occasion
from domain.refusal import Refusal


@dataclass(frozen=True, kw_only=True)
class PersonJoined(Event):
    """Somebody can be answerable for leads from now on."""

    person: PersonId
    team: TeamId | None = None
    profile: Sealed | None = None
    """Name, e-mail address, telephone number: in the vault."""


@dataclass(frozen=True, kw_only=True)
class PersonMoved(Event):
    """Somebody changed team; leads assigned before stay where they are."""

    person: PersonId
    team: TeamId
    previous: TeamId | None = None


@dataclass(frozen=True, kw_only=True)
class PersonLeft(Event):
    """Somebody can no longer be answerable for leads."""

    person: PersonId


@dataclass(frozen=True, kw_only=True)
class ProfileCorrected(Event):
    """What we know of who somebody is and how to reach them was put right."""

    person: PersonId
    profile: Sealed


@dataclass(frozen=True, kw_only=True)
class PersonHoursSet(Event):
    """By which calendar somebody works: outside of its hours nobody writes to them."""

    person: PersonId
    calendar: CalendarId
    previous: CalendarId | None = None


PersonEvent = PersonJoined | PersonMoved | PersonLeft | ProfileCorrected | PersonHoursSet | Settled


@dataclass(frozen=True)
class Person:
    """Somebody who can be answerable for leads, as far as the record tells."""

    id: PersonId | None = None
    team: TeamId | None = None
    here: bool = False
    changed_at: datetime | None = None
    profile: Sealed | None = None
    calendar: CalendarId | None = None
    fates: Fates = field(default_factory=dict)
    """What became of the notices that are about no lead: the daily digests."""


class PersonHasLeft(Refusal):
    """{person} has left and cannot take part; name somebody who is here."""


class PersonUnknown(Refusal):
    """Nobody called {person} is on record; register the person first with POST /people."""


class PersonIsAlreadyHere(Refusal):
    """{person} has joined already, in team {team}; to change team, move the person."""


class NameIsTaken(Refusal):
    """A part of Leadledger or a service is called {person}, and its deeds are no person's; choose another pseudonym."""


def evolve(person: Person, event: PersonEvent) -> Person:
    """The person after this event."""
    match event:
        case PersonJoined():
            return replace(
                person,
                id=event.person,
                team=event.team,
                here=True,
                changed_at=event.at,
                profile=event.profile or person.profile,
            )
        case PersonMoved():
            return replace(person, team=event.team, changed_at=event.at)
        case PersonLeft():
            return replace(person, here=False, changed_at=event.at)
        case ProfileCorrected():
            return replace(person, profile=event.profile)
        case PersonHoursSet():
            return replace(person, calendar=event.calendar)
        case NoticeSent() | NoticeDelivered() | NoticeFailed() | NoticeSuppressed():
            return replace(person, fates=fates_after(person.fates, event))
        case _:
            assert_never(event)


def replay(events: Iterable[PersonEvent]) -> Person:
    """The person as the record tells."""
    person = Person()
    for event in events:
        person = evolve(person, event)
    return person


def here(person: Person, id: PersonId) -> PersonId:
    """The id of a person who is on record and has not left."""
    if person.id is None:
        raise PersonUnknown(person=id)
    if not person.here:
        raise PersonHasLeft(person=id)
    return person.id


def join(person: Person, id: PersonId, team: TeamId | None, profile: Sealed | None, on: Occasion) -> list[PersonEvent]:
    """Somebody who left may join again."""
    if person.here:
        if person.team == team:
            return []
        raise PersonIsAlreadyHere(person=id, team=person.team or "none")
    on.not_before(person.changed_at)
    if id in OURS:
        raise NameIsTaken(person=id)
    return [PersonJoined(person=fit(id), team=team, profile=profile, at=on.at, by=on.by)]


def move(person: Person, id: PersonId, team: TeamId, on: Occasion) -> list[PersonEvent]:
    """Only who is here can change team."""
    here(person, id)
    if person.team == team:
        return []
    on.not_before(person.changed_at)
    return [PersonMoved(person=id, team=team, previous=person.team, at=on.at, by=on.by)]


def leave(person: Person, id: PersonId, on: Occasion) -> list[PersonEvent]:
    """Leads of somebody who left stay with them until they are assigned anew, and the team's queue shows it."""
    if person.id is None:
        raise PersonUnknown(person=id)
    if not person.here:
        return []
    on.not_before(person.changed_at)
    return [PersonLeft(person=id, at=on.at, by=on.by)]


def correct_profile(person: Person, id: PersonId, profile: Sealed, on: Occasion) -> list[PersonEvent]:
    """Also of somebody who has left: their record is about them still."""
    if person.id is None:
        raise PersonUnknown(person=id)
    if person.profile == profile:
        return []
    return [ProfileCorrected(person=id, profile=profile, at=on.at, by=on.by)]


def set_hours(person: Person, id: PersonId, calendar: CalendarId, on: Occasion) -> list[PersonEvent]:
    """Which calendar somebody works by."""
    here(person, id)
    if person.calendar == calendar:
        return []
    return [PersonHoursSet(person=id, calendar=calendar, previous=person.calendar, at=on.at, by=on.by)]


def record_notice(person: Person, id: PersonId, what: Settled) -> list[PersonEvent]:
    """What became of a notice to somebody that is about no lead."""
    if person.id is None:
        raise PersonUnknown(person=id)
    return [*settle(person.fates, what)]
