"""What a caller is told when something cannot be done: its name and what to do, but never their own words again."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterable, Mapping, Sequence
from functools import singledispatch
from typing import Any, Literal
from uuid import uuid4

import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from psycopg_pool import PoolTimeout
from pydantic import BaseModel, Field
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from adapters.holidays import HolidaysAreUnreadable
from adapters.schema import SchemaTrouble
from commands.command import NothingThere
from commands.desk import RecordIsUnreadable, TooManyAtOnce, VersionHasMoved
from domain.business_time import NothingIsWorked
from domain.calendar import (
    CalendarUnknown,
    DayIsPast,
    HoursAreOutsideTheDay,
    HoursOverlap,
    NobodyEverWorks,
    TooManyDays,
    ZoneUnknown,
)
from domain.identity import NameIsUnfit
from domain.lead.clocks import CommitmentIsOutOfRange, SnoozedTooLong, SnoozeEndsInThePast
from domain.lead.contact import FollowUpIsInThePast, LastedLessThanNothing
from domain.lead.escalation import NobodyOnThatRung
from domain.lead.ownership import NobodyIsNamed
from domain.lead.standing import LeadUnknown
from domain.log import LogUnavailable
from domain.occasion import AtIsInTheFuture, BeforeTheLeadArrived, DatedBeforeALaterChange
from domain.person import PersonUnknown
from domain.policy import (
    CalendarIsNeeded,
    PolicyIsNotInForce,
    PolicyUnknown,
    RungComesBeforeTheClock,
    RungIsTooFarOff,
    RungsAreOutOfOrder,
    RungTellsTheWrongPerson,
    SnoozeIsOutOfRange,
    TargetIsNeverReached,
    TargetIsOutOfRange,
    TooManyRungs,
)
from domain.refusal import Refusal
from domain.source import SourceUnknown
from domain.team import TeamUnknown
from services.api.counting import REFUSALS
from services.api.pointing import places_in, pointed_at
from services.api.wording import CORRECT_IT, Trouble, troubles
from services.bookkeeping import TooManyBookings

log = logging.getLogger("leadledger.api")

RETRY_AFTER_SECONDS = 1
STATUS_OF: Mapping[type[Refusal], int] = {
    LeadUnknown: 404,
    NothingThere: 404,
    VersionHasMoved: 412,
    TooManyAtOnce: 503,
    RecordIsUnreadable: 503,
    CalendarUnknown: 422,
    ZoneUnknown: 422,
    HoursAreOutsideTheDay: 422,
    HoursOverlap: 422,
    NobodyEverWorks: 422,
    DayIsPast: 422,
    TooManyDays: 422,
    HolidaysAreUnreadable: 422,
    PolicyUnknown: 422,
    PolicyIsNotInForce: 422,
    NothingIsWorked: 422,
    CalendarIsNeeded: 422,
    TargetIsOutOfRange: 422,
    TargetIsNeverReached: 422,
    TooManyRungs: 422,
    RungTellsTheWrongPerson: 422,
    RungIsTooFarOff: 422,
    RungsAreOutOfOrder: 422,
    RungComesBeforeTheClock: 422,
    SnoozeIsOutOfRange: 422,
    TooManyBookings: 422,
}
FIELDS_OF: Mapping[type[Refusal], tuple[str, ...]] = {
    CommitmentIsOutOfRange: ("act_by",),
    SnoozeEndsInThePast: ("until",),
    SnoozedTooLong: ("until",),
    AtIsInTheFuture: ("at",),
    BeforeTheLeadArrived: ("at",),
    DatedBeforeALaterChange: ("at",),
    FollowUpIsInThePast: ("follow_up_by",),
    LastedLessThanNothing: ("duration_seconds",),
    NobodyOnThatRung: ("rung",),
    NobodyIsNamed: ("made_by", "promised_by"),
    NameIsUnfit: ("person", "team", "source"),
    PersonUnknown: ("to", "made_by", "promised_by", "person"),
    TeamUnknown: ("team", "above"),
    SourceUnknown: ("source",),
}
"""What is wrong with the wish itself, 422, and which of its fields it may be.

