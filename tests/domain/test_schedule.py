"""What holds from when on: an honest clerk, who writes each word into all later hours of a book, says the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import calendar, policy, rulebook
from domain.business_time import Hours, Week
from domain.event import Actor
from domain.identity import CalendarId, PolicyId
from domain.occasion import Occasion
from domain.refusal import Refusal
from domain.schedule import held_at, held_from, standing, stands
from tests.support.story import NINE

ADMIN = Actor("admin-1", "admin", "key:lk_1")
QUICK, OFFICE = PolicyId("quick"), CalendarId("office")
LAST_HOUR = 30


@dataclass(frozen=True)
class Told:
    effective_from: datetime
    what: str


def hour(number: int) -> datetime:
    return NINE + timedelta(hours=number)


def told(*words: tuple[int, str]) -> list[Told]:
    return [Told(hour(number), what) for number, what in words]


def names(found: tuple[Told, ...]) -> str:
    return "".join(one.what for one in found)


def test_the_latest_word_holds_of_those_that_hold_by_then() -> None:
    words = told((0, "a"), (8, "b"), (5, "c"))
    held = [held_at(words, hour(number)) for number in (-1, 0, 4, 5, 8, 9)]
    assert [one and one.what for one in held] == [None, "a", "a", "c", "c", "c"]
    assert held_at([], NINE) is None


def test_a_later_word_takes_the_place_of_all_that_was_scheduled_from_then_on() -> None:
    assert names(standing(told((0, "a"), (4, "b"), (8, "c"), (5, "d")))) == "abd"
    assert names(standing(told((0, "a"), (4, "b"), (8, "c"), (4, "d")))) == "ad"
    assert names(standing(told((5, "a"), (4, "b")))) == "b"
    assert standing([]) == ()


def test_what_holds_from_then_on_is_followed_by_what_takes_its_place() -> None:
    words = told((0, "a"), (6, "x"), (8, "y"), (5, "b"), (9, "c"))
    held = [names(held_from(words, hour(number))) for number in (-1, 0, 5, 8, 9, 10)]
    assert held == ["", "abc", "bc", "bc", "c", "c"]
    assert held_from([], NINE) == ()


def test_what_was_told_holds_or_did_or_will_or_was_taken_back() -> None:
    words = told((0, "a"), (6, "b"), (4, "c"), (8, "d"))

    def at(number: int) -> list[str]:
        return [stands(words, one, hour(number)) for one in words]

    assert at(-1) == ["scheduled", "superseded", "scheduled", "scheduled"]
    assert at(0) == ["in_force", "superseded", "scheduled", "scheduled"]
    assert at(4) == ["past", "superseded", "in_force", "scheduled"]
    assert at(8) == ["past", "superseded", "past", "in_force"]


@dataclass(frozen=True)
class Telling:
    """Some hours after the one before, somebody says that something holds from some hours later, or earlier, on."""

    after: int
    ahead: int
    what: int


TELLINGS = st.lists(st.builds(Telling, st.integers(0, 4), st.integers(-3, 9), st.integers(0, 2)), max_size=8)


class Clerk:
    """Writes what was said into each hour of the book from which it holds; never into one that is past."""

    def __init__(self) -> None:
        self.book: dict[int, int] = {}
        self.begun = False

    def hears(self, now: int, holds_from: int, what: int) -> bool:
        """Whether there was anything to write. Raises a refusal where it would have to be written into the past."""
        hours = range(holds_from, LAST_HOUR + 60)
        if all(self.book.get(hour) == what for hour in hours):
            return False
        if self.begun and holds_from < now:
            raise Refusal
        self.begun = True
        self.book |= dict.fromkeys(hours, what)
        return True


def on(now: int) -> Occasion:
    return Occasion(by=ADMIN, now=hour(now), at=hour(now))


def a_week(what: int) -> Week:
    return ((Hours(0, what + 1),), (), (), (), (), (), ())


def rules(what: int) -> tuple[rulebook.Rule, ...]:
    return (rulebook.Rule(PolicyId(f"p{what}")),)


class OfPolicies:
    """Told by the real thing."""

    def __init__(self) -> None:
        self.state = policy.Policy()

    def hears(self, now: int, holds_from: int, what: int) -> bool:
        events = policy.set_policy(self.state, QUICK, None, None, (), what, hour(holds_from), on(now))
        for event in events:
            self.state = policy.evolve(self.state, event)
        return bool(events)

    def says(self, at: int) -> int | None:
        terms = self.state.terms_at(hour(at))
        assert terms is None or self.state.terms[terms.version - 1] is terms
        return None if terms is None else terms.snooze_at_most_minutes


class OfCalendars:
    def __init__(self) -> None:
        self.state = calendar.Calendar()

    def hears(self, now: int, holds_from: int, what: int) -> bool:
        events = calendar.set_hours(self.state, OFFICE, "UTC", a_week(what), hour(holds_from), on(now))
        for event in events:
            self.state = calendar.evolve(self.state, event)
        return bool(events)

    def says(self, at: int) -> int | None:
        if held_at(self.state.settings, hour(at)) is None:
            return None
        return self.state.hours_at(hour(at)).week[0][0].closes - 1


class OfRules:
    def __init__(self) -> None:
        self.state = rulebook.Rulebook()

    def hears(self, now: int, holds_from: int, what: int) -> bool:
        events = rulebook.order_rules(self.state, rules(what), hour(holds_from), on(now))
        for event in events:
            self.state = rulebook.evolve(self.state, event)
        return bool(events)

    def says(self, at: int) -> int | None:
        found = self.state.applying(None, None, None, hour(at))
        return None if found is None else int(found.rule.policy[1:])


@pytest.mark.parametrize("kind", [OfPolicies, OfCalendars, OfRules])
@given(TELLINGS)
def test_an_honest_clerk_would_say_the_same_after_every_telling(
    kind: type[OfPolicies | OfCalendars | OfRules], tellings: list[Telling]
) -> None:
    clerk, desk = Clerk(), kind()
    now = 0
    for telling in tellings:
        now += telling.after
        earlier = [desk.says(at) for at in range(-5, now)]
        had_begun = clerk.begun
        wish = (now, now + telling.ahead, telling.what)
        try:
            written = clerk.hears(*wish)
        except Refusal:
            with pytest.raises(Refusal, match=r"would hold from .* stays; choose a later instant"):
                desk.hears(*wish)
            continue
        assert desk.hears(*wish) == written
        assert not desk.hears(*wish)
        assert [desk.says(at) for at in range(-5, LAST_HOUR + 20)] == [
            clerk.book.get(at) for at in range(-5, LAST_HOUR + 20)
        ]
        if had_begun:
            assert [desk.says(at) for at in range(-5, now)] == earlier
