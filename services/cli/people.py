"""People on the command line: how and when they are reached, who has the seat, and what a lead lets machines do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from commands.command import Command
from commands.notices import GiveConsent, WithdrawConsent
from commands.people import CorrectProfile, SetHours
from commands.seat import EntrustDesk
from domain.identity import StreamId, lead_stream
from domain.notice import Medium
from services.cli.asking import Who, a_lead, a_wish, an_office, answer, fail, handed_in_by, run, wish_in

person = typer.Typer(no_args_is_help=True, help="People: how and when they are reached.")
desk = typer.Typer(no_args_is_help=True, help="The desk as a whole.")

Person = Annotated[str, typer.Argument(metavar="PERSON", help="A person's pseudonym on record.")]


@person.command("hours")
def hours(
    name: Person,
    calendar: Annotated[str, typer.Argument(metavar="CALENDAR", help="Outside of its hours nobody writes to them.")],
    by: Who,
) -> None:
    """By which calendar somebody works."""
    wish = a_wish(SetHours, "PERSON", person=name, calendar=calendar)
    run(_done(wish.stream, wish, by, f"{name} works by calendar {calendar}."))


@person.command("profile")
def profile(
    name: Person,
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help='{"profile": {"name": …, "email": …, "phone": …}}')],
    by: Who,
) -> None:
    """Put right who somebody is and how to reach them; from a file, since a command line is remembered."""
    wish = wish_in(file, CorrectProfile, person=name)
    run(_done(wish.stream, wish, by, f"How to reach {name} was put right."))


@desk.callback()
def the_desk() -> None:
    """The desk as a whole."""


@desk.command("entrust")
def entrust(name: Person, by: Who) -> None:
    """Make one person answer for the whole desk: who is told of what reaches nobody else."""
    wish = a_wish(EntrustDesk, "PERSON", to=name)
    run(_done(wish.stream, wish, by, f"{name} answers for the whole desk."))


def consent(
    id: Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id, a UUID.")],
    medium: Annotated[str, typer.Argument(metavar="MEDIUM", help=", ".join(get_args(Medium)))],
    by: Who,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The lead wants no more of them.")] = False,
) -> None:
    """Tell that a lead lets machines write to it this way, or does so no longer."""
    if medium not in get_args(Medium):
        fail(f"{medium!r} is none; it is one of {', '.join(get_args(Medium))}.", code=2)
    wish = a_wish(WithdrawConsent if withdraw else GiveConsent, "MEDIUM", medium=medium)
    said = "No machine writes to it that way any more." if withdraw else "Machines may write to it that way."
    run(_done(lead_stream(a_lead(id)), wish, by, said))


async def _done(stream: StreamId, wish: Command[Any], by: str, said: str) -> None:
    async with an_office() as office:
        receipt = await office.desk.handle(stream, wish, by=handed_in_by(by, wish))
    answer(said if receipt.events else "It is so already; nothing was put on record.")
