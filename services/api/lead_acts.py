"""What can be done to a lead: each act is a resource under it, and its body is the command."""

from __future__ import annotations

from commands.lead import (
    AssignLead,
    ClaimLead,
    ConvertLead,
    CorrectContact,
    CreateLead,
    DisqualifyLead,
    EscalateLead,
    LoseLead,
    PromiseFollowUp,
    RecordAutomaticMessage,
    RecordOutreach,
    RecordReply,
    ReleaseLead,
    ReopenLead,
    RouteLead,
)
from services.api.acting import ADesk
from services.api.answers import LeadReceipt
from services.api.asking import LeadInPath
from services.api.describing import Acts

lead_acts = Acts(tags=["Leads: acts"])


@lead_acts.post("/leads")
async def create_lead(command: CreateLead, desk: ADesk) -> LeadReceipt:
    """Put a lead that arrived on record."""
    return await desk.create(command)


@lead_acts.post("/leads/{lead_id}/contact-corrections")
async def correct_contact(lead_id: LeadInPath, command: CorrectContact, desk: ADesk) -> LeadReceipt:
    """Put right how the lead can be reached."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/routings")
async def route_lead(lead_id: LeadInPath, command: RouteLead, desk: ADesk) -> LeadReceipt:
    """Send a lead that is nobody's to the queue of a team."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/assignments")
async def assign_lead(lead_id: LeadInPath, command: AssignLead, desk: ADesk) -> LeadReceipt:
    """Make one person answerable for a lead."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/claims")
async def claim_lead(lead_id: LeadInPath, command: ClaimLead, desk: ADesk) -> LeadReceipt:
    """Take a lead from the queue; the first claim wins."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/releases")
async def release_lead(lead_id: LeadInPath, command: ReleaseLead, desk: ADesk) -> LeadReceipt:
    """Give a lead back to its team's queue."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/outreach")
async def record_outreach(lead_id: LeadInPath, command: RecordOutreach, desk: ADesk) -> LeadReceipt:
    """Tell that somebody tried to reach the lead: the first time is the contact, each later one a follow-up."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/automatic-messages")
async def record_automatic_message(lead_id: LeadInPath, command: RecordAutomaticMessage, desk: ADesk) -> LeadReceipt:
    """Tell that a machine wrote to the lead; it never counts as contact."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/replies")
async def record_reply(lead_id: LeadInPath, command: RecordReply, desk: ADesk) -> LeadReceipt:
    """Tell that the lead answered."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/promises")
async def promise_follow_up(lead_id: LeadInPath, command: PromiseFollowUp, desk: ADesk) -> LeadReceipt:
    """Promise to get in touch again by an instant."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/conversion")
async def convert_lead(lead_id: LeadInPath, command: ConvertLead, desk: ADesk) -> LeadReceipt:
    """Tell that the lead became a customer."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/loss")
async def lose_lead(lead_id: LeadInPath, command: LoseLead, desk: ADesk) -> LeadReceipt:
    """Tell that the lead will not become a customer, and why."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/disqualification")
async def disqualify_lead(lead_id: LeadInPath, command: DisqualifyLead, desk: ADesk) -> LeadReceipt:
    """Tell that this never was a lead."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/reopening")
async def reopen_lead(lead_id: LeadInPath, command: ReopenLead, desk: ADesk) -> LeadReceipt:
    """Open a closed lead again."""
    return await desk.lead(lead_id, command)


@lead_acts.post("/leads/{lead_id}/escalations")
async def escalate_lead(lead_id: LeadInPath, command: EscalateLead, desk: ADesk) -> LeadReceipt:
    """Tell somebody who answers for the team that this lead needs help."""
    return await desk.lead(lead_id, command)