What is named neither here nor above is a state of affairs: 409.
"""


class Problem(BaseModel):
    """What went wrong, in the form of RFC 9457."""

    type: str = Field(description="A stable name of the problem, as a path.", examples=["/problems/lead-is-closed"])
    title: str = Field(examples=["Lead is closed"])
    status: int = Field(ge=400, le=599, examples=[409])
    detail: str = Field(examples=["The lead is closed: it was lost at 2026-03-02 09:00 UTC. Reopen it first."])
    about: dict[str, str] = Field(default={}, description="The particulars of a refusal, by name.")
    errors: list[Trouble] = Field(default=[], description="What is wrong with the request, one entry a field.")
    incident: str | None = Field(default=None, description="Name it when you report a failure of ours.")


class WishIsWrong(Exception):
    """The domain declined because of what stands in some fields of the wish."""

    def __init__(self, refusal: Refusal, fields: Sequence[str]) -> None:
        self.refusal = refusal
        self.fields = fields


class NotReady(Exception):
    """The answer is not ready yet: this read model is still being built. Ask again in a moment."""


class NobodyKeeps(Exception):
    """Nobody keeps these read models: {projections}. Start a projector; what they tell stays as old as it is."""

    def __init__(self, projections: Iterable[str]) -> None:
        self.about = {"projections": ", ".join(sorted(projections))}
        super().__init__((NobodyKeeps.__doc__ or "").format_map(self.about))


class LagsBehind(Exception):
    """A read model has not come as far as was asked for in time; ask again in a moment."""

    def __init__(self, projection: str, reached: int, asked_for: int) -> None:
        self.about = {"projection": projection, "reached": str(reached), "asked_for": str(asked_for)}
        super().__init__(LagsBehind.__doc__)


class KeyNeeded(HTTPException):
    """Give a key that is in force, as `Authorization: Bearer lk_…`; `leadledger keys create` makes one."""

    def __init__(self) -> None:
        super().__init__(401, KeyNeeded.__doc__, {"WWW-Authenticate": 'Bearer realm="leadledger"'})


class BodyIsTooLarge(HTTPException):
    """A request's body has at most one million bytes."""

    def __init__(self) -> None:
        super().__init__(413, BodyIsTooLarge.__doc__, {"Connection": "close"})


class MediaTypeIsUnsupported(HTTPException):
    """Send the body as JSON, with `Content-Type: application/json`."""

    def __init__(self, detail: str | None = None, wanted: str = "application/json") -> None:
        super().__init__(415, detail or MediaTypeIsUnsupported.__doc__, {"Accept": wanted})


class BadRequest(HTTPException):
    """The request cannot be understood as it stands."""

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(400, detail or type(self).__doc__)


class BodyIsNotJson(BadRequest):
    """The body is no JSON, or not JSON that everybody reads alike."""


class CallerIsGone(BadRequest):
    """The connection ended before the body did."""


class HeaderIsMalformed(BadRequest):
    """A header of the request is not in the form that it must have."""


class CursorIsBroken(BadRequest):
    """A cursor is taken from an answer's `next` as it is, and belongs to the question that was answered."""


BY_ITSELF: Mapping[int, tuple[str, str]] = {
    404: ("NotFound", "There is nothing at this address; /openapi.json tells what there is."),
    405: ("MethodNotAllowed", "This address is not asked in this way; /openapi.json tells how."),
}
"""What the framework declines by itself."""


