"""The responsibility ledger on the command line: whose the minutes were, of a lead, a person or a team."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import timedelta
from itertools import groupby
from typing import Annotated, Any, TypeVar

import typer

from commands.command import utc_now
from domain.identity import SLUG, LeadId, PersonId, TeamId
from domain.lead.standing import LeadUnknown
from projections import leads, ledger, organisation
from projections.ledger import Line
from projections.projector.tables import Connection
from services.bookkeeping import (
    NOTHING,
    USUAL,
    Bookkeeper,
    Counted,
    EndsBeforeItBegins,
    Held,
    Period,
    Sum,
    added_up,
    held,
    in_minutes,
    in_turn,
    period,
)
from services.cli.asking import (
    LETTERS,
    a_lead,
    an_office,
    answer,
    answer_json,
    caught_up,
    fail,
    instant,
    run,
    short,
)

app = typer.Typer(no_args_is_help=True, help="The ledger: whose each minute of a lead's clocks was.")

Name = TypeVar("Name", LeadId, PersonId, TeamId)

From = Annotated[
    str | None,
    typer.Option("--from", metavar="INSTANT", help="2026-03-02T09:00:00Z; 30 days before the end, if left out."),
]
FromWhenever = Annotated[
    str | None, typer.Option("--from", metavar="INSTANT", help="2026-03-02T09:00:00Z; all there is, if left out.")
]
To = Annotated[str | None, typer.Option("--to", metavar="INSTANT", help="2026-04-01T00:00:00Z; now, if left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
HEADINGS = ("holder", "person", "team", "clock", "unit", "leads", "minutes", "late")


@app.command("lead")
def of_a_lead(
    id: Annotated[str, typer.Argument(metavar="ID", help="The lead's id, a UUID.")],
    begins: FromWhenever = None,
    ends: To = None,
    json: AsJson = False,
) -> None:
    """Each clock of a lead, and whose it was from when on: it was not mine yet?"""
    run(_of_a_lead(a_lead(id), _period(begins, ends, None), json))


@app.command("person")
def of_a_person(
    person: Annotated[str, typer.Argument(metavar="NAME", help="A person's name on record.")],
    begins: From = None,
    ends: To = None,
    json: AsJson = False,
) -> None:
    """For how many minutes of open clocks somebody was answerable, and how many of them came too late."""
    run(_of_a_person(PersonId(_name(person)), _period(begins, ends, USUAL), json))


@app.command("team")
def of_a_team(
    team: Annotated[str, typer.Argument(metavar="NAME", help="A team's name on record.")],
    begins: From = None,
    ends: To = None,
    json: AsJson = False,
) -> None:
    """Whose the minutes of a team's leads were: its queue's, each person's, each manager's who was told."""
    run(_of_a_team(TeamId(_name(team)), _period(begins, ends, USUAL), json))


async def _of_a_lead(lead: LeadId, asked: Period, json: bool) -> None:
    async def known(connection: Connection, lead: LeadId) -> bool:
        return bool(await leads.whose(connection, [lead]))

    found = await _counted(ledger.of_lead, lead, asked, ("leads", known, LeadUnknown().sentence))
    if json:
        answer_json([_booking(one) for one in found])
        return
    for _, its in groupby(found, key=lambda one: one.line.clock):
        _show_clock(list(its))
    if not found:
        answer("No clock of this lead ran in this period.")


async def _of_a_person(person: PersonId, asked: Period, json: bool) -> None:
    about = ("people", organisation.person, f"Nobody called {person} is on record.")
    _show(await _counted(ledger.of_person, person, asked, about), asked, json)


async def _of_a_team(team: TeamId, asked: Period, json: bool) -> None:
    about = ("teams", organisation.team, f"No team called {team} is on record.")
    _show(await _counted(ledger.of_team, team, asked, about), asked, json)


async def _counted(
    question: Callable[..., Awaitable[list[Line]]],
    who: Name,
    asked: Period,
    about: tuple[str, Callable[[Connection, Name], Awaitable[object]], str],
) -> list[Counted]:
    """What was whose; and where it is not on record at all, that."""
    projection, known, unknown = about
    async with an_office() as office, office.questions.connection() as connection:
        head = await office.log.head()
        for one in (projection, "ledger"):
            await caught_up(connection, head, one)
        if not await known(connection, who):
            fail(unknown)
        return await Bookkeeper(office.log).count(lambda limit: question(connection, who, *asked, limit=limit), asked)


def _show_clock(bookings: Sequence[Counted]) -> None:
    first, last = bookings[0], bookings[-1]
    line = first.line
    cited = (
        f"{first.unit} of calendar {line.calendar}, version {line.calendar_version}" if line.calendar else first.unit
    )
    answer(f"clock {line.clock}: {line.name}, due {short(line.respond_by)}, in {cited}")
    for one in bookings:
        whose = f"{one.line.holder:8} {one.line.person or '-':16} {one.line.team or '-':16}"
        late = f"{_minutes(one.late)} late" if one.late else ""
        until = "now, running" if one.line.running else short(one.line.ends_at)
        answer(f"  {short(one.line.begins_at)}  {until:20}  {whose} {_minutes(one.worked):>12} {late:>18}")
    elapsed = first.hours.elapsed(line.begins_at, last.line.ends_at)
    together = sum((one.worked for one in bookings), NOTHING)
    answer(f"  together {_minutes(together)} of the {_minutes(elapsed)} minutes that elapsed")


def _show(found: Sequence[Counted], asked: Period, json: bool) -> None:
    sums = added_up(found, held)
    if json:
        answer_json([_sum(whose, sums[whose]) for whose in sorted(sums, key=in_turn)])
        return
    answer(f"from {short(asked.begins_at)} to {short(asked.ends_at)}")
    rows = [
        (
            whose.holder,
            whose.person or "-",
            whose.team or "-",
            whose.clock,
            whose.unit,
            f"{sums[whose].leads:,}",
            _minutes(sums[whose].worked),
            _minutes(sums[whose].late),
        )
        for whose in sorted(sums, key=in_turn)
    ]
    for row in _aligned([HEADINGS, *rows]):
        answer(row)
    if not rows:
        answer("Nothing was booked in this period.")


def _aligned(rows: Sequence[Sequence[str]]) -> Iterable[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        words, numbers = row[:5], row[5:]
        told = [word.ljust(width) for word, width in zip(words, widths, strict=False)]
        told += [number.rjust(width) for number, width in zip(numbers, widths[5:], strict=True)]
        yield "  ".join(told)


def _booking(one: Counted) -> dict[str, Any]:
    line = one.line
    return {
        "clock": line.clock,
        "name": line.name,
        "respond_by": line.respond_by,
        "unit": one.unit,
        "calendar": line.calendar,
        "calendar_version": line.calendar_version,
        "begins_at": line.begins_at,
        "ends_at": line.ends_at,
        "running": line.running,
        "holder": line.holder,
        "person": line.person,
        "team": line.team,
        "minutes": in_minutes(one.worked),
        "late_minutes": in_minutes(one.late),
    }


def _sum(whose: Held, total: Sum) -> dict[str, Any]:
    return {
        **whose._asdict(),
        "leads": total.leads,
        "minutes": total.minutes,
        "late_minutes": total.late_minutes,
    }


def _period(begins: str | None, ends: str | None, usual: timedelta | None) -> Period:
    try:
        return period(
            None if begins is None else instant(begins, "--from"),
            None if ends is None else instant(ends, "--to"),
            utc_now(),
            usual,
        )
    except EndsBeforeItBegins as wrong:
        fail(f"--from: {wrong.__doc__}", code=2)


def _name(told: str) -> str:
    if not SLUG.fullmatch(told):
        fail(f"{told!r} is no name that can stand on record: {LETTERS}.", code=2)
    return told


def _minutes(time: timedelta) -> str:
    return f"{in_minutes(time):,.3f}"
