"""A command is a wish: its fields are the body of the request, and it knows how to decide."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Generic, Protocol, TypeVar

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
)
from pydantic_core import PydanticCustomError

from domain import calendar, identity, person, policy, rulebook, seat, source
from domain import team as teams
from domain.access import Action, Resource
from domain.event import Event, Sealed
from domain.identity import CalendarId, PersonId, PolicyId, SourceId, StreamId, TeamId
from domain.lead import state as lead
from domain.lead.standing import LeadUnknown
from domain.occasion import Occasion
from domain.refusal import Refusal

S = TypeVar("S")
N = TypeVar("N")


def _written_out(value: object) -> object:
    """A number could be seconds or milliseconds of any clock; an instant is written with its time and offset."""
    if isinstance(value, datetime) or (isinstance(value, str) and ":" in value):
        return value
    raise PydanticCustomError("not_an_instant", "write an instant as 2026-03-02T09:00:00Z")


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("not_an_instant", "no calendar reaches this far") from None


Instant = Annotated[AwareDatetime, BeforeValidator(_written_out), AfterValidator(_in_utc)]
FIRST_YEAR, LAST_YEAR = 1970, 2199


def _within_reach(instant: datetime) -> datetime:
    if not FIRST_YEAR <= instant.year <= LAST_YEAR:
        raise PydanticCustomError(
            "out_of_reach",
            "it must lie between the years {first} and {last}",
            {"first": FIRST_YEAR, "last": LAST_YEAR},
        )
    return instant


NearInstant = Annotated[Instant, AfterValidator(_within_reach)]
"""An instant that clocks can be counted from: nobody knows those of the year 9999."""
Slug = StringConstraints(pattern=f"^{identity.SLUG.pattern}$", max_length=64)
PersonName = Annotated[PersonId, Slug]
TeamName = Annotated[TeamId, Slug]
SourceName = Annotated[SourceId, Slug]
CalendarName = Annotated[CalendarId, Slug]
PolicyName = Annotated[PolicyId, Slug]
FreeText = Annotated[str, StringConstraints(min_length=1, max_length=4000)]
"""Typed by people, so it counts as personal data and goes to the vault."""
ProviderId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
"""No room for an e-mail address: what stands here stands in the log for ever."""
Amount = Annotated[Decimal, Field(ge=0, max_digits=18, decimal_places=4)]


@dataclass(frozen=True)
class Kind(Generic[S]):
    """A kind of stream: what it is before anything happened, and how each event changes it."""

    name: str
    initial: S
    evolve: Callable[[S, Any], S]
    unknown: type[Refusal]
    """What a caller without the right is told: the same as where there is nothing."""
    may_be_missing: bool = False
    """Whether everybody may do without; then nothing is looked up where nothing is remembered, and the log tells."""


class NothingThere(Refusal):
    """There is nothing here, or nothing that you may see or do."""


LEAD = Kind("lead", lead.Lead(), lead.evolve, LeadUnknown)
PERSON = Kind("person", person.Person(), person.evolve, NothingThere)
TEAM = Kind("team", teams.Team(), teams.evolve, NothingThere)
SOURCE = Kind("source", source.Source(), source.evolve, NothingThere)
CALENDAR = Kind("calendar", calendar.Calendar(), calendar.evolve, NothingThere)
POLICY = Kind("policy", policy.Policy(), policy.evolve, NothingThere)
RULES = Kind("rulebook", rulebook.Rulebook(), rulebook.evolve, NothingThere, may_be_missing=True)
SEAT = Kind("seat", seat.Seat(), seat.evolve, NothingThere, may_be_missing=True)


class NotLookedUpYet(Exception):
    """A decision looks at streams that the desk has not loaded; the desk loads them and decides again."""

    def __init__(self, *missing: tuple[Kind[Any], StreamId]) -> None:
        self.missing = missing


class States(Protocol):
    """What is known of streams so far."""

    def __getitem__(self, stream: StreamId, /) -> tuple[Any, int]:
        """A stream's state and version. Raises KeyError where neither is known."""
        ...

    def assume(self, kind: Kind[Any], stream: StreamId, /) -> tuple[Any, int]:
        """The state of a stream of which nothing is known, as if there were nothing; the log will tell if there is."""
        ...


