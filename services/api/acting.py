"""Standing at the desk: a caller hands in a command, and gets a receipt."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, TypeVar, get_type_hints
from uuid import uuid4

from fastapi import Depends
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive, Scope, Send

from commands.calendars import CalendarCommand
from commands.command import Command
from commands.desk import Receipt as Handled
from commands.lead import LeadCommand
from commands.people import AddPerson, PersonCommand
from commands.policies import OrderRules, SetPolicy
from commands.seat import EntrustDesk
from commands.sources import SourceCommand
from commands.teams import TeamCommand
from domain.access import THE_DESK, Principal, may
from domain.identity import LeadId, StreamId, keyed_id, lead_stream
from domain.person import NameIsTaken
from domain.refusal import Refusal
from services.api.answers import (
    CalendarReceipt,
    DeskReceipt,
    LeadReceipt,
    PersonReceipt,
    PolicyReceipt,
    Receipt,
    RulebookReceipt,
    SourceReceipt,
    TeamReceipt,
)
from services.api.asking import LeadInPath, identified
from services.api.counting import EVENTS
from services.api.problems import HeaderIsMalformed, WishIsWrong, wrong_fields
from services.api.receiving import Headers, told_in_json
from services.wiring import Office

KEY = re.compile(rb"[\x21-\x7e]{1,200}")
VERSION = re.compile(rb'"(0|[1-9][0-9]{0,8})"')
LEAD = TypeAdapter[LeadId](LeadInPath)
R = TypeVar("R", bound=Receipt)


class Act(APIRoute):
    """An act's route: who is calling, what they send, one command, its receipt.

    It does by hand what FastAPI would do for the same signature, at a quarter of the cost: this is the path on which
    every rep and every telephone system writes.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **how: Any) -> None:
        super().__init__(path, endpoint, **how)
        self.command: type[Command[Any]] = get_type_hints(endpoint)["command"]
        self.app = self.hand_in

    async def hand_in(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the command in at the desk."""
        headers: Headers = dict(scope["headers"])
        state = scope["app"].state
        desk = AtTheDesk(state.office, await identified(state.callers, headers), headers)
        receipt = await self.endpoint(**await self.told(desk, headers, receive, scope["path_params"]), desk=desk)
        body: bytes = receipt.__pydantic_serializer__.to_json(receipt)
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": desk.status, "headers": [*desk.headers, length]})
        await send({"type": "http.response.body", "body": body})

    async def told(
        self, desk: AtTheDesk, headers: Headers, receive: Receive, path: Mapping[str, str]
    ) -> dict[str, Any]:
        """The command, and what the path says it is about."""
        return _validated(self.command, await told_in_json(headers, receive), path)


class AtTheDesk:
    """One caller with one wish: by which key it goes, and on which version it builds."""

    def __init__(self, office: Office, caller: Principal, headers: Headers) -> None:
        self.office = office
        self.caller = caller
        self.key = idempotency_key(headers.get(b"idempotency-key"))
        self.expected_version = expected_version(headers.get(b"if-match"))
        self.status = 201
        self.headers: list[tuple[bytes, bytes]] = [(b"content-type", b"application/json")]

    async def create(self, command: LeadCommand) -> LeadReceipt:
        """A new lead; the same caller with the same key always means the same one."""
        fingerprint = self.office.vault.fingerprint
        lead = LeadId(str(keyed_id(fingerprint, "lead of", self.caller.id, self.key) if self.key else uuid4()))
        self.headers.append((b"location", f"/leads/{lead}".encode()))
        return await self.lead(lead, command)

    async def lead(self, lead: LeadId, command: LeadCommand) -> LeadReceipt:
        """Something about a lead."""
        return self._receipt(LeadReceipt, await self._hand_in(lead_stream(lead), command), lead=lead)

    async def newcomer(self, command: AddPerson) -> PersonReceipt:
        """Somebody who is called as no service is: or whose deed was it?"""
        allowed = may(self.caller, command.action, THE_DESK)
        if allowed and command.person in await self.office.credentials.services():
            raise NameIsTaken(person=command.person)
        return await self.person(command)

    async def person(self, command: PersonCommand) -> PersonReceipt:
        """Something about a person."""
        return self._receipt(PersonReceipt, await self._hand_in(command.stream, command), person=command.person)

    async def team(self, command: TeamCommand) -> TeamReceipt:
        """Something about a team."""
        return self._receipt(TeamReceipt, await self._hand_in(command.stream, command), team=command.team)

    async def seat(self, command: EntrustDesk) -> DeskReceipt:
        """Something about the desk's seat."""
        return self._receipt(DeskReceipt, await self._hand_in(command.stream, command))

    async def source(self, command: SourceCommand) -> SourceReceipt:
        """Something about a source."""
        return self._receipt(SourceReceipt, await self._hand_in(command.stream, command), source=command.source)

    async def calendar(self, command: CalendarCommand) -> CalendarReceipt:
        """Something about a calendar."""
        return self._receipt(CalendarReceipt, await self._hand_in(command.stream, command), calendar=command.calendar)

    async def policy(self, command: SetPolicy) -> PolicyReceipt:
        """Something about a policy."""
        return self._receipt(PolicyReceipt, await self._hand_in(command.stream, command), policy=command.policy)

    async def rulebook(self, command: OrderRules) -> RulebookReceipt:
        """Something about the rulebook."""
        return self._receipt(RulebookReceipt, await self._hand_in(command.stream, command))

    async def _hand_in(self, stream: StreamId, command: Command[Any]) -> Handled:
        try:
            return await self.office.desk.handle(
                stream, command, by=self.caller, key=self.key, expected_version=self.expected_version
            )
        except Refusal as refusal:
            if refusal.on_record is not None:
                EVENTS.inc()
            if fields := wrong_fields(refusal, command):
                raise WishIsWrong(refusal, fields) from None
            raise

    def _receipt(self, kind: type[R], handled: Handled, **about: str) -> R:
        self.headers.append((b"etag", f'"{handled.version}"'.encode()))
        if handled.events and not handled.repeated:
            EVENTS.inc(len(handled.events))
        else:
            self.status = 200
        told: dict[str, Any] = {
            "version": handled.version,
            "position": handled.position,
            "events": handled.events,
            "command_id": handled.command_id,
            "repeated": handled.repeated,
            **about,
        }
        return kind(**told)


def at_the_desk() -> AtTheDesk:
    """For the signature; the route itself leads the caller to the desk."""
    raise NotImplementedError


ADesk = Annotated[AtTheDesk, Depends(at_the_desk)]


def idempotency_key(header: bytes | None) -> str | None:
    """The caller's own name for the wish. Raises HeaderIsMalformed."""
    if header is None:
        return None
    if KEY.fullmatch(header) is None:
        raise HeaderIsMalformed("Idempotency-Key has 1 to 200 visible ASCII characters.")
    return header.decode()


def expected_version(header: bytes | None) -> int | None:
    """The version that the caller has seen, as an ETag. Raises HeaderIsMalformed."""
    if header is None:
        return None
    told = VERSION.fullmatch(header)
    if told is None:
        raise HeaderIsMalformed('If-Match is one version in quotation marks, as an ETag tells it: "3".')
    return int(told[1])


def _validated(kind: type[Command[Any]], told: Any, path: Mapping[str, str]) -> dict[str, Any]:
    """The command, and the lead it is about, if it is about one. Raises RequestValidationError."""
    troubles: list[Any] = []
    arguments: dict[str, Any] = {}
    try:
        if "lead_id" in path:
            arguments["lead_id"] = LEAD.validate_python(path["lead_id"])
    except ValidationError as invalid:
        troubles += [trouble | {"loc": ("path", "lead_id")} for trouble in invalid.errors()]
    try:
        arguments["command"] = kind.model_validate(told)
    except ValidationError as invalid:
        troubles += [trouble | {"loc": ("body", *trouble["loc"])} for trouble in invalid.errors()]
    if troubles:
        raise RequestValidationError(troubles)
    return arguments
