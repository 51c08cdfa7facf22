"""Importing: whole lives of leads, streams of ten events each, through the same log as everything else."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.contestant import Contestant, Figures
from benchmarks.contestants.pgbench import bare_commits
from benchmarks.ground import Ground
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, race

EVENTS = 10
PGBENCH = "pgbench, ten rows a transaction, 32 clients"


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """Events a second against rows a second."""
    with ground.database() as database, ExitStack() as stack:
        log = stack.enter_context(Contestant.of("log", database.desk_dsn))
        sides = {
            "ours": _streams(log, in_flight=32),
            "ours, 256 in flight": _streams(log, in_flight=256),
            PGBENCH: bare_commits(database.owner_dsn, ground.folder, clients=32, rows=EVENTS),
        }
        done = race("import", sides, pace)
    return [
        done.compare("import, streams of 10 events, 32 in flight", PGBENCH, target=Target(at_least=0.6)),
        done.compare("import, streams of 10 events, 256 in flight", PGBENCH, ours="ours, 256 in flight"),
    ]


def _streams(log: Contestant, *, in_flight: int) -> Side:
    def run(seconds: float) -> Figures:
        figures = log.run(events=EVENTS, in_flight=in_flight, seconds=seconds)
        return figures | {"per_second": figures["per_second"] * EVENTS}

    return run
