"""Paired rounds: in each one every side runs once, in turn, and a ratio compares only what ran in the same round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console

from benchmarks.contestant import Figures
from benchmarks.results import Row, Target

Side = Callable[[float], Figures]
"""Runs for about so many seconds."""

console = Console(stderr=True, highlight=False)


@dataclass(frozen=True)
class Pace:
    """How often and how long."""

    rounds: int = 5
    seconds: float = 3.0
    scale: float = 1.0
    """The share of events, leads and pages to use; below 1 it is a rehearsal."""
    leads: int | None = None
    """How many leads are many, where somebody says so."""

    def many(self, number: int, *, at_least: int = 1) -> int:
        """So many, or fewer in a rehearsal."""
        return max(at_least, round(number * self.scale))


@dataclass(frozen=True)
class Race:
    """The figures of every side, round by round."""

    figures: Mapping[str, Sequence[Figures]]

    def compare(
        self,
        name: str,
        reference: str,
        *,
        target: Target | None = None,
        figure: str = "per_second",
        ours: str = "ours",
        theirs: str | None = None,
    ) -> Row:
        """Make a row of our figure and a reference's."""
        mine, others = self.figures[ours], self.figures[theirs or reference]
        return Row(
            name=name,
            reference=reference,
            ratios=[my[figure] / their[figure] for my, their in zip(mine, others, strict=True)],
            target=target,
            figures=medians("ours", mine) | medians("reference", others),
        )


def race(what: str, sides: Mapping[str, Side], pace: Pace) -> Race:
    """Run the rounds; who goes first changes every time, and a short round before the first is not counted."""
    figures: dict[str, list[Figures]] = {name: [] for name in sides}
    names = list(sides)
    if pace.scale == 1:
        for name in names:
            sides[name](min(1.0, pace.seconds))
    for number in range(pace.rounds):
        for name in names if number % 2 == 0 else reversed(names):
            figures[name].append(sides[name](pace.seconds))
        latest = ", ".join(f"{name} {_told(figures[name][-1])}" for name in names)
        console.print(f"{what}, round {number + 1} of {pace.rounds}: {latest}")
    return Race(figures)


def _told(figures: Figures) -> str:
    name, value = next(iter(figures.items()))
    return f"{value:,.4g} {name.replace('_', ' ')}"


def medians(whose: str, rounds: Sequence[Figures]) -> dict[str, float]:
    """The absolute figures for a row."""
    return {f"{whose}_{name}": median(figures[name] for figures in rounds) for name in rounds[0]}
