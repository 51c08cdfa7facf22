"""Nothing personal leaves the vault: canaries sing in no event, read model, log, metric, error or address."""

import base64
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql

from adapters.postgres import start
from adapters.schema import install
from services.settings import Settings
from services.wiring import open_office
from tests.services.api.processes import a_process, a_projector
from tests.services.api.world import CALLERS, THE_ORGANISATION, World, ready
from tests.support.postgres import IN_A_HURRY

SONG = secrets.token_hex(6)
NAME, COMPANY, NOTE = f"Zdenka Canary-{SONG}", f"Canary & Sons {SONG}", f"Note {SONG}: likes blue"
EMAIL, REFERENCE, MESSAGE = f"canary.{SONG}@example.com", f"crm/{SONG}", f"Message {SONG}: call me"
PHONE = f"+49 30 {int(SONG[:8], 16):010d}"
CONTACT = {
    "name": NAME,
    "email": EMAIL,
    "phone": PHONE,
    "company": COMPANY,
    "reference": REFERENCE,
    "message": MESSAGE,
    "zone": "Europe/Prague",
}
CANARIES = (SONG, PHONE, PHONE.replace(" ", ""), "Zdenka", "likes blue")

# What is wrong with it, and who is told: personal things in every place where they do not belong.
MISTAKES: tuple[tuple[str, Any], ...] = (
    ("/leads", {"contact": {"email": f"{NAME}{EMAIL}"}}),
    ("/leads", {"contact": {"email": f"<{EMAIL}>", "phone": NAME, "name": NAME * 20, "company": COMPANY * 50}}),
    ("/leads", {"contact": {EMAIL: NAME, NAME: EMAIL}}),
    ("/leads", {"contact": NAME}),
    ("/leads", {"contact": [CONTACT]}),
    ("/leads", {"contact": CONTACT, "at": NAME, "dated": NAME, "source": EMAIL, "team": NAME}),
    ("/leads", {"contact": CONTACT, NAME: 1}),
    ("/leads", NAME),
    ("/leads/{lead}/outreach", {"channel": NOTE, "outcome": EMAIL, "made_by": NAME, "note": NOTE * 400}),
    ("/leads/{lead}/outreach", {"channel": "call", "outcome": "reached", "evidence": {"provider": NAME, "id": EMAIL}}),
    ("/leads/{lead}/conversion", {"value": NAME, "currency": EMAIL}),
    ("/leads/{lead}/escalations", {"reason": NOTE, "rung": NAME}),
    ("/people", {"person": EMAIL, "profile": {"name": NAME, "email": NAME}}),
    ("/people/moves", {"person": NAME, "team": EMAIL}),
    ("/desk/entrustments", {"to": EMAIL}),
    ("/sources", {"source": EMAIL}),
    ("/calendars", {"calendar": EMAIL, "zone": NAME, "week": {NAME: [], "monday": [{"opens": NAME, "closes": EMAIL}]}}),
    ("/calendars/exceptions", {"calendar": "office", "days": [{"day": NAME, "called": EMAIL}]}),
    ("/policies", {"policy": NAME, "clocks": {EMAIL: {}, "reply": {"target_minutes": NAME, "unit": EMAIL}}}),
    ("/rulebook", {"rules": [{"policy": EMAIL, "priority": NAME}]}),
)


ADMINS = ("/people", "/desk", "/sources", "/calendars", "/policies", "/rulebook")


