"""API keys on the command line: make one, revoke one, list them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import typer

from commands.command import PERSON
from domain.access import ACTIONS
from domain.event import Role
from domain.identity import OURS, SLUG, PersonId, person_stream
from services.cli.asking import LETTERS, Who, an_office, answer, answer_json, fail, run, say

app = typer.Typer(no_args_is_help=True, help="API keys: nobody is anonymous.")


@app.command("create")
def create(
    subject: Annotated[str, typer.Argument(metavar="WHO", help="The person on record, or a name for the service.")],
    role: Annotated[Literal["rep", "manager", "auditor", "admin", "service"], typer.Option(help="What it may do.")],
    by: Who,
    scope: Annotated[list[str] | None, typer.Option(help="An action a service may do; repeat it.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="For how many days it opens.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Make an API key. It is shown once, here."""
    scopes = scope or []
    if not SLUG.fullmatch(subject):
        fail(f"{subject!r} is no name that can stand on record: {LETTERS}.", code=2)
    if subject in OURS:
        fail(f"{subject} is a part of Leadledger itself; call it something else.", code=2)
    if role == "service" and not scopes:
        fail("A service may do only what is named: --scope lead.create --scope lead.see ...", code=2)
    if role != "service" and scopes:
        fail(f"A {role} may do what the role says; --scope is for services.", code=2)
    if unknown := sorted(set(scopes) - ACTIONS):
        fail(f"There is no scope {', '.join(unknown)}; there are {', '.join(sorted(ACTIONS))}.", code=2)
    run(_create(subject, role, scopes, days, by, json))


async def _create(subject: str, role: Role, scopes: list[str], days: int | None, by: str, json: bool) -> None:
    async with an_office() as office:
        person, _ = await office.desk.state(PERSON, person_stream(PersonId(subject)))
        if role in ("rep", "manager") and not person.here:
            fail(f"Nobody called {subject} is here; put the person on record first (POST /people).")
        if role == "service" and person.id is not None:
            fail(f"{subject} is a person on record, and what a service does is no person's deed; call it otherwise.")
        if role != "service" and subject in await office.credentials.services():
            fail(f"{subject} is a service, and what it does is no person's deed; give the person another name.")
        expires_at = datetime.now(UTC) + timedelta(days=days) if days else None
        id, key = await office.credentials.create(subject, role, scopes=scopes, created_by=by, expires_at=expires_at)
    if json:
        answer_json({"id": id, "key": key, "subject": subject, "role": role, "expires_at": expires_at})
    else:
        say(f"Key {id} of {subject} ({role}). It is shown this once and kept nowhere:")
        answer(key)


@app.command("revoke")
def revoke(
    id: Annotated[str, typer.Argument(metavar="ID", help="The part before the secret: lk_3f9a1c2b4d.")], by: Who
) -> None:
    """Make a key open nothing any more."""
    # Whoever pastes a whole key gets it revoked, and its secret is not repeated.
    run(_revoke("_".join(id.split("_")[:2]), by))


async def _revoke(id: str, by: str) -> None:
    async with an_office() as office:
        await office.credentials.revoke(id, by=by)
    say(f"Key {id} opens nothing any more (within two seconds, everywhere).")


@app.command("list")
def list_keys(json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False) -> None:
    """Every key there ever was, without its secret."""
    run(_list(json))


async def _list(json: bool) -> None:
    async with an_office() as office:
        keys = await office.credentials.all()
    if json:
        answer_json([vars(key) for key in keys])
        return
    now = datetime.now(UTC)
    for key in keys:
        state = "in force"
        if key.revoked_at:
            state = f"revoked {key.revoked_at:%Y-%m-%d %H:%M} by {key.revoked_by or 'nobody knows whom'}"
        elif key.expires_at:
            state = f"{'expired' if key.expires_at <= now else 'until'} {key.expires_at:%Y-%m-%d %H:%M}"
        used = f"last used {key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never used"
        scopes = f"  {' '.join(key.scopes)}" if key.scopes else ""
        answer(f"{key.id}  {key.role:8} {key.subject:20} {state}, {used}, made by {key.created_by}{scopes}")