def problem(name: str, status: int, detail: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """The document, as a response."""
    told = {"type": f"/problems/{_words(name, '-')}", "title": _title(name), "status": status}
    body = to_json({**told, "detail": detail, **{part: value for part, value in more.items() if value}})
    return Response(body, status, headers, media_type="application/problem+json")


def unavailable(name: str, detail: str, about: Mapping[str, str] | None = None) -> Response:
    """Nothing was changed, and the same request may be sent again."""
    return problem(name, 503, detail, {"Retry-After": str(RETRY_AFTER_SECONDS)}, about=about)


@singledispatch
def told(failure: Exception) -> Response:
    """What the caller is told about any exception; what nobody expected gets an incident's name.

    The log says where it happened; neither tells what was in the request.
    """
    incident = str(uuid4())
    where = "".join(traceback.format_list(traceback.extract_tb(failure.__traceback__)))
    # The exception's own words may repeat a value; its type and the places it went through do not.
    log.error("incident %s: %s\n%s", incident, _kind(failure), where)
    detail = "This is a failure of ours. Nothing is known to have changed; with the same Idempotency-Key, ask again."
    return problem("UnexpectedFailure", 500, detail, incident=incident)


@told.register
def _refused(refusal: Refusal) -> Response:
    REFUSALS.labels(refusal.name).inc()
    status = 422 if type(refusal) in FIELDS_OF else STATUS_OF.get(type(refusal), 409)
    if status == 503:
        return unavailable(refusal.name, refusal.sentence)
    return problem(refusal.name, status, refusal.sentence, about=refusal.about, errors=pointed_at(refusal))


@told.register
def _wish_is_wrong(wrong: WishIsWrong) -> Response:
    refusal = wrong.refusal
    REFUSALS.labels(refusal.name).inc()
    errors = [{"path": f"body.{field}", "problem": refusal.sentence, "advice": CORRECT_IT} for field in wrong.fields]
    return problem(refusal.name, 422, refusal.sentence, about=refusal.about, errors=errors)


def wrong_fields(refusal: Refusal, wish: BaseModel) -> list[str]:
    """The fields of the wish that hold what the refusal is about; if none does, the one that should."""
    if places := places_in(wish, refusal):
        return places
    fields = [field for field in FIELDS_OF.get(type(refusal), ()) if field in type(wish).model_fields]
    return [field for field in fields if getattr(wish, field) in refusal.about.values()] or fields[:1]


@told.register
def _invalid(invalid: RequestValidationError) -> Response:
    errors = [trouble.model_dump() for trouble in troubles(invalid.errors())]
    return problem("RequestIsInvalid", 422, "Something in the request is not as it must be; see errors.", errors=errors)


@told.register
def _declined(declined: HTTPException) -> Response:
    name, detail = BY_ITSELF.get(declined.status_code) or (type(declined).__name__, str(declined.detail))
    return problem(name, declined.status_code, detail, declined.headers)


@told.register
def _log_unavailable(lost: LogUnavailable) -> Response:
    return unavailable("LogUnavailable", " ".join((LogUnavailable.__doc__ or "").split()))


@told.register(psycopg.OperationalError)
@told.register(psycopg.InterfaceError)
@told.register(psycopg.errors.ReadOnlySqlTransaction)
@told.register(PoolTimeout)
def _database_unavailable(lost: Exception) -> Response:
    return unavailable("DatabaseUnavailable", "The database cannot be reached at the moment; ask again shortly.")


@told.register(NotReady)
@told.register(SchemaTrouble)
@told.register(psycopg.errors.UndefinedTable)
def _not_ready(missing: Exception) -> Response:
    return unavailable("NotReady", str(missing if isinstance(missing, SchemaTrouble) else NotReady.__doc__))


@told.register
def _nobody_keeps(abandoned: NobodyKeeps) -> Response:
    return unavailable("NotReady", str(abandoned), abandoned.about)


@told.register
def _lags_behind(lag: LagsBehind) -> Response:
    return unavailable("LagsBehind", str(lag), lag.about)


def tell_problems(app: FastAPI) -> None:
    """Let FastAPI answer in our words too."""

    async def answer(request: Request, failure: Exception) -> Response:
        return told(failure)

    for kind in told.registry.keys() - {object, Exception}:
        app.add_exception_handler(kind, answer)


def _kind(failure: Exception) -> str:
    state = f" (SQLSTATE {failure.sqlstate})" if isinstance(failure, psycopg.Error) and failure.sqlstate else ""
    return f"{type(failure).__module__}.{type(failure).__qualname__}{state}"


def _title(name: str) -> str:
    return _words(name, " ").capitalize().replace(" json", " JSON")


def _words(name: str, between: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", between, name).lower()


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an endpoint may answer with, for the OpenAPI document."""
    media: dict[Literal["application/problem+json"], dict[str, Any]] = {
        "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
    }
    return {status: {"description": _DESCRIPTIONS[status], "content": media} for status in statuses}


_DESCRIPTIONS = {
    400: "A header, a cursor or the JSON itself is malformed.",
    401: "There is no key, or it opens nothing.",
    404: "There is no such thing, or none that the caller may see or do.",
    409: "The domain declined: a state of affairs in which what was asked may not be done.",
    412: "The version is no longer the one in If-Match.",
    413: "The body is larger than a million bytes.",
    415: "The body is not declared as what it must be.",
    422: "A field, a parameter or an instant is not as it must be; each is named.",
    503: "The log or a read model cannot be reached, or lags behind what was asked for. Send the same request again.",
}
