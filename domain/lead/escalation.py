"""Telling somebody who answers for the team that a lead needs help."""

from __future__ import annotations

from collections.abc import Sequence

from domain.event import Sealed
from domain.identity import PersonId
from domain.lead.events import EscalationReason, LeadEscalated, LeadEvent
from domain.lead.standing import open_lead
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.refusal import Refusal


class LeadIsInNoTeam(Refusal):
    """The lead is in no team's hands, and nobody else has the desk's seat; route or assign it, or entrust the desk."""


class NobodyAnswers(Refusal):
    """Nobody else here answers for team {team}, for one above it or for the desk; entrust it to somebody first."""


class NobodyOnThatRung(Refusal):
    """The last of those above this lead who can be told is on rung {rungs}; there is no rung {rung}."""


def escalate(
    lead: Lead, ladder: Sequence[PersonId], rung: int, reason: EscalationReason, note: Sealed | None, on: Occasion
) -> list[LeadEvent]:
    """Asking twice for the same reason tells a person once; being told is no contact and resets nothing.

    `ladder` is who answers for the lead's team, for the team above it, and so on, and last for the whole desk; rung 1
    is the first of them who is somebody else. On record stands their place in the whole line.
    """
    open_lead(lead, on)
    others = [(place, person) for place, person in enumerate(ladder, start=1) if person != on.by.id]
    if not others:
        raise LeadIsInNoTeam if lead.team is None else NobodyAnswers(team=lead.team)
    if not 1 <= rung <= len(others):
        raise NobodyOnThatRung(rungs=len(others), rung=rung)
    place, told = others[rung - 1]
    if (place, reason) in lead.rungs:
        return []
    return [LeadEscalated(told=told, rung=place, reason=reason, note=note, at=on.at, by=on.by)]
