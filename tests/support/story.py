"""A rule told as a story: given what had happened, when this is asked, then that happens, or nothing, or a refusal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import pytest

from domain import person, source, team
from domain.event import Actor, Event
from domain.identity import PersonId
from domain.lead import state as lead
from domain.lead.events import LeadEvent
from domain.occasion import Occasion
from domain.refusal import Refusal

S = TypeVar("S")

NINE = datetime(2026, 3, 2, 9, tzinfo=UTC)
"""A Monday."""
TEN, ELEVEN, TWELVE, ONE, TWO = (NINE + timedelta(hours=hours) for hours in (1, 2, 3, 4, 5))
EVENING = NINE + timedelta(hours=12)
"""When nearly everything is decided: whatever happened by day lies in the past."""
TOMORROW = NINE + timedelta(days=1)

ANNA, BEN, CARLA, DORA = PersonId("anna"), PersonId("ben"), PersonId("carla"), PersonId("dora")
BY_ANNA, BY_BEN = Actor(ANNA, "rep", "key:anna"), Actor(BEN, "rep", "key:ben")
BY_MANAGER = Actor(CARLA, "manager", "key:carla")
BY_SERVICE = Actor("dialer", "service", "key:dialer")
BY_ADMIN = Actor("ada", "admin", "cli")


def on(at: datetime = NINE, by: Actor = BY_ANNA, *, now: datetime = EVENING, history: bool = False) -> Occasion:
    return Occasion(by=by, at=at, now=now, history=history)


@dataclass(frozen=True)
class Given(Generic[S]):
    """What the record tells so far."""

    state: S
    evolve: Callable[[S, Any], S]

    def when(self, rule: Callable[..., Sequence[Event]], *wish: Any, **particulars: Any) -> Asked[S]:
        """Ask the rule for this; the state goes in front."""
        return Asked(self, lambda state: rule(state, *wish, **particulars))


@dataclass(frozen=True)
class Asked(Generic[S]):
    """What was asked, and not decided yet."""

    given: Given[S]
    decide: Callable[[S], Sequence[Event]]

    def then(self, *expected: Event) -> S:
        """Exactly this happens; asked again it is already so. The answer is the state after it."""
        assert list(self.decide(self.given.state)) == list(expected)
        state = self.given.state
        for event in expected:
            state = self.given.evolve(state, event)
        assert list(self.decide(state)) == []
        return state

    def then_nothing(self) -> None:
        assert list(self.decide(self.given.state)) == []

    def then_refused(self, refusal: type[Refusal], sentence: str | None = None, on_record: Event | None = None) -> None:
        """The rule declines, and this is what the user reads; what is put on record is told once, in these words."""
        with pytest.raises(refusal) as refused:
            self.decide(self.given.state)
        assert type(refused.value) is refusal
        assert "(unknown)" not in refused.value.sentence
        if sentence is not None:
            assert refused.value.sentence == sentence
        assert refused.value.on_record == on_record
        if refused.value.on_record is not None:
            assert refused.value.on_record.refusal.sentence == refused.value.sentence
            Asked(Given(self.given.evolve(self.given.state, on_record), self.given.evolve), self.decide).then_refused(
                refusal, sentence
            )


def given(*events: LeadEvent) -> Given[lead.Lead]:
    """A lead to whom this happened."""
    return _told(lead.Lead(), lead.evolve, events)


def given_person(*events: person.PersonEvent) -> Given[person.Person]:
    return _told(person.Person(), person.evolve, events)


def given_team(*events: team.TeamEvent) -> Given[team.Team]:
    return _told(team.Team(), team.evolve, events)


def given_source(*events: source.SourceEvent) -> Given[source.Source]:
    return _told(source.Source(), source.evolve, events)


def _told(state: S, evolve: Callable[[S, Any], S], events: Iterable[Event]) -> Given[S]:
    for event in events:
        state = evolve(state, event)
    return Given(state, evolve)
