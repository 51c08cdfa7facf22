"""Telling somebody who answers for the team that a lead needs help."""

from __future__ import annotations

from domain.event import Sealed
from domain.lead.events import EscalationReason, LeadEscalated, LeadEvent
from domain.lead.standing import open_lead
from domain.lead.state import Lead
from domain.occasion import Occasion
from domain.refusal import Refusal
from domain.team import Team, TeamHasNobodyAccountable


class LeadIsInNoTeam(Refusal):
    """The lead is in no team's hands, so nobody answers for it; route or assign it first."""


class NobodyOnThatRung(Refusal):
    """There are {rungs} people above this lead to be told, so rung 1 to {rungs}; there is no rung {rung}."""


def escalate(
    lead: Lead, line: tuple[Team, ...], rung: int, reason: EscalationReason, note: Sealed | None, on: Occasion
) -> list[LeadEvent]:
    """Asking twice for the same reason tells a person once; being told is no contact and resets nothing.

    `line` is the lead's team, the team above it, and so on; rung 1 is the first person who answers for one of them,
    and each later rung somebody else.
    """
    open_lead(lead, on)
    if not line:
        raise LeadIsInNoTeam
    ladder = list(dict.fromkeys(team.accountable for team in line if team.accountable is not None))
    if not ladder:
        raise TeamHasNobodyAccountable(team=line[0].id)
    if not 1 <= rung <= len(ladder):
        raise NobodyOnThatRung(rungs=len(ladder), rung=rung)
    if (rung, reason) in lead.rungs:
        return []
    return [LeadEscalated(told=ladder[rung - 1], rung=rung, reason=reason, note=note, at=on.at, by=on.by)]
