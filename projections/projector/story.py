"""One stream's story: the facts that hold now, and the ranges in which others held, as they came to be known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from domain.event import Event, Recorded

Facts = TypeVar("Facts", bound=NamedTuple)
Row = tuple[Any, ...]

# Where these stand in a row of the past: stream, version, position, valid_from, known_from, and then
VALID_FROM, KNOWN_FROM, VALID_TO, KNOWN_TO = 3, 4, 5, 7


class Story(Generic[Facts]):
    """Told event by event; with its memory it can also take in what is dated before the last thing it was told."""

    __slots__ = (
        "began", "begins_at", "changed", "facts", "functions", "known_from", "memory", "past", "position", "stream",
        "valid_from", "version",
    )  # fmt: skip

    def __init__(
        self, functions: Mapping[type[Event], Callable[..., Facts]], begins_at: Callable[[Facts], datetime]
    ) -> None:
        self.functions, self.begins_at = functions, begins_at
        self.stream: UUID | None = None
        self.facts: Any = None
        self.version, self.position = 0, 0
        self.began: Any = None
        self.valid_from: Any = None
        self.known_from: Any = None
        self.past: list[Row] = []
        """Ranges to be written; with memory, all there are."""
        self.memory: list[Recorded[Any]] | None = None
        self.changed = False

    def resumed(self, row: Row, facts: type[Facts]) -> Story[Facts]:
        """Go on from the row of now."""
        self.stream, self.version, self.position, self.valid_from, self.known_from = row[:5]
        self.facts = facts._make(row[5:])
        self.began = self.begins_at(self.facts)
        return self

    def with_memory(self) -> Story[Facts]:
        """Begin anew, remembering every event."""
        self.memory = []
        return self

    def tell(self, recorded: Recorded[Any]) -> None:
        """Take in one event; if its function raises, nothing has changed."""
        event, learned_at = recorded.event, recorded.recorded_at
        if self.facts is None:
            self.facts = self.functions[type(event)](None, recorded)
            self.stream, self.known_from = recorded.stream, learned_at
            self.began = self.valid_from = self.begins_at(self.facts)
        else:
            at = self.takes_effect_at(recorded)
            if at >= self.valid_from:
                facts = self.functions[type(event)](self.facts, recorded)
                # What held until now ends; or at the same instant there was more, and what we knew was not all.
                if at > self.valid_from:
                    self.past.append(_ended(self.now(), at, learned_at, None))
                elif learned_at > self.known_from:
                    self.past.append(_ended(self.now(), None, None, learned_at))
                self.facts, self.valid_from, self.known_from = facts, at, learned_at
            else:
                self._tell_late(at, recorded)
        if self.memory is not None:
            self.memory.append(recorded)
        self.version, self.position = recorded.version, recorded.position
        self.changed = True

    def takes_effect_at(self, recorded: Recorded[Any]) -> datetime:
        """Nothing is true of a stream before it begins, however early it is dated."""
        at: datetime = max(self.began, recorded.event.at)
        return at

    def now(self) -> Row:
        """The row of what holds."""
        return (self.stream, self.version, self.position, self.valid_from, self.known_from, *self.facts)

    def _tell_late(self, at: datetime, recorded: Recorded[Any]) -> None:
        """From `recorded_at` on, everything from `at` on is told anew; who asks as of earlier hears the old story."""
        if self.memory is None:
            raise AssertionError("a story was told late without its memory; load must give it one")
        learned_at = recorded.recorded_at
        memory = sorted([*self.memory, recorded], key=lambda told: (self.takes_effect_at(told), told.version))
        chapters = self._chapters(memory)
        past: list[Row] = []
        superseded = [_ended(self.now(), None, None, None)]
        for row in self.past:
            (past if row[KNOWN_TO] is not None or row[VALID_TO] <= at else superseded).append(row)
        # What was learned and superseded at the same instant was never known.
        past += [
            (*row[:KNOWN_TO], learned_at, *row[KNOWN_TO + 1 :]) for row in superseded if row[KNOWN_FROM] < learned_at
        ]
        anew_from = min(row[VALID_FROM] for row in superseded)
        for chapter, following in pairwise(chapters):
            if chapter.valid_from >= anew_from:
                row = (recorded.stream, *chapter[:3], learned_at, *chapter.facts)
                past.append(_ended(row, following.valid_from, learned_at, None))
        self.facts, self.valid_from, self.known_from = chapters[-1].facts, chapters[-1].valid_from, learned_at
        self.past = past

    def _chapters(self, memory: list[Recorded[Any]]) -> list[_Chapter]:
        """What held from when on, in the order in which things happened."""
        chapters: list[_Chapter] = []
        facts, version, position = None, 0, 0
        for told in memory:
            facts = self.functions[type(told.event)](facts, told)
            version, position = max(version, told.version), max(position, told.position)
            valid_from = self.takes_effect_at(told)
            if chapters and chapters[-1].valid_from == valid_from:
                chapters.pop()
            chapters.append(_Chapter(version, position, valid_from, facts))
        return chapters


class _Chapter(NamedTuple):
    version: int
    position: int
    valid_from: datetime
    facts: Any


def _ended(now: Row, valid_to: datetime | None, end_known_from: datetime | None, known_to: datetime | None) -> Row:
    return (*now[:VALID_TO], valid_to, end_known_from, known_to, *now[VALID_TO:])
