"""Notices on the command line: what failed, what became of those about one lead, and trying one again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from adapters.postbox import Postbox
from commands.notices import RetryNotice
from domain.access import Principal
from domain.identity import LeadId, lead_stream
from projections import notices
from projections.notices import Notice
from services.cli.asking import Who, an_office, answer, answer_json, fail, run

app = typer.Typer(no_args_is_help=True, help="Notices: who was told what, and what failed.")
PAGE = 500

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
LeadArgument = Annotated[str, typer.Argument(metavar="LEAD", help="The lead's id, a UUID.")]


@app.command("failed")
def failed(json: AsJson = False) -> None:
    """The dead letters, the latest first: what will not arrive unless somebody puts something right."""
    run(_failed(json))


@app.command("list")
def of_a_lead(lead: LeadArgument, json: AsJson = False) -> None:
    """Who was told what about one lead, the oldest first."""
    run(_of(_uuid(lead, "LEAD"), json))


@app.command("retry")
def retry(
    lead: LeadArgument,
    notice: Annotated[str, typer.Argument(metavar="NOTICE", help="The notice's id, as `failed` tells it.")],
    by: Who,
) -> None:
    """Try a notice again that had failed, now that something was put right."""
    run(_retry(_uuid(lead, "LEAD"), _uuid(notice, "NOTICE"), by))


async def _failed(json: bool) -> None:
    async with an_office() as office, office.questions.connection() as connection:
        found = await notices.dead_letters(connection, limit=PAGE)
    if json:
        answer_json([one._asdict() for one in found])
        return
    for one in found:
        about = f"lead {one.stream}" if one.about != "digest" else "no lead"
        answer(f"{one.settled_at:%Y-%m-%d %H:%M}  {_line(one)}  {about}  notice {one.notice}")
    answer(f"Failed: {len(found)}." if len(found) < PAGE else f"Failed: the latest {PAGE} are shown.")


async def _of(lead: UUID, json: bool) -> None:
    async with an_office() as office, office.questions.connection() as connection:
        found = await notices.of(connection, lead_stream(LeadId(str(lead))), limit=PAGE)
    if json:
        answer_json([one._asdict() for one in found])
        return
    if not found:
        fail("There is no such lead, or nobody was to be told anything about it.")
    for one in found:
        answer(f"{one.made_at:%Y-%m-%d %H:%M}  {_line(one)}  notice {one.notice}")


async def _retry(lead: UUID, notice: UUID, by: str) -> None:
    wish = RetryNotice(notice=notice)
    who = Principal(id=by, role="service", via="cli", scopes=frozenset({wish.action}))
    async with an_office() as office:
        await office.desk.handle(lead_stream(LeadId(str(lead))), wish, by=who)
        await Postbox(office.questions).reopen(notice)
    answer("It is tried again as soon as the notifier looks.")


def _line(one: Notice) -> str:
    whom = one.addressee or "the lead"
    became = f"{one.standing} ({one.reason})" if one.reason else one.standing
    return f"{one.about} to {whom} by {one.medium}: {became}"


def _uuid(told: str, what: str) -> UUID:
    try:
        return UUID(told)
    except ValueError:
        fail(f"{what} {told!r} is no id; write it as 5d0b8f5e-3c57-4f0e-9d0c-0a4f7b1f3e21.", code=2)
