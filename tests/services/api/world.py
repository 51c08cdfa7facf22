"""Two teams, their people, and a key for each kind of caller, all of it said to the API itself."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI

from adapters.event_store import EventStore
from domain.event import Role
from projections.projector import Projection, Projector
from services.api import create_app
from services.projector import PROJECTIONS
from services.settings import Settings, as_role
from services.wiring import Office, open_log

EVERYTHING = ("lead.create", "lead.message_automatically", "lead.see", "lead.reach_out", "lead.hear_from")
CALLERS: dict[str, tuple[str, Role, tuple[str, ...]]] = {
    "rep": ("rep-1", "rep", ()),
    "team-mate": ("rep-2", "rep", ()),
    "other rep": ("rep-3", "rep", ()),
    "manager": ("lead-1", "manager", ()),
    "other manager": ("lead-2", "manager", ()),
    "auditor": ("audit-1", "auditor", ()),
    "admin": ("admin-1", "admin", ()),
    "service": ("telephony", "service", EVERYTHING),
}
DAY = [{"opens": "09:00", "closes": "17:00"}]
WEEK = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), DAY)
REMIND = {"offset_minutes": -15, "deed": "remind", "whom": "owner"}
ESCALATE = {"offset_minutes": 0, "deed": "escalate", "whom": "accountable"}
ALL_DAY = [{"opens": "00:00", "closes": "24:00"}]
EVERY_HOUR = dict.fromkeys((*WEEK, "saturday", "sunday"), ALL_DAY)
LONG_AGO = {"effective_from": "2020-01-01T00:00:00Z"}
WAITING = {"snooze_at_most_minutes": 600}
CLOCKS = {"first_response": {"target_minutes": 60, "unit": "business_minutes", "rungs": [REMIND, ESCALATE]}}
THE_ORGANISATION = (
    ("/teams", {"team": "germany"}),
    ("/teams", {"team": "north", "above": "germany"}),
    ("/teams", {"team": "south", "above": "germany"}),
    ("/people", {"person": "rep-1", "team": "north", "profile": {"name": "Ben Example"}}),
    ("/people", {"person": "rep-2", "team": "north"}),
    ("/people", {"person": "rep-3", "team": "south"}),
    ("/people", {"person": "lead-1", "team": "north"}),
    ("/people", {"person": "lead-2", "team": "south"}),
    ("/teams/entrustments", {"team": "north", "to": "lead-1"}),
    ("/teams/entrustments", {"team": "south", "to": "lead-2"}),
    ("/sources", {"source": "website", "team": "north"}),
)
OFFICE_HOURS = (
    ("/calendars", {"calendar": "office", "zone": "Europe/Vienna", "week": WEEK}),
    ("/policies", {"policy": "quick", "calendar": "office", "clocks": CLOCKS}),
    ("/rulebook", {"rules": [{"policy": "quick"}]}),
)
AT_ALL_HOURS = (
    ("/calendars", {"calendar": "always", "zone": "Europe/Vienna", "week": EVERY_HOUR, **LONG_AGO}),
    ("/policies", {"policy": "at-all-hours", "calendar": "always", "clocks": CLOCKS, **LONG_AGO, **WAITING}),
    ("/rulebook", {"rules": [{"policy": "at-all-hours", "priority": "high"}], **LONG_AGO}),
)


@dataclass
class World:
    """What a test says is said as somebody: `await world.post("rep", "/leads", {…})`."""

    app: FastAPI
    client: httpx.AsyncClient
    keys: dict[str, str] = field(default_factory=dict)
    position: int = 0
    """Of the last receipt; `see` asks for nothing older."""

    @property
    def office(self) -> Office:
        office: Office = self.app.state.office
        return office

    async def post(self, caller: str, path: str, body: Any, **headers: str) -> httpx.Response:
        """As JSON, unless it is said to be something else."""
        said = {"content" if "Content_Type" in headers else "json": body}
        answer = await self.client.post(path, headers=self.as_(caller) | _spelled(headers), **said)
        if answer.status_code in (200, 201):
            self.position = max(self.position, answer.json()["position"])
        return answer

    async def hand_in(self, caller: str, path: str, file: str, **headers: str) -> httpx.Response:
        """A file of holidays."""
        return await self.post(caller, path, file, **{"Content_Type": "text/calendar", **headers})

    async def get(self, caller: str, path: str, **parameters: Any) -> httpx.Response:
        return await self.client.get(path, params=parameters, headers=self.as_(caller))

    async def see(self, caller: str, path: str, **parameters: Any) -> httpx.Response:
        """As fresh as the last receipt."""
        return await self.get(caller, path, after=self.position, **parameters)

    async def done(self, caller: str, path: str, body: Any, **headers: str) -> dict[str, Any]:
        answer = await self.post(caller, path, body, **headers)
        assert answer.status_code == 201, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def lead(self, to: str | None = None, **body: Any) -> str:
        """A lead in the queue of team north, or somebody's."""
        created = await self.done("manager", "/leads", {"source": "website"} | body)
        if to is not None:
            await self.done("manager", f"/leads/{created['lead']}/assignments", {"to": to})
        return str(created["lead"])

    async def key(self, subject: str, role: Role, scopes: tuple[str, ...] = (), **more: Any) -> str:
        _, key = await self.office.credentials.create(
            subject, role, scopes=scopes, created_by="test", expires_at=more.get("expires_at")
        )
        return key

    async def govern(self, policies: tuple[tuple[str, dict[str, Any]], ...]) -> None:
        """Let clocks run."""
        for path, body in policies:
            await self.done("admin", path, body)

    def as_(self, caller: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[caller]}"}

    async def head(self) -> int:
        return await self.office.log.head()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[World]:
    async with projectors(settings), served(create_app(settings)) as world:
        for caller, (subject, role, scopes) in CALLERS.items():
            world.keys[caller] = await world.key(subject, role, scopes)
        await ready(world)
        for path, body in THE_ORGANISATION:
            await world.done("admin", path, body)
        await world.see("admin", "/people/rep-1")
        yield world


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[World]:
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://api") as client,
    ):
        yield World(app, client)


@asynccontextmanager
async def projectors(settings: Settings) -> AsyncIterator[None]:
    dsn = as_role(settings.dsn, "leadledger_projector")
    async with open_log(settings.dsn, "leadledger_projector") as log:
        running = [asyncio.create_task(run(dsn, projection, log)) for projection in PROJECTIONS]
        try:
            yield
        finally:
            for task in running:
                task.cancel()
            for task in running:
                with suppress(asyncio.CancelledError):
                    await task


async def run(dsn: str, projection: Projection, log: EventStore) -> None:
    await Projector(dsn, projection, log, holder="test").run()


async def ready(world: World) -> None:
    async with asyncio.timeout(20):
        while (await world.client.get("/ready")).status_code != 200:  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.01)


def _spelled(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}