async def test_no_canary_sings_outside_the_vault(
    world: World, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    heard: list[bytes] = []

    async def listen(answer: httpx.Response) -> None:
        heard.append(repr(answer.headers.raw).encode())
        if answer.status_code >= 400:
            heard.append(await answer.aread())

    world.client.event_hooks["response"].append(listen)
    lead = await _a_story(world)
    await _mistakes(world, lead)
    assert SONG in (await world.see("manager", f"/leads/{lead}/contact")).text
    assert (await world.see("auditor", f"/leads/{lead}/contact")).status_code == 404
    for path in (f"/leads/{lead}", f"/leads/{lead}/timeline", "/leads", "/leads/count", "/queues/rep-1", "/people"):
        heard += [(await world.see("auditor", path)).content]
    heard.append((await world.client.get("/metrics")).content)
    # The tests' own client writes down where it calls.
    said = [record.getMessage() for record in caplog.records if not record.name.startswith("http")]
    heard.append("\n".join(said).encode())
    for table, content in (await _every_table(settings)).items():
        assert _canaries_in(content) == [], table
    assert [_canaries_in(sound) for sound in heard if _canaries_in(sound)] == []


async def test_no_canary_sings_in_what_the_processes_say(
    settings: Settings, server_folder: Path, tmp_path: Path
) -> None:
    loud = {"LEADLEDGER_LOG_LEVEL": "debug", "PYTHONASYNCIODEBUG": "1"}
    api, projector = tmp_path / "api.log", tmp_path / "projector.log"
    with start(server_folder / "postgres", settings=IN_A_HURRY) as server:
        await install(server.dsn())
        await _let_it_tell_everything(server.dsn())
        settings = settings.model_copy(update={"dsn": server.dsn()})
        with a_process(settings, said=api, **loud) as (_, client), a_projector(settings, said=projector, **loud):
            async with _from_outside(settings, str(client.base_url)) as world:
                lead = await _a_story(world)
                await _mistakes(world, lead)
                for path in (f"/leads/{lead}/contact", f"/leads/{lead}/notes", "/people/rep-8/profile"):
                    assert SONG in (await world.see("manager", path)).text
                # What fails in the middle of it, too.
                async with await psycopg.AsyncConnection.connect(settings.dsn or "", autocommit=True) as owner:
                    await owner.execute("ALTER TABLE vault.sealed RENAME COLUMN ciphertext TO gone")
                call = {"channel": "call", "outcome": "reached", "note": NOTE}
                assert (await world.post("manager", f"/leads/{lead}/claims", {})).status_code == 201
                assert (await world.post("manager", f"/leads/{lead}/outreach", call)).status_code >= 500
                assert (await world.see("manager", f"/leads/{lead}/contact")).status_code >= 500
        said = {"api": api.read_bytes(), "projector": projector.read_bytes(), "PostgreSQL": server.log.read_bytes()}
        async with await psycopg.AsyncConnection.connect(settings.dsn or "") as owner:
            events = await (await owner.execute("SELECT topic::bytea || data FROM log.events")).fetchall()
    assert b"incident" in said["api"]
    assert b"follows the log" in said["projector"]
    assert b"INSERT INTO access.api_keys" in said["PostgreSQL"]
    assert lead.encode() in said["PostgreSQL"]
    said["the log"] = b"\n".join(event for (event,) in events)
    assert b"LeadLost.v1" in said["the log"]
    assert {who: _canaries_in_disguise(what) for who, what in said.items()} == {who: [] for who in said}


async def _let_it_tell_everything(dsn: str) -> None:
    """As somebody's own PostgreSQL may: each statement with its parameters, and each error with its words."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as owner:
        for setting, value in (
            ("log_min_duration_statement", "0"),
            ("log_parameter_max_length", "-1"),
            ("log_parameter_max_length_on_error", "-1"),
            ("log_min_messages", "debug1"),
            ("log_min_error_statement", "error"),
            ("log_error_verbosity", "verbose"),
        ):
            altering = sql.SQL("ALTER DATABASE postgres SET {} = {}")
            await owner.execute(altering.format(sql.Identifier(setting), sql.Literal(value)))


@asynccontextmanager
async def _from_outside(settings: Settings, url: str) -> AsyncIterator[World]:
    """The same world, whose API is another process."""
    async with open_office(settings) as office, httpx.AsyncClient(base_url=url, timeout=20) as client:
        world = World(SimpleNamespace(state=SimpleNamespace(office=office)), client)  # type: ignore[arg-type]
        for caller, (subject, role, scopes) in CALLERS.items():
            world.keys[caller] = await world.key(subject, role, scopes)
        await ready(world)
        for path, body in THE_ORGANISATION:
            await world.done("admin", path, body)
        await world.see("admin", "/people/rep-1")
        yield world


async def test_the_vault_keeps_them_and_gives_them_back(world: World) -> None:
    lead = await world.lead(to="rep-1", contact=CONTACT)
    assert (await world.see("rep", f"/leads/{lead}/contact")).json()["contact"] == CONTACT


async def _a_story(world: World) -> str:
    await world.done(
        "admin", "/people", {"person": "rep-8", "team": "north", "profile": {"name": NAME, "email": EMAIL}}
    )
    lead = await world.lead(to="rep-1", contact=CONTACT)
    here = f"/leads/{lead}"
    call = {"channel": "call", "outcome": "reached", "note": NOTE}
    for caller, act, body in (
        ("rep", "contact-corrections", {"contact": CONTACT}),
        ("rep", "outreach", call),
        ("rep", "replies", {"channel": "email", "note": NOTE}),
        ("rep", "promises", {"follow_up_by": "2126-03-03T15:00:00Z", "note": NOTE}),
        ("rep", "escalations", {"reason": "help_needed", "note": NOTE}),
        ("rep", "loss", {"reason": "price", "note": NOTE}),
        ("rep", "reopening", {"reason": "other", "note": NOTE}),
        ("rep", "disqualification", {"reason": "other", "note": NOTE}),
        ("rep", "reopening", {"reason": "other", "note": NOTE}),
        ("rep", "releases", {"reason": "other", "note": NOTE}),
    ):
        await world.done(caller, f"{here}/{act}", body, Idempotency_Key=f"{act}-{await world.head()}")
    await world.see("manager", here)
    await world.see("auditor", f"{here}/timeline")
    return lead


async def _mistakes(world: World, lead: str) -> None:
    for path, body in MISTAKES:
        caller = "admin" if path.startswith(ADMINS) else "manager"
        assert (await world.post(caller, path.format(lead=lead), body)).status_code == 422, body
    for body in (f'{{"contact": {{"name": "{NAME}"', f'{{"{NAME}": NaN}}', f'{{"{NAME}": 1, "{NAME}": 2}}'):
        headers = world.as_("rep") | {"Content-Type": "application/json"}
        assert (await world.client.post("/leads", content=body, headers=headers)).status_code == 400
    call = {"channel": "call", "outcome": "reached", "note": NOTE}
    assert (await world.post("manager", f"/leads/{lead}/outreach", call | {"made_by": "rep-1"})).status_code == 409
    assert (await world.post("rep", "/leads", {}, Idempotency_Key=f"{NAME} {EMAIL}")).status_code == 400
    assert (await world.post("rep", "/leads", {}, If_Match=NAME)).status_code == 400
    for question in ("/leads", "/leads/count", "/queues/me"):
        assert (
            await world.get("auditor", question, as_of=NAME, source=EMAIL, limit=NAME, after=NAME)
        ).status_code == 422
        takes_no_cursor = question == "/leads/count"
        assert (await world.get("auditor", question, cursor=NAME)).status_code == (422 if takes_no_cursor else 400)


async def _every_table(settings: Settings) -> dict[str, bytes]:
    """As PostgreSQL keeps them: every byte of every row, the vault's too."""
    found: dict[str, bytes] = {}
    async with await psycopg.AsyncConnection.connect(settings.dsn or "") as owner:
        tables = await owner.execute(
            """
            SELECT schemaname, tablename
            FROM pg_tables
            WHERE schemaname IN ('log', 'vault', 'access', 'read', 'post')
            """
        )
        for schema, table in await tables.fetchall():
            copying = sql.SQL("COPY {} TO STDOUT (FORMAT binary)").format(sql.Identifier(schema, table))
            async with owner.cursor() as cursor, cursor.copy(copying) as copy:
                found[f"{schema}.{table}"] = b"".join([bytes(part) async for part in copy])
    assert found.keys() >= {"log.events", "log.commands", "vault.sealed", "vault.data_keys"}
    return found


def _canaries_in(content: bytes) -> list[str]:
    return [canary for canary in CANARIES if canary.lower().encode() in content.lower()]


def _canaries_in_disguise(content: bytes) -> list[str]:
    """As they are, in hexadecimal (as PostgreSQL writes bytes), and in base64 wherever in it they begin."""
    found = _canaries_in(content)
    for canary in CANARIES:
        sung = canary.encode()
        disguises = [sung.hex().encode()]
        disguises += [base64.b64encode(b"\0" * shift + sung)[4:-4] for shift in range(3)]
        # Of a short one so little is certain in base64 that anything could be it.
        found += [f"{canary} in disguise" for disguise in disguises if len(disguise) >= 8 and disguise in content]
    return found


def test_a_canary_is_heard_in_disguise() -> None:
    for disguised in (SONG.encode().hex().encode(), base64.b64encode(f"x{SONG}y".encode()), NAME.upper().encode()):
        assert _canaries_in_disguise(b"so " + disguised + b" it goes")
