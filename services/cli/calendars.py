"""Calendars on the command line: take the holidays of an iCal file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.holidays import MOST_BYTES, holidays
from commands.calendars import ExceptedDayGiven, TakeHolidays
from commands.command import CALENDAR, utc_now
from domain.access import Principal
from domain.identity import SLUG, CalendarId, calendar_stream
from services.cli.asking import LETTERS, Who, an_office, answer, answer_json, fail, run

app = typer.Typer(no_args_is_help=True, help="Calendars: when work is done.")


@app.callback()
def calendars() -> None:
    """Calendars: when work is done."""


@app.command("import")
def import_holidays(
    calendar: Annotated[str, typer.Argument(metavar="CALENDAR", help="A calendar that is on record.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.ics", help="An iCal file of holidays.")],
    by: Who,
    json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Take the all-day events of an iCal file as days off, from today on and ten years ahead.

    Run it again as often as you like: days of which somebody has told already how they are stay so.
    """
    if not SLUG.fullmatch(calendar):
        fail(f"{calendar!r} is no name of a calendar: {LETTERS}.", code=2)
    run(_import(CalendarId(calendar), file, by, json))


async def _import(calendar: CalendarId, file: Path, by: str, json: bool) -> None:
    read = holidays(_content(file), utc_now())
    wish = TakeHolidays(calendar=calendar, days=tuple(ExceptedDayGiven(day=one.day, called=one.called) for one in read))
    who = Principal(id=by, role="service", via="cli", scopes=frozenset({wish.action}))
    async with an_office() as office:
        before, _ = await office.desk.state(CALENDAR, calendar_stream(calendar))
        receipt = await office.desk.handle(wish.stream, wish, by=who)
        after, _ = await office.desk.state(CALENDAR, calendar_stream(calendar))
    new = [after.days[day] for day in sorted(after.days.keys() - before.days.keys())]
    if json:
        taken = [{"day": one.day, "called": one.called} for one in new]
        answer_json({"calendar": calendar, "version": receipt.version, "read": len(read), "taken": taken})
        return
    for one in new:
        answer(f"{one.day}  {one.called or ''}".rstrip())
    answer(f"{len(new)} of {len(read)} days are new days off in calendar {calendar}; the others stay as they were.")


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES + 1)
    except OSError as refused:
        fail(f"{file} cannot be read: {refused.strerror}.")
