"""Whom a notice goes to: how they are called, how they are reached, and when they may be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.letter import writable
from adapters.vault import Vault
from commands.command import CALENDAR, PERSON, POLICY
from commands.desk import Desk
from domain.business_time import BusinessTime, Hours
from domain.event import Sealed
from domain.identity import CalendarId, PersonId, calendar_stream, person_stream, policy_stream
from domain.lead.state import Clock, Lead
from domain.notice import Medium
from domain.policy import EVERY_MINUTE

QUIET_UNTIL, QUIET_FROM = 8 * 60, 21 * 60
"""A machine writes to a lead between 8:00 and 21:00 where the lead is: 47 CFR 64.1200(c)(1), as US practice has it."""


@dataclass(frozen=True)
class Recipient:
    """Somebody who is to be told something."""

    name: str | None
    email: str | None
    phone: str | None
    hours: BusinessTime
    """When they may be written to, and where they are."""
    made_up: bool = False
    """Their mail address is one that nobody reads, as the example team's are."""

    def address(self, medium: Medium) -> str | None:
        """Where a message goes this way, if it is known."""
        return self.email if medium == "email" else self.phone

    def may_be_told_from(self, now: datetime) -> datetime:
        """Now, or when their hours begin again. Raises NothingIsWorked."""
        return self.hours.opens_at(now)


class Whom:
    """Looks people and leads up, each time anew: what was right when a notice was made may be wrong when it is sent."""

    def __init__(self, desk: Desk, vault: Vault) -> None:
        self._desk, self._vault = desk, vault

    async def person(self, id: PersonId, now: datetime, calendar: CalendarId | None = None) -> Recipient | None:
        """Somebody who is here, in the hours of their own calendar, else of this one; None for who is not here."""
        person, _ = await self._desk.state(PERSON, person_stream(id))
        if not person.here:
            return None
        told = await self._opened(person.profile)
        return _recipient(told, await self.hours(person.calendar or calendar, now), called=id)

    async def lead(self, lead: Lead, now: datetime, calendar: CalendarId | None = None) -> Recipient:
        """The lead itself, by day where it is; where that is not known, where this calendar is."""
        told = await self._opened(lead.contact)
        zone = told.get("zone") or (await self.hours(calendar, now)).zone
        by_day = (Hours(QUIET_UNTIL, QUIET_FROM),)
        week = (by_day, by_day, by_day, by_day, by_day, by_day, by_day)
        return _recipient(told, BusinessTime(zone, week))

    async def called(self, doer: str) -> str | None:
        """The name of whoever did it, if it was a person."""
        person, _ = await self._desk.state(PERSON, person_stream(PersonId(doer)))
        if person.id is None:
            return None
        told = await self._opened(person.profile)
        return str(told.get("name") or doer)

    async def contact(self, lead: Lead) -> Mapping[str, Any]:
        """What we know of the lead, for those whose lead it is."""
        return await self._opened(lead.contact)

    async def hours(self, calendar: CalendarId | None, now: datetime) -> BusinessTime:
        """Of a calendar as it stands then; at any time, where there is none."""
        if calendar is None:
            return EVERY_MINUTE
        state, _ = await self._desk.state(CALENDAR, calendar_stream(calendar))
        hours: BusinessTime = state.hours_at(now) if state.settings else EVERY_MINUTE
        return hours

    async def calendar_of(self, clock: Clock | None) -> CalendarId | None:
        """By which calendar a clock is counted."""
        if clock is None:
            return None
        policy, _ = await self._desk.state(POLICY, policy_stream(clock.policy))
        calendar: CalendarId | None = policy.terms[clock.policy_version - 1].calendar
        return calendar

    async def _opened(self, sealed: Sealed | None) -> dict[str, Any]:
        """Nothing, where nothing is known or it was erased. Raises SealBroken."""
        if sealed is None:
            return {}
        found = await self._vault.open([sealed])
        return dict(json.loads(found[sealed.ref])) if sealed.ref in found else {}


def _recipient(told: Mapping[str, Any], hours: BusinessTime, called: str | None = None) -> Recipient:
    email = writable(told.get("email"))
    made_up = email is None and told.get("email") is not None
    return Recipient(told.get("name") or called, email, told.get("phone"), hours, made_up)
