"""A lead's clocks: what can be done about them, and why each deadline is what it is."""

from __future__ import annotations

from typing import Annotated

from commands.clocks import AcknowledgeEscalation, SnoozeLead, WakeLead
from commands.command import utc_now
from domain.access import Principal
from domain.identity import Position
from services.api.acting import ADesk
from services.api.answers import LeadReceipt
from services.api.asking import AnOffice, LeadInPath, allowed, of_lead
from services.api.clock_answers import Clocks
from services.api.describing import Acts, Questions
from services.api.reading import caught_up
from services.derivation import clocks_of

clock_acts = Acts(tags=["Leads: acts"])
clock_questions = Questions(tags=["Leads: questions"])


@clock_acts.post("/leads/{lead_id}/acknowledgements")
async def acknowledge_escalation(lead_id: LeadInPath, command: AcknowledgeEscalation, desk: ADesk) -> LeadReceipt:
    """Take it upon yourself to see to a lead that you were told about; until then nobody else is told."""
    return await desk.lead(lead_id, command)


@clock_acts.post("/leads/{lead_id}/snoozes")
async def snooze_lead(lead_id: LeadInPath, command: SnoozeLead, desk: ADesk) -> LeadReceipt:
    """Let a lead wait for a known reason; its clocks stand still until then."""
    return await desk.lead(lead_id, command)


@clock_acts.post("/leads/{lead_id}/wakings")
async def wake_lead(lead_id: LeadInPath, command: WakeLead, desk: ADesk) -> LeadReceipt:
    """Let a lead wait no longer."""
    return await desk.lead(lead_id, command)


@clock_questions.get("/leads/{lead_id}/clocks")
async def clocks_of_a_lead(
    position: Annotated[Position, caught_up("leads")],
    caller: Annotated[Principal, allowed("lead.see", of_lead)],
    lead_id: LeadInPath,
    office: AnOffice,
) -> Clocks:
    """Why is this due at 10:15? Each clock of the lead, and everything that its deadline was computed from."""
    return Clocks(position=position, lead=lead_id, items=await clocks_of(office, lead_id, utc_now()))
