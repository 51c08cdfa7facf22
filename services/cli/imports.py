"""`leadledger import leads FILE.csv`: copy the record of another system, again and again, and say what came of it."""

from __future__ import annotations

import asyncio
import signal
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from services.cli.asking import Who, an_office, answer, answer_json, fail, run
from services.importing.joining import Source
from services.importing.mapping import Mapping, read_mapping
from services.importing.names import Names
from services.importing.notes import LINES_SHOWN, told_lines
from services.importing.reading import Rejected
from services.importing.report import Report
from services.importing.running import Import, Wishes, importer

app = typer.Typer(no_args_is_help=True, help="Copy records from another system.")
SHOWN = 20


@app.callback()
def copy_records() -> None:
    """Copy records from another system."""


@app.command("leads")
def leads(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="One lead a row; the first line names the columns.")],
    by: Who,
    mapping: Annotated[Path | None, typer.Option(metavar="FILE.toml", help="What the columns mean.")] = None,
    column: Annotated[list[str] | None, typer.Option("--map", metavar="FIELD=COLUMN", help="One column.")] = None,
    constant: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="The same for every row.")
    ] = None,
    outcome: Annotated[
        list[str] | None, typer.Option(metavar="VALUE=MEANING", help="open, converted, lost or disqualified.")
    ] = None,
    source: Annotated[
        list[str] | None, typer.Option(metavar="VALUE=NAME", help="How a source is called here: 'Paid Search=paid'.")
    ] = None,
    system: Annotated[str | None, typer.Option(help="Where the file is from; its references become ids.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of instants without offset: Europe/Vienna.")] = None,
    dates: Annotated[str | None, typer.Option(help="iso, dmy (day first) or mdy (month first).")] = None,
    join: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="A second file with more columns.")] = None,
    on: Annotated[str | None, typer.Option(metavar="COLUMN", help="What both files have in common.")] = None,
    encoding: Annotated[str | None, typer.Option(help="utf-8, latin-1, cp1252 ...")] = None,
    delimiter: Annotated[str | None, typer.Option(help="What separates columns.")] = None,
    owners_are_pseudonyms: Annotated[
        bool, typer.Option("--owners-are-pseudonyms", help="Owners may stand on record as the file calls them.")
    ] = False,
    register: Annotated[bool, typer.Option(help="Put unknown sources and people on record.")] = False,
    keep_reference: Annotated[bool, typer.Option(help="Keep each row's reference in the vault.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, record nothing.")] = False,
    rejects: Annotated[Path | None, typer.Option(metavar="FILE.csv", help="Write what was rejected here.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Import leads and what became of them, each at its own instant.

    Run it again as often as you like: nothing is doubled, what is new is added, and what has changed is told.
    """
    run(
        _import(
            file,
            join,
            lambda: read_mapping(
                mapping,
                columns=_pairs(column, "--map"),
                constants=_pairs(constant, "--set"),
                outcomes=_pairs(outcome, "--outcome"),
                sources=_pairs(source, "--source"),
                owners_are_pseudonyms=owners_are_pseudonyms or None,
                system=system,
                zone=zone,
                dates=dates,
                on=on,
                encoding=encoding,
                delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter or "", delimiter),
            ),
            Wishes(register=register, dry_run=dry_run, keep_reference=keep_reference),
            by,
            rejects,
            json,
        )
    )


async def _import(
    file: Path,
    join: Path | None,
    read: Callable[[], Mapping],
    wishes: Wishes,
    by: str,
    rejects: Path | None,
    json: bool,
) -> None:
    mapping = read()
    source = Source.open(file, join, mapping)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    if rejects is not None:
        _see_that_it_can_be_written(rejects)
    async with an_office() as office:
        names = Names(
            mapping.system,
            office.vault.fingerprint,
            mapping.sources,
            mapping.owners_are_pseudonyms,
            await office.credentials.services(),
        )
        importing = Import(office.desk, source, mapping, names, wishes, importer(by))
        stopped = False
        with Progress(*columns, console=Console(stderr=True)) as bar:
            task = bar.add_task("Checking" if wishes.dry_run else "Importing", total=None)
            running = asyncio.ensure_future(
                importing.run(
                    lambda rows: bar.update(task, total=rows),
                    lambda: bar.advance(task),
                )
            )
            asyncio.get_running_loop().add_signal_handler(signal.SIGINT, running.cancel)
            try:
                await running
            except asyncio.CancelledError:
                stopped = True
    report = importing.report
    if rejects is not None:
        report.write_rejects(rejects)
    if json:
        answer_json(report.as_json())
    else:
        _show(report, rejects)
    if stopped:
        fail("Stopped. What is recorded stays; the same command again does the rest and doubles nothing.", code=130)
    if not report.clean:
        raise typer.Exit(1)


def _see_that_it_can_be_written(rejects: Path) -> None:
    """Before the import, since after it the list of what was rejected would be lost."""
    try:
        rejects.open("a").close()
    except OSError as refused:
        fail(f"--rejects {rejects} cannot be written: {refused.strerror}. Nothing was imported.")


def _show(report: Report, rejects: Path | None) -> None:
    did = "would be imported" if report.dry_run else "imported"
    answer(f"{report.rows:,} rows read, {len({one.line for one in report.rejected}):,} rejected.")
    if report.dry_run:
        answer(f"Nothing was recorded (--dry-run). The others {did}.")
    else:
        told = [f"{count:,} {fate}" for fate, count in sorted(report.fates.items())]
        answer(f"Leads: {', '.join(told) or 'none'}; {report.events.total():,} events in {report.seconds:.1f} s.")
    if report.registered:
        verb = "Would be put" if report.dry_run else "Put"
        registered = ", ".join(f"{count} {what}" for what, count in sorted(report.registered.items()))
        answer(f"{verb} on record first: {registered}.")
    _list("Rejected", report.rejected, rejects)
    _list("Different from what was imported before", report.differences, rejects)
    if report.notes:
        answer("\nWhat to know before reading reports made from this:")
        for note in report.notes:
            answer(f"  - {note.sentence}")


def _list(title: str, found: list[Rejected], rejects: Path | None) -> None:
    """What was said of many lines is said once, with the lines."""
    if not found:
        return
    answer(f"\n{title}:")
    alike: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    for one in found:
        alike[one.field, one.reason, one.recorded].append(one.line)
    for (field, reason, recorded), lines in list(alike.items())[:SHOWN]:
        where = f"{told_lines(lines)}, {field}" if field else told_lines(lines)
        before = f" Recorded before that: {recorded}." if recorded else ""
        answer(f"  {where}: {reason.rstrip('.')}.{before}")
    if len(alike) > SHOWN or any(len(lines) > LINES_SHOWN for lines in alike.values()):
        answer(f"  Each line is in {rejects}." if rejects else "  Say --rejects FILE.csv to get each line.")


def _pairs(told: list[str] | None, option: str) -> dict[str, str]:
    pairs = {}
    for one in told or []:
        name, equals, value = one.partition("=")
        if not equals or not name.strip() or not value.strip():
            fail(f"{option} {one!r}: write it as NAME=VALUE.", code=2)
        pairs[name.strip()] = value.strip()
    return pairs
