"""Notices on the command line: what failed, what became of those about one lead, and trying one again."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import typer

from adapters.delivery import Never, NotNow
from adapters.postbox import Postbox
from commands.command import utc_now
from commands.notices import RetryNotice
from domain.access import Principal
from domain.identity import LeadId, lead_stream
from projections import notices
from projections.notices import Notice
from services.cli.asking import Who, an_office, answer, answer_json, fail, read_settings, run, say
from services.letters import Facts, Letters, example
from services.outside import NotToBeSent, open_outside
from services.settings import Settings

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


@app.command("check")
def check(
    mail: Annotated[str | None, typer.Option("--mail", metavar="ADDRESS", help="Send an example by mail.")] = None,
    sms: Annotated[str | None, typer.Option("--sms", metavar="NUMBER", help="Send one by text message.")] = None,
) -> None:
    """Try the templates out with examples; and with an address, whether the mail server or the gateway takes one."""
    settings = read_settings()
    wrong = Letters(settings.templates).check()
    for one in wrong:
        say(one)
    if wrong:
        fail(f"Templates that cannot be used: {len(wrong)}; our own words go out in their place.")
    answer("All templates can be used.")
    run(_try_out(settings, mail, sms))


async def _try_out(settings: Settings, mail: str | None, sms: str | None) -> None:
    letters, facts = Letters(settings.templates), _as_here(example(utc_now()), settings)
    try:
        async with open_outside(settings) as outside:
            if mail is not None:
                await outside.write(uuid4(), mail, None, letters.mail("reminder", None, facts))
                answer("The mail server has taken an example.")
            if sms is not None:
                await outside.text(uuid4(), None, sms, letters.sms("reminder", None, facts))
                answer("The gateway has taken an example.")
    except NotToBeSent as missing:
        fail(str(missing))
    except (NotNow, Never) as refused:
        fail(f"It was not taken: {refused.reason}. See docs/notices.md.")


def _as_here(facts: Facts, settings: Settings) -> Facts:
    """With a link to where people find us, so that it can be seen whether they do."""
    link = facts["link"]
    if settings.public_url is None or link is None:
        return facts
    facts["link"] = f"{settings.public_url.rstrip('/')}{urlsplit(link).path}"
    return facts


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
