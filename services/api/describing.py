"""How the API describes itself: what every act and every question have in common, and the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, get_type_hints

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi

from commands.command import Command
from services.api.acting import Act
from services.api.asking import Asked
from services.api.examples import ANSWERS, BODIES
from services.api.problems import Problem, documented

FILES: dict[str, dict[str, Any]] = {"text/calendar": {"schema": {"type": "string"}}}
"""Bodies that are no JSON."""
E = TypeVar("E", bound=Callable[..., Any])

ABOUT = """
Who owes which lead an answer, and who did what about it.

**Acts** are resources: `POST /leads/{id}/assignments` assigns a lead, `POST /leads/{id}/outreach` tells that somebody
tried to reach it. Each act puts **events** on record, which stay for ever; where it was *already so*, nothing is put on
record and the answer is 200. The domain may **refuse**: the answer names the state of affairs, such as
`/problems/lead-is-closed`, and says what can be done.

Give every act an `Idempotency-Key`: sent again with it, whatever happened to the first answer, it is answered as the
first time. Give `If-Match` with the version you have seen, where the act must not build on another one.

**Questions** are answered from read models that follow the log. A receipt's `position`, given as `?after=`, makes a
question wait until its read model knows of it. `?as_of=` asks how things were at an instant, `?as_known=` what was
known at an instant, before what was logged late.

What you may not see or do answers exactly as what does not exist: 404.
""".strip()

HEADERS: list[dict[str, Any]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Your own name for this wish. Sent again with it, it is answered as the first time.",
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        "example": "8d1f6f0e-assign",
    },
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The version you have seen, as `ETag` tells it; 412 if it has moved.",
        "schema": {"type": "string", "pattern": '^"(0|[1-9][0-9]{0,8})"$'},
        "example": '"3"',
    },
]
ETAG = {"ETag": {"description": "The version, good for `If-Match`.", "schema": {"type": "string"}}}
LOCATION = {"Location": {"description": "Where the new lead is found.", "schema": {"type": "string"}}}


class Acts:
    """Endpoints that put something on record: the body is the command, the answer its receipt."""

    def __init__(self, tags: list[str | Any]) -> None:
        self.router = APIRouter(tags=tags, route_class=Act)

    def post(self, path: str, media: str = "application/json", route: type[Act] = Act) -> Callable[[E], E]:
        """The function below is what this path does."""

        def add(endpoint: E) -> E:
            types = get_type_hints(endpoint)
            receipt, command = types["return"], types["command"]
            headers = ETAG | LOCATION if path == "/leads" else ETAG
            shown = {"content": {"application/json": {"example": ANSWERS[receipt]}}, "headers": headers}
            self.router.add_api_route(
                path,
                endpoint,
                methods=["POST"],
                status_code=201,
                response_description="It is on record.",
                responses={
                    201: shown,
                    200: shown | {"model": receipt, "description": "It was already so, or was asked before."},
                    **documented(400, 401, 404, 409, 412, 413, 415, 422, 503),
                },
                openapi_extra={
                    "parameters": HEADERS,
                    "requestBody": {"content": {media: {"examples": BODIES[command], **FILES.get(media, {})}}},
                },
                route_class_override=route,
            )
            return endpoint

        return add


class Questions:
    """Endpoints that answer from the read models."""

    def __init__(self, tags: list[str | Any]) -> None:
        self.router = APIRouter(tags=tags, route_class=Asked)

    def get(self, path: str) -> Callable[[E], E]:
        """The function below answers this path."""

        def add(endpoint: E) -> E:
            answer = get_type_hints(endpoint)["return"]
            self.router.add_api_route(
                path,
                endpoint,
                methods=["GET"],
                responses={
                    200: {"content": {"application/json": {"example": ANSWERS[answer]}}},
                    **documented(400, 401, 404, 422, 503),
                },
            )
            return endpoint

        return add


def describe(app: FastAPI) -> None:
    """Let /openapi.json tell of keys and problems too."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            told = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
            parts = told.setdefault("components", {})
            parts["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "bearerFormat": "lk_…"}}
            told["security"] = [{"key": []}]
            schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            parts["schemas"] |= schema.pop("$defs") | {"Problem": schema}
            app.openapi_schema = told
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]


def command_of(endpoint: Callable[..., Any]) -> type[Command[Any]] | None:
    """The command that is an endpoint's body, if it is an act."""
    command: type[Command[Any]] | None = get_type_hints(endpoint).get("command")
    return command
