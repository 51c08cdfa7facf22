"""The front of the API: every request is counted; acts go straight to the desk, everything else through FastAPI."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from services.api.acting import Act
from services.api.counting import Counted
from services.api.receiving import Guarded

NAMED_IN_PATH = {"leads": "lead_id", "calendars": "calendar"}
"""What acts at `/leads/{lead_id}/assignments` and the like are about."""


class Front(FastAPI):
    """A FastAPI that knows its acts by heart: looking a route up and unwinding costs more than the rest of an act."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self.add_middleware(Guarded)
        self.acts: dict[str, tuple[Act, ASGIApp]] = {}
        self.counted = Counted(self.answer)

    def learn(self, act: Act) -> None:
        """Answer this act directly from now on."""
        self.acts[act.path] = act, Guarded(act.hand_in)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count requests; the rest is the server starting and stopping."""
        if scope["type"] == "http":
            await self.counted(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """By the act itself, if it is one."""
        path: str = scope["path"]
        about: dict[str, str] = {}
        parts = path.split("/")
        if len(parts) == 4 and (name := NAMED_IN_PATH.get(parts[1])):
            about, path = {name: parts[2]}, f"/{parts[1]}/{{{name}}}/{parts[3]}"
        known = self.acts.get(path)
        if known is None or scope["method"] != "POST":
            await super().__call__(scope, receive, send)
            return
        act, hand_in = known
        scope.update(app=self, route=act, path_params=about)
        await hand_in(scope, receive, send)
