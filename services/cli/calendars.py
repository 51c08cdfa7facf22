"""Calendars on the command line: when work is done, and the holidays of an iCal file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from adapters.holidays import MOST_BYTES, holidays
from commands.calendars import ExceptedDayGiven, SetCalendar, TakeHolidays
from commands.command import CALENDAR, utc_now
from domain.calendar import Calendar, ExceptedDay, Setting, known
from domain.identity import SLUG, CalendarId, calendar_stream
from domain.schedule import stands
from projections import calendars
from projections.timeline.sentences.policies import day_in_words, week_in_words
from services.cli.asking import (
    LETTERS,
    AsJson,
    Who,
    an_office,
    answer,
    answer_json,
    caught_up,
    fail,
    handed_in_by,
    run,
    short,
    wish_in,
)
from services.cli.policies import PAGE, STANDING

app = typer.Typer(no_args_is_help=True, help="Calendars: when work is done.")


Name = Annotated[str, typer.Argument(metavar="NAME", help="What the calendar is called.")]
CalendarFile = Annotated[Path, typer.Argument(metavar="FILE.json", help="As POST /calendars takes it.")]


@app.command("list")
def list_calendars(json: AsJson = False) -> None:
    """Every calendar, and the hours that hold now."""
    run(_list(json))


async def _list(json: bool) -> None:
    found: list[Calendar] = []
    async with an_office() as office, office.questions.connection() as connection:
        await caught_up(connection, await office.log.head(), "calendars")
        while page := await calendars.every_calendar(connection, after=found[-1].id if found else None, limit=PAGE):
            found += page
    if json:
        answer_json([{"calendar": one.id, "version": one.version} for one in found])
        return
    for one in found:
        hours = one.hours_at(utc_now())
        answer(f"{one.id:24} version {one.version}, {hours.zone}: {'; '.join(week_in_words(hours.week))}")


@app.command("show")
def show_calendar(name: Name, json: AsJson = False) -> None:
    """The hours of one calendar, from when on they hold, and the days on which it is otherwise."""
    run(_show(CalendarId(name), json))


async def _show(name: CalendarId, json: bool) -> None:
    async with an_office() as office:
        calendar = known((await office.desk.state(CALENDAR, calendar_stream(name)))[0], name)
    now = utc_now()
    told = [(one, stands(calendar.settings, one, now)) for one in calendar.settings]
    days = [day for _, day in sorted(calendar.days.items())]
    if json:
        settings = [
            {"standing": standing, "effective_from": one.effective_from, "zone": one.zone, "week": _week(one)}
            for one, standing in told
        ]
        answer_json({"calendar": name, "version": calendar.version, "settings": settings, "days": _days(days)})
        return
    answer(f"Calendar {name}, version {calendar.version}")
    for one, standing in told:
        answer(f"  {STANDING[standing]} {short(one.effective_from)}, {one.zone}: {_week(one)}")
    for day in days:
        answer(f"  {day_in_words(day)}")


def _week(setting: Setting) -> str:
    return "; ".join(week_in_words(setting.week))


def _days(days: list[ExceptedDay]) -> list[str]:
    return [day_in_words(day) for day in days]


@app.command("set")
def set_calendar(name: Name, file: CalendarFile, by: Who) -> None:
    """Set the hours of a calendar from a file, in which its name may be left out."""
    run(_set(wish_in(file, SetCalendar, calendar=name), by))


async def _set(wish: SetCalendar, by: str) -> None:
    async with an_office() as office:
        receipt = await office.desk.handle(wish.stream, wish, by=handed_in_by(by, wish))
        calendar, _ = await office.desk.state(CALENDAR, wish.stream)
    if not receipt.events:
        answer(f"Calendar {wish.calendar} says so already; nothing was put on record.")
        return
    since = short(calendar.settings[-1].effective_from)
    answer(f"Calendar {wish.calendar} is at version {calendar.version}; these hours hold from {since} on.")


@app.command("import")
def import_holidays(
    calendar: Annotated[str, typer.Argument(metavar="CALENDAR", help="A calendar that is on record.")],
    file: Annotated[Path, typer.Argument(metavar="FILE.ics", help="An iCal file of holidays.")],
    by: Who,
    json: AsJson = False,
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
    async with an_office() as office:
        before, _ = await office.desk.state(CALENDAR, calendar_stream(calendar))
        receipt = await office.desk.handle(wish.stream, wish, by=handed_in_by(by, wish))
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
