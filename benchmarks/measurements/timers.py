"""Timers that are due at once: our timekeeper, which fires them together, against one transaction a timer."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.contestant import Contestant
from benchmarks.ground import Ground
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, race

ONE_BY_ONE, EIGHT_WORKERS = "one transaction a timer", "one transaction a timer, 8 workers"
TIMERS_A_SECOND = 5_000
"""So many are armed for each second that a round is to take."""


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """Each side has its own list of what is due; ours counts as done when the projector has taken all off it."""
    name = "timers due at once"
    with ground.database() as database, ExitStack() as stack:
        stack.enter_context(Contestant.of("listing", database.owner_dsn))
        ours = stack.enter_context(Contestant.of("timekeeping", database.owner_dsn, ground.folder))
        plain = stack.enter_context(Contestant.of("timer_by_timer", database.owner_dsn))
        sides: dict[str, Side] = {
            "ours": lambda seconds: ours.run(timers=max(50, round(seconds * TIMERS_A_SECOND))),
            ONE_BY_ONE: lambda seconds: plain.run(in_flight=1, seconds=seconds),
            EIGHT_WORKERS: lambda seconds: plain.run(in_flight=8, seconds=seconds),
        }
        done = race(name, sides, pace)
    return [done.compare(name, ONE_BY_ONE, target=Target(at_least=20)), done.compare(name, EIGHT_WORKERS)]
