"""Catching up: each read model folded from the whole log, in events a second."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.contestant import Contestant
from benchmarks.ground import Ground
from benchmarks.lives import EVENTS_A_LEAD, fill
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, race

LIBRARY = "eventsourcing ProjectionRunner, same tables and functions"
EVENTS = 200_000
EVENTS_FOR_THE_LIBRARY = 3_000
"""It folds the same number a second however many there are, and nobody wants to wait."""


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """One read model after another."""
    rows = []
    with ground.database() as database, ExitStack() as stack:
        fill(database.owner_dsn, pace.many(round(EVENTS / EVENTS_A_LEAD)))
        ours = stack.enter_context(Contestant.of("folding", database.projector_dsn))
        few = str(pace.many(EVENTS_FOR_THE_LIBRARY, at_least=50))
        library = stack.enter_context(Contestant.of("library_projection", database.owner_dsn, few))
        for projection in ("queues", "timeline", "leads"):
            name = f"catch-up of {projection}"
            sides = {"ours": _fold(ours, projection), LIBRARY: _fold(library, projection)}
            rows.append(race(name, sides, pace).compare(name, LIBRARY, target=Target(at_least=60)))
    return rows


def _fold(contestant: Contestant, projection: str) -> Side:
    return lambda seconds: contestant.run(projection=projection)
