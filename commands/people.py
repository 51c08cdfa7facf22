"""What can be asked of the desk about people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, EmailStr, StringConstraints

from commands.command import PERSON, CalendarName, Command, Kind, PersonName, Surroundings, TeamName
from commands.lead import Phone
from domain import calendar as calendars
from domain import person as people
from domain.access import THE_DESK, Action, OfTeam
from domain.event import Event
from domain.identity import StreamId, person_stream
from domain.occasion import Occasion
from domain.team import known


class Profile(BaseModel):
    """Who a person is and how to reach them. All of it is personal and goes to the vault."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    email: EmailStr | None = None
    phone: Phone | None = None


class PersonCommand(Command[people.Person]):
    """A wish about one person."""

    kind: ClassVar[Kind[people.Person]] = PERSON
    action: ClassVar[Action] = "person.manage"

    person: PersonName

    @property
    def stream(self) -> StreamId:
        """Where this person is told of."""
        return person_stream(self.person)

    def resource(self, state: people.Person) -> OfTeam:
        """People are the whole desk's concern."""
        return THE_DESK


class AddPerson(PersonCommand):
    """Tell that somebody can be answerable for leads. The id is a pseudonym: it stays on record for ever."""

    personal: ClassVar[Mapping[str, str]] = {"profile": "profile"}

    team: TeamName | None = None
    profile: Profile | None = None

    def decide(self, state: people.Person, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/person.py."""
        team = known(around.team(self.team), self.team) if self.team else None
        return people.join(state, self.person, team, around.sealed.get("profile"), on)


class MovePerson(PersonCommand):
    """Tell that somebody changed team."""

    team: TeamName

    def decide(self, state: people.Person, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/person.py."""
        return people.move(state, self.person, known(around.team(self.team), self.team), on)


class RemovePerson(PersonCommand):
    """Tell that somebody left."""

    def decide(self, state: people.Person, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/person.py."""
        return people.leave(state, self.person, on)


class CorrectProfile(PersonCommand):
    """Put right who somebody is and how to reach them."""

    personal: ClassVar[Mapping[str, str]] = {"profile": "profile"}

    profile: Profile

    def decide(self, state: people.Person, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/person.py."""
        return people.correct_profile(state, self.person, around.sealed["profile"], on)


class SetHours(PersonCommand):
    """Tell by which calendar somebody works; outside of its hours nobody writes to them."""

    calendar: CalendarName

    def decide(self, state: people.Person, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/person.py."""
        calendars.known(around.calendar(self.calendar), self.calendar)
        return people.set_hours(state, self.person, self.calendar, on)
