"""How far, how many and as of when: what questions have in common."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter

from adapters.vault import Vault
from commands.command import Instant
from domain.identity import Position
from projections.projector import Freshness
from services.api.asking import AnOffice
from services.api.problems import CursorIsBroken, LagsBehind

T = TypeVar("T")
Line = TypeVar("Line")

LONGEST_WAIT_SECONDS = 5.0
MOST_LINES = 200
SIGNATURE_BYTES = 12

AsOf = Annotated[
    Instant | None, Query(description="As things were at this instant; now, if left out. 2026-03-02T09:00:00Z")
]
AsKnown = Annotated[
    Instant | None, Query(description="As it was known at this instant, before what was logged late; now, if left out.")
]
After = Annotated[
    int | None,
    Query(
        ge=0, le=2**63 - 1, description="Wait until the answer knows this position, as a command's receipt tells it."
    ),
]


def caught_up(*projections: str) -> Any:
    """How far these projections are, once they have come as far as the caller asks for; asked before anything else."""

    async def wait(request: Request, office: AnOffice, after: After = None) -> Position:
        freshness: Freshness = request.app.state.freshness
        for projection in projections:
            if after is None or freshness.reached(projection) >= after:
                continue
            if after > await office.log.head():
                raise RequestValidationError([{"type": "beyond_the_log", "loc": ("query", "after"), "msg": ""}])
            if not await freshness.wait_for(projection, Position(after), request.app.state.longest_wait_seconds):
                raise LagsBehind(projection, freshness.reached(projection), after)
        return min(freshness.reached(projection) for projection in projections)

    return Depends(wait)


@dataclass(frozen=True)
class Page:
    """How many lines to answer with, and after which."""

    limit: int
    cursor: str | None
    vault: Vault

    def after(self, kind: type[T]) -> T | None:
        """The place where the last page ended. Raises CursorIsBroken."""
        if self.cursor is None:
            return None
        try:
            told = base64.urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4))
        except (binascii.Error, ValueError):
            raise CursorIsBroken from None
        signature, place = told[:SIGNATURE_BYTES], told[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(kind, place)):
            raise CursorIsBroken
        return TypeAdapter(kind).validate_json(place)

    def next(self, lines: Sequence[Line], kind: type[Any], place: Callable[[Line], Any]) -> str | None:
        """Where the next page begins; nothing after the last one."""
        if len(lines) < self.limit:
            return None
        told = TypeAdapter(kind).dump_json(place(lines[-1]))
        return base64.urlsafe_b64encode(self._signature(kind, told) + told).decode().rstrip("=")

    def _signature(self, kind: type[Any], place: bytes) -> bytes:
        return self.vault.fingerprint(b"|".join((b"cursor", f"{kind.__module__}.{kind.__qualname__}".encode(), place)))[
            :SIGNATURE_BYTES
        ]


async def a_page(
    office: AnOffice,
    limit: Annotated[int, Query(ge=1, le=MOST_LINES, description="How many lines at most.")] = 50,
    cursor: Annotated[str | None, Query(max_length=1000, description="The `next` of the page before.")] = None,
) -> Page:
    """Lists are answered page by page."""
    return Page(limit, cursor, office.vault)


APage = Annotated[Page, Depends(a_page)]