@dataclass
class Surroundings:
    """What a decision may look at besides its own stream; each look is remembered as a guard."""

    states: States
    sealed: Mapping[str, Sealed] = field(default_factory=dict)
    """What the command's personal parts became, by the name of the field."""
    guards: dict[StreamId, int] = field(default_factory=dict)

    def person(self, id: PersonId) -> person.Person:
        """The person as far as the log tells."""
        return self._look(PERSON, identity.person_stream(id))

    def team(self, id: TeamId) -> teams.Team:
        """The team as far as the log tells."""
        return self._look(TEAM, identity.team_stream(id))

    def source(self, id: SourceId) -> source.Source:
        """The source as far as the log tells."""
        return self._look(SOURCE, identity.source_stream(id))

    def calendar(self, id: CalendarId) -> calendar.Calendar:
        """The calendar as far as the log tells."""
        return self._look(CALENDAR, identity.calendar_stream(id))

    def policy(self, id: PolicyId) -> policy.Policy:
        """The policy as far as the log tells."""
        return self._look(POLICY, identity.policy_stream(id))

    def rulebook(self) -> rulebook.Rulebook:
        """Which policies apply, as far as the log tells."""
        return self._look(RULES, identity.RULEBOOK)

    def seat(self) -> PersonId | None:
        """Who answers for the whole desk, if they are here."""
        named = self._look(SEAT, identity.DESK).accountable
        return named if named is not None and self.person(named).here else None

    def each(self, look: Callable[[N], S], names: Iterable[N]) -> dict[N, S]:
        """The same look at many, loaded together: asked for one by one, the desk would give up."""
        found: dict[N, S] = {}
        missing: list[tuple[Kind[Any], StreamId]] = []
        for name in names:
            try:
                found[name] = look(name)
            except NotLookedUpYet as one:
                missing += one.missing
        if missing:
            raise NotLookedUpYet(*missing)
        return found

    def line(self, id: TeamId | None) -> tuple[teams.Team, ...]:
        """The team, the team above it, and so on; teams stand in a tree, so this ends."""
        line: list[teams.Team] = []
        while id is not None and all(above.id != id for above in line):
            line.append(self.team(id))
            id = line[-1].above
        return tuple(line)

    def ladder(self, id: TeamId | None) -> tuple[PersonId, ...]:
        """Who answers for the team, for the team above it, and so on, and last for the whole desk.

        Each once, and nobody who has left; a lead in no team has the desk's seat alone.
        """
        named = dict.fromkeys(team.accountable for team in self.line(id) if team.accountable is not None)
        seat = self.seat()
        line = tuple(name for name in named if self.person(name).here)
        return line if seat is None or seat in line else (*line, seat)

    def _look(self, kind: Kind[S], stream: StreamId) -> S:
        state: S
        try:
            state, self.guards[stream] = self.states[stream]
        except KeyError:
            if not kind.may_be_missing:
                raise NotLookedUpYet((kind, stream)) from None
            state, self.guards[stream] = self.states.assume(kind, stream)
        return state


class Command(BaseModel, ABC, Generic[S]):
    """A wish about one stream. Unknown fields are refused: who acts, and when we learned it, no caller may say."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    kind: ClassVar[Kind[Any]]
    action: ClassVar[Action]
    begins: ClassVar[bool] = False
    """Whether this is what a stream begins with."""
    personal: ClassVar[Mapping[str, str]] = {}
    """The fields that go to the vault, and what kind of thing each is there."""

    at: NearInstant | None = Field(
        default=None, description="When it happened, with its offset from UTC; now, if left out. Never the future."
    )

    @abstractmethod
    def resource(self, state: S) -> Resource:
        """What the caller must have a right to."""

    @abstractmethod
    def decide(self, state: S, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """What happens, if anything, or a refusal."""

    def personal_parts(self) -> Iterable[tuple[str, str, bytes]]:
        """Field, kind and plaintext of everything that may not stand in an event."""
        for name, kind in self.personal.items():
            value = getattr(self, name)
            if value is not None:
                yield name, kind, (value.model_dump_json() if isinstance(value, BaseModel) else value).encode()


def utc_now() -> datetime:
    """The desk's clock, at the edge."""
    return datetime.now(UTC)
