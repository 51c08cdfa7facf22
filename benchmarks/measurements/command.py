"""A command from end to end: load the lead, decide, append; 32 at once."""

from __future__ import annotations

from contextlib import ExitStack

from benchmarks.contestant import Contestant
from benchmarks.ground import Ground
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, race

LIBRARY = "eventsourcing Application, 32 threads"
AT_ONCE = 32
WARM_LEADS = 1_000
# More than either side gets through in a second, so that a cold lead is never met twice.
COLD_LEADS_A_SECOND = {"ours": 15_000, LIBRARY: 2_500}


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """Leads that were never looked at, and leads that are remembered."""
    rows = []
    with ground.database() as database, ExitStack() as stack:
        contestants = {
            "ours": stack.enter_context(Contestant.of("desk", database.owner_dsn, ground.folder)),
            LIBRARY: stack.enter_context(Contestant.of("library_application", database.owner_dsn)),
        }
        for warmth in ("cold", "warm"):
            name = f"command end to end, 32 in flight, {warmth} leads"
            sides = {side: _commands(contestants[side], side, warm=warmth == "warm") for side in contestants}
            rows.append(race(name, sides, pace).compare(name, LIBRARY, target=Target(at_least=15)))
    return rows


def _commands(contestant: Contestant, side: str, *, warm: bool) -> Side:
    def leads(seconds: float) -> int:
        return WARM_LEADS if warm else max(100, round(seconds * COLD_LEADS_A_SECOND[side]))

    return lambda seconds: contestant.run(in_flight=AT_ONCE, seconds=seconds, warm=warm, leads=leads(seconds))
