"""Standing at the desk: a caller hands in a command, and gets a receipt."""

from __future__ import annotations

import re
from typing import Annotated, Any, TypeVar
from uuid import uuid4, uuid5

from fastapi import Depends, Request, Response

from commands.command import Command
from commands.desk import Desk
from commands.desk import Receipt as Handled
from commands.lead import LeadCommand
from commands.people import PersonCommand
from commands.sources import SourceCommand
from commands.teams import TeamCommand
from domain.access import Principal
from domain.identity import LEADLEDGER, LeadId, StreamId, lead_stream
from services.api.answers import LeadReceipt, PersonReceipt, Receipt, SourceReceipt, TeamReceipt
from services.api.counting import EVENTS
from services.api.problems import HeaderIsMalformed

KEY = re.compile(r"[\x21-\x7e]{1,200}")
VERSION = re.compile(r'"(0|[1-9][0-9]{0,8})"')
R = TypeVar("R", bound=Receipt)


class AtTheDesk:
    """One caller with one wish: by which key it goes, and on which version it builds."""

    def __init__(self, request: Request, response: Response) -> None:
        self.desk: Desk = request.app.state.office.desk
        self.caller: Principal = request.scope["caller"]
        self.key = idempotency_key(request.headers.get("idempotency-key"))
        self.expected_version = expected_version(request.headers.get("if-match"))
        self.response = response

    async def create(self, command: LeadCommand) -> LeadReceipt:
        """A new lead; the same caller with the same key always means the same one."""
        lead = LeadId(str(uuid5(LEADLEDGER, f"lead-of:{self.caller.id}:{self.key}") if self.key else uuid4()))
        self.response.headers["Location"] = f"/leads/{lead}"
        return await self.lead(lead, command)

    async def lead(self, lead: LeadId, command: LeadCommand) -> LeadReceipt:
        """Something about a lead."""
        return self._receipt(LeadReceipt, await self._hand_in(lead_stream(lead), command), lead=lead)

    async def person(self, command: PersonCommand) -> PersonReceipt:
        """Something about a person."""
        return self._receipt(PersonReceipt, await self._hand_in(command.stream, command), person=command.person)

    async def team(self, command: TeamCommand) -> TeamReceipt:
        """Something about a team."""
        return self._receipt(TeamReceipt, await self._hand_in(command.stream, command), team=command.team)

    async def source(self, command: SourceCommand) -> SourceReceipt:
        """Something about a source."""
        return self._receipt(SourceReceipt, await self._hand_in(command.stream, command), source=command.source)

    async def _hand_in(self, stream: StreamId, command: Command[Any]) -> Handled:
        return await self.desk.handle(
            stream, command, by=self.caller, key=self.key, expected_version=self.expected_version
        )

    def _receipt(self, kind: type[R], handled: Handled, **about: str) -> R:
        self.response.headers["ETag"] = f'"{handled.version}"'
        if handled.events and not handled.repeated:
            EVENTS.inc(len(handled.events))
        else:
            self.response.status_code = 200
        told: dict[str, Any] = {
            "version": handled.version,
            "position": handled.position,
            "events": handled.events,
            "command_id": handled.command_id,
            "repeated": handled.repeated,
            **about,
        }
        return kind(**told)


async def at_the_desk(request: Request, response: Response) -> AtTheDesk:
    """The caller's place at the desk."""
    return AtTheDesk(request, response)


ADesk = Annotated[AtTheDesk, Depends(at_the_desk)]


def idempotency_key(header: str | None) -> str | None:
    """The caller's own name for the wish. Raises HeaderIsMalformed."""
    if header is not None and KEY.fullmatch(header) is None:
        raise HeaderIsMalformed("Idempotency-Key has 1 to 200 visible ASCII characters.")
    return header


def expected_version(header: str | None) -> int | None:
    """The version that the caller has seen, as an ETag. Raises HeaderIsMalformed."""
    if header is None:
        return None
    told = VERSION.fullmatch(header)
    if told is None:
        raise HeaderIsMalformed('If-Match is one version in quotation marks, as an ETag tells it: "3".')
    return int(told[1])
