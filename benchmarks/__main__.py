"""Measure ourselves against others: `python -m benchmarks append`, or `all`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.ground import Ground, flush_ms, ground
from benchmarks.measurements import append, catchup, command, hours, http, importing, pages, timers, visible
from benchmarks.results import COMMANDS, RESULTS, Machine, keep
from benchmarks.rounds import Pace, console

MEASUREMENTS = {
    "append": append.measure,
    "import": importing.measure,
    "command": command.measure,
    "http": http.measure,
    "catchup": catchup.measure,
    "visible": visible.measure,
    "timers": timers.measure,
    "hours": hours.measure,
    "pages": pages.measure,
}
REHEARSAL = Pace(rounds=1, seconds=0.2, scale=0.001)


def main(
    what: Annotated[str, typer.Argument(help=f"One of {', '.join(COMMANDS)}, or all.")],
    rounds: Annotated[int, typer.Option(min=1, help="Paired rounds; the ratio is their median.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long each side runs in a round.")] = 3.0,
    leads: Annotated[int | None, typer.Option(min=200, help="How many leads are many, for pages; a million.")] = None,
    short: Annotated[bool, typer.Option("--short", help="One tiny round, to see that it runs; says nothing.")] = False,
    results: Annotated[Path, typer.Option(help="Where the rows are kept.")] = RESULTS,
) -> None:
    """Run one measurement, or all, and keep its rows."""
    if what != "all" and what not in COMMANDS:
        raise typer.BadParameter(f"there is no measurement {what}; there are {', '.join(COMMANDS)}, and all")
    pace = REHEARSAL if short else Pace(rounds=rounds, seconds=seconds, leads=leads)
    with ground() as here:
        for name in COMMANDS if what == "all" else [what]:
            machine = _machine(here)
            rows = MEASUREMENTS[name](here, pace)
            keep(name, rows, machine, results)
            for row in rows:
                ratio = "not measured here" if row.ratio is None else f"{row.ratio:.3g}x"
                verdict = {True: "reached", False: "NOT REACHED", None: ""}[row.reached]
                console.print(f"{row.name} | {row.reference} | {ratio} | {row.target or ''} | {verdict}")


def _machine(here: Ground) -> Machine:
    return Machine(os.cpu_count() or 1, here.version(), flush_ms(here.folder), os.getloadavg()[0])


if __name__ == "__main__":
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(main)
    app()
