"""Reading one's own write: how long from asking to append until the read model shows it, against the append alone."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.contestant import Contestant
from benchmarks.ground import Ground
from benchmarks.lives import fill
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, medians, race

LEADS_BEFORE = 2_000
CAUGHT_UP_WITHIN_SECONDS = 120.0
PROJECTION = "queues"


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """One caller after another, and eight at once, with every read model kept up by one projector."""
    rows = []
    with ground.database() as database, ExitStack() as stack:
        fill(database.owner_dsn, pace.many(LEADS_BEFORE))
        projector = stack.enter_context(Contestant.of("projecting", database.owner_dsn))
        projector.run(seconds=CAUGHT_UP_WITHIN_SECONDS)
        caller = stack.enter_context(Contestant.of("reading_back", database.desk_dsn))
        for in_flight in (1, 8):
            name = f"append to visible, {in_flight} in flight"
            done = race(name, {"ours": _read_back(caller, in_flight)}, pace).figures["ours"]
            rows.append(
                Row(
                    name=f"{name}: p99",
                    reference="the append's own p50, same calls",
                    ratios=[figures["visible_p99_ms"] / figures["append_p50_ms"] for figures in done],
                    target=Target(at_most=10),
                    figures=medians("ours", done),
                )
            )
    return rows


def _read_back(caller: Contestant, in_flight: int) -> Side:
    return lambda seconds: caller.run(projection=PROJECTION, in_flight=in_flight, seconds=seconds)
