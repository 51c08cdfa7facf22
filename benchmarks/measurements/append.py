"""Appending to the log, as one caller after another, as eight processes, and as many callers at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from benchmarks.contestant import ROOT, Contestant, together
from benchmarks.contestants.pgbench import bare_commits
from benchmarks.ground import Database, Ground
from benchmarks.references import NotMeasuredHere, emmett, umadb_python, umadb_server
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, race

LIBRARY, EMMETT, UMADB, PGBENCH = "eventsourcing recorder", "Emmett", "UmaDB", "pgbench, one-row commits"
PROCESSES = 8
CONNECTIONS = 32
"""For each reference that keeps its own; the server takes a hundred in all."""


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """Every shape of load, each on a database of its own."""
    rows = []
    for shape in (_many_at_once, _one_at_a_time, _eight_processes, _more_than_many, _ten_events):
        with ground.database() as database, ExitStack() as stack:
            rows += shape(database, ground.folder, pace, stack)
    return rows


def _many_at_once(database: Database, folder: Path, pace: Pace, stack: ExitStack) -> list[Row]:
    name = "append 1 event, 32 in flight"
    ours, library = _ours(database, stack), _library(database, stack)
    sides = {"ours": _load(ours, in_flight=32), LIBRARY: _load(library, in_flight=32)}
    absent: dict[str, str] = {}
    for other, contestant in ((EMMETT, _emmett), (UMADB, _umadb)):
        try:
            sides[other] = _load(stack.enter_context(contestant(database)), in_flight=32)
        except NotMeasuredHere as reason:
            absent[other] = str(reason)
    sides[PGBENCH] = bare_commits(database.owner_dsn, folder, clients=32)
    targets = {
        LIBRARY: Target(at_least=10),
        EMMETT: Target(at_least=5),
        UMADB: Target(at_least=1.5),
        PGBENCH: Target(at_least=1),
    }
    done = race(name, sides, pace)
    return [
        *(done.compare(name, other, target=targets[other]) for other in sides if other != "ours"),
        done.compare(f"{name}: p99", LIBRARY, target=Target(at_most=0.2), figure="p99_ms"),
        *(
            Row(name=name, reference=other, ratios=[], target=targets[other], note=f"not measured here: {reason}")
            for other, reason in absent.items()
        ),
    ]


def _one_at_a_time(database: Database, folder: Path, pace: Pace, stack: ExitStack) -> list[Row]:
    name = "append 1 event, single client"
    sides = {
        "ours": _load(_ours(database, stack), in_flight=1),
        LIBRARY: _load(_library(database, stack), in_flight=1),
        PGBENCH: bare_commits(database.owner_dsn, folder, clients=1),
    }
    done = race(name, sides, pace)
    return [done.compare(name, LIBRARY, target=Target(at_least=1.5)), done.compare(name, PGBENCH)]


def _eight_processes(database: Database, folder: Path, pace: Pace, stack: ExitStack) -> list[Row]:
    name = "append 1 event, 8 processes x 1 in flight"
    ours = [_ours(database, stack) for _ in range(pace.many(PROCESSES, at_least=2))]
    library = [_library(database, stack, connections=1) for _ in range(pace.many(PROCESSES, at_least=2))]
    sides: dict[str, Side] = {
        "ours": lambda seconds: together(ours, events=1, in_flight=1, seconds=seconds),
        LIBRARY: lambda seconds: together(library, events=1, in_flight=1, seconds=seconds),
        PGBENCH: bare_commits(database.owner_dsn, folder, clients=PROCESSES),
    }
    done = race(name, sides, pace)
    return [done.compare(name, LIBRARY), done.compare(name, PGBENCH)]


def _more_than_many(database: Database, folder: Path, pace: Pace, stack: ExitStack) -> list[Row]:
    name = "append 1 event, 128 in flight"
    fewer = f"{PGBENCH}, 60 clients"
    sides = {
        "ours": _load(_ours(database, stack), in_flight=128),
        LIBRARY: _load(_library(database, stack), in_flight=128),
        fewer: bare_commits(database.owner_dsn, folder, clients=60),
    }
    done = race(name, sides, pace)
    return [done.compare(name, LIBRARY), done.compare(name, fewer)]


def _ten_events(database: Database, folder: Path, pace: Pace, stack: ExitStack) -> list[Row]:
    name = "append 10 events, 32 in flight"
    sides = {
        "ours": _load(_ours(database, stack), in_flight=32, events=10),
        LIBRARY: _load(_library(database, stack), in_flight=32, events=10),
    }
    return [race(name, sides, pace).compare(name, LIBRARY)]


def _load(contestant: Contestant, *, in_flight: int, events: int = 1) -> Side:
    return lambda seconds: contestant.run(events=events, in_flight=in_flight, seconds=seconds)


def _ours(database: Database, stack: ExitStack) -> Contestant:
    return stack.enter_context(Contestant.of("log", database.desk_dsn))


def _library(database: Database, stack: ExitStack, connections: int = CONNECTIONS) -> Contestant:
    return stack.enter_context(Contestant.of("library_recorder", database.owner_dsn, str(connections)))


@contextmanager
def _emmett(database: Database) -> Iterator[Contestant]:
    node, folder = emmett()
    at = conninfo_to_dict(database.owner_dsn)
    address = f"postgresql://{at['user']}:{at['password']}@{at['host']}:{at['port']}/{at['dbname']}"
    driver = ROOT / "benchmarks" / "contestants" / "emmett.mjs"
    with Contestant([node, driver, folder, address, str(CONNECTIONS)]) as contestant:
        yield contestant


@contextmanager
def _umadb(database: Database) -> Iterator[Contestant]:
    with umadb_server() as url, Contestant.of("umadb", url, python=umadb_python()) as contestant:
        yield contestant
