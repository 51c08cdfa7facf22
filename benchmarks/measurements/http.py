"""A command over HTTP, by 32 callers who keep their connections, against an endpoint that does nothing."""

from __future__ import annotations

import asyncio
import sys
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from adapters.vault import KeyFile
from benchmarks.contestant import Contestant
from benchmarks.contestants.desk import REP, prepare
from benchmarks.ground import Database, Ground
from benchmarks.listening import listening
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, race
from commands.people import AddPerson
from domain.access import Principal
from services.settings import Settings
from services.wiring import open_office

EMPTY = "empty FastAPI endpoint, same uvicorn settings"
CALLERS = 32
LEADS = 2_000
OUTREACH = {"channel": "call", "outcome": "reached", "made_by": REP, "duration_seconds": 240}
LEAD = {
    "source": None,
    "contact": {"name": "Ada Example", "email": "ada@example.com", "phone": "+4930123456", "message": "Call me."},
}


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """An outreach, which touches the log only, and a new lead, whose contact goes to the vault too."""
    with ground.database() as database, ExitStack() as stack:
        vault_key = ground.folder / "http.key"
        key, leads = asyncio.run(_prepare(database, vault_key, pace.many(LEADS, at_least=CALLERS)))
        api = stack.enter_context(
            listening(
                lambda port: ["env", f"LEADLEDGER_PORT={port}", sys.executable, "-m", "services.api"],
                {
                    "LEADLEDGER_DSN": database.owner_dsn,
                    "LEADLEDGER_VAULT_KEY_FILE": str(vault_key),
                    "LEADLEDGER_LOG_LEVEL": "warning",
                },
            )
        )
        nothing = stack.enter_context(
            listening(lambda port: [sys.executable, "-m", "benchmarks.contestants.empty_endpoint", str(port)])
        )
        shapes: dict[str, tuple[dict[str, Any], list[str]]] = {
            "POST /leads/{id}/outreach": (OUTREACH, [f"/leads/{lead}/outreach" for lead in leads]),
            "POST /leads": (LEAD, ["/leads"]),
        }
        rows = []
        for number, (act, (body, paths)) in enumerate(shapes.items()):
            name = f"{act}, 32 callers"
            asked_for = ground.folder / f"paths_{number}"
            asked_for.write_text("\n".join(paths), encoding="utf-8")
            asked_for_nothing = ground.folder / "paths_of_nothing"
            asked_for_nothing.write_text("/empty", encoding="utf-8")
            ours = stack.enter_context(Contestant.of("http_client", str(api), asked_for))
            theirs = stack.enter_context(Contestant.of("http_client", str(nothing), asked_for_nothing))
            sides = {"ours": _call(ours, body, key), EMPTY: _call(theirs, body, key)}
            rows.append(race(name, sides, pace).compare(name, EMPTY, target=Target(at_least=0.5)))
        return rows


async def _prepare(database: Database, vault_key: Path, many: int) -> tuple[str, list[str]]:
    """A key for a telephony system, and leads that are a rep's, who is on record."""
    KeyFile.create(vault_key, datetime.now(UTC))
    async with open_office(Settings(dsn=database.owner_dsn, vault_key_file=vault_key)) as office:
        _, key = await office.credentials.create(
            "telephony", "service", scopes=["lead.create", "lead.reach_out"], created_by="benchmark", expires_at=None
        )
        rep = AddPerson(person=REP)
        await office.desk.handle(rep.stream, rep, by=Principal(id="admin-1", role="admin", via="benchmark"))
        return key, [str(lead) for lead in await prepare(office.log, many)]


def _call(client: Contestant, body: dict[str, Any], key: str) -> Side:
    headers = {"Authorization": f"Bearer {key}"}
    return lambda seconds: client.run(in_flight=CALLERS, seconds=seconds, headers=headers, body=body)
