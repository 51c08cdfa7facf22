"""What a notice says: the facts that its template is filled with, in the words and the zone of whoever reads it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from adapters.vault import Vault
from commands.desk import Desk
from domain.identity import TeamId
from domain.lead.clocks import running
from domain.lead.notices import knows_the_lead
from domain.lead.state import Clock, Lead
from domain.policy import ClockName
from projections.notices import Notice
from projections.queues import Queued
from services.letters import Kind, Letters, TemplateTrouble, Written
from services.notifier.whom import Recipient, Whom

CLOCK: dict[ClockName, str] = {
    "first_response": "first contact",
    "follow_up": "follow-up",
    "reply": "answer to a reply",
    "acknowledgement": "acknowledgement",
}
REASON: dict[ClockName, str] = {
    "first_response": "nobody has contacted them in time",
    "follow_up": "a follow-up is overdue",
    "reply": "they wrote, and nobody has answered",
    "acknowledgement": "whoever was told before has not answered",
}
SOMEBODY_ASKED = "somebody asked for help"
OURS = Letters(None)
MINUTE = timedelta(minutes=1)
MOST_LINES = 10

logger = logging.getLogger(__name__)


class Words:
    """Gathers the facts; the templates make sentences of them."""

    def __init__(self, desk: Desk, vault: Vault, letters: Letters, public_url: str | None) -> None:
        self._whom = Whom(desk, vault)
        self._letters = letters
        self._public_url = public_url

    def letter(self, about: Kind, team: TeamId | None, facts: Mapping[str, object]) -> Written:
        """By mail. Whoever broke a template hears of it in the log; whoever is to be reminded is reminded in our words.

        Raises TemplateTrouble where ours are broken.
        """
        try:
            return self._letters.mail(about, team, facts)
        except TemplateTrouble as broken:
            logger.error("%s; our own words go out instead", broken)
            return OURS.mail(about, None, facts)

    def text(self, about: Kind, team: TeamId | None, facts: Mapping[str, object]) -> str:
        """By text message; the same holds."""
        try:
            return self._letters.sms(about, team, facts)
        except TemplateTrouble as broken:
            logger.error("%s; our own words go out instead", broken)
            return OURS.sms(about, None, facts)

    async def facts(
        self, notice: Notice, lead: Lead, clock: Clock | None, to: Recipient, now: datetime
    ) -> dict[str, Any]:
        """Whom it is about, what is wanted, and by when, where the reader is."""
        # Who may not see whom a lead is about learns only that there is one.
        may_know = notice.addressee is None or knows_the_lead(lead, notice.addressee)
        contact = await self._whom.contact(lead) if may_know else {}
        zone = ZoneInfo(to.hours.zone)
        respond_by = clock.respond_by if clock else None
        act_by = _act_by(lead, notice)
        doer = lead.owner if notice.about == "escalation" else notice.done_by
        return {
            "lead": str(notice.stream)[:8],
            "name": contact.get("name"),
            "company": contact.get("company"),
            "source": lead.source,
            "team": lead.team,
            "to_name": to.name,
            "by_name": await self._whom.called(doer) if doer else None,
            "clock": CLOCK[clock.name] if clock else None,
            "due_at": respond_by.astimezone(zone) if respond_by else None,
            "late_minutes": max(0, (now - respond_by) // MINUTE) if respond_by else None,
            "act_by": act_by.astimezone(zone) if act_by else None,
            "reason": _why(clock) if notice.about == "escalation" else None,
            "link": link(self._public_url, str(notice.stream)),
            "now": now.astimezone(zone),
        }


def _act_by(lead: Lead, notice: Notice) -> datetime | None:
    """Until when somebody has promised to act; or of whoever is told, how long they have before it goes further up."""
    about = [one for one in lead.escalations if one.clock == notice.clock]
    if notice.about == "acknowledgement":
        return next((one.act_by for one in reversed(about) if one.act_by is not None), None)
    if notice.about != "escalation":
        return None
    numbers = [one.number for one in about if one.told == notice.addressee]
    waits = (clock for clock in running(lead) if numbers and clock.escalation == numbers[-1])
    return next((clock.respond_by for clock in waits), None)


def digest_facts(
    to: Recipient,
    mine: Sequence[Queued],
    help_needed: Sequence[Queued],
    names: Mapping[str, str | None],
    public_url: str | None,
    now: datetime,
) -> dict[str, Any]:
    """What the day holds for one person: their own leads in the order of urgency, then those that need help."""
    zone = ZoneInfo(to.hours.zone)
    here = now.astimezone(zone)

    def line(one: Queued, state: str) -> dict[str, Any]:
        due_at = _due_at(one)
        return {
            "lead": str(one.lead)[:8],
            "name": names.get(str(one.lead)),
            "due_at": due_at.astimezone(zone) if due_at else None,
            "state": state,
            "link": link(public_url, str(one.lead)),
        }

    due = [due_at for one in mine if (due_at := _due_at(one)) is not None]
    return {
        "to_name": to.name,
        "now": here,
        "lines": [
            *(line(one, _state(one, now)) for one in mine[:MOST_LINES]),
            *(line(one, "needs help") for one in help_needed[:MOST_LINES]),
        ],
        "counts": {
            "open": len(mine),
            "help": len(help_needed),
            "late": sum(1 for due_at in due if due_at < now),
            "today": sum(1 for due_at in due if due_at >= now and due_at.astimezone(zone).date() == here.date()),
        },
        "link": f"{public_url}/queues/me" if public_url else None,
    }


def _why(clock: Clock | None) -> str:
    return REASON[clock.name] if clock else SOMEBODY_ASKED


def _due_at(one: Queued) -> datetime | None:
    return one.respond_by or one.follow_up_by


def _state(one: Queued, now: datetime) -> str:
    due_at = _due_at(one)
    if due_at is None:
        return "waiting"
    return "late" if due_at < now else "on track"


def link(public_url: str | None, lead: str) -> str | None:
    """Where to read on; no name or address is ever part of it."""
    return f"{public_url}/leads/{lead}" if public_url else None
