"""What happened to a lead, in words."""

from __future__ import annotations

from datetime import UTC

from domain.identity import PersonId, SourceId, TeamId
from domain.lead.events import (
    Channel,
    ContactCorrected,
    DisqualificationReason,
    EscalationReason,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadEscalated,
    LeadFollowedUp,
    LeadLost,
    LeadMessagedAutomatically,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LossReason,
    Outcome,
    Outreach,
    OutreachBounced,
    ReleaseReason,
    ReopenReason,
)
from projections.timeline.entries import timeline

REACHING_OUT: dict[Channel, str] = {
    "call": "called the lead",
    "email": "wrote the lead an e-mail",
    "sms": "sent the lead a text message",
    "meeting": "went to meet the lead",
    "chat": "wrote to the lead in a chat",
    "other": "got in touch with the lead in another way",
}
HOW_IT_WENT: dict[Outcome, str] = {
    "reached": " and reached them",
    "no_answer": " and got no answer",
    "left_message": " and left a message",
    "sent": "",
    "bounced": ", but it did not arrive",
}
BY_MEANS_OF: dict[Channel, str] = {
    "call": "by telephone",
    "email": "by e-mail",
    "sms": "by text message",
    "meeting": "in person",
    "chat": "in a chat",
    "other": "in another way",
}
RELEASED_BECAUSE: dict[ReleaseReason, str] = {
    "workload": "too much other work",
    "absence": "absence",
    "wrong_person": "it was with the wrong person",
    "other": "for another reason",
}
LOST_BECAUSE: dict[LossReason, str] = {
    "price": "the price",
    "competitor": "a competitor",
    "timing": "the timing",
    "no_budget": "no budget",
    "no_need": "no need",
    "no_response": "no response",
    "other": "for another reason",
}
DISQUALIFIED_BECAUSE: dict[DisqualificationReason, str] = {
    "spam": "it was spam",
    "duplicate": "it was there already",
    "unreachable": "it cannot be reached",
    "not_a_fit": "it does not fit what we sell",
    "other": "for another reason",
}
REOPENED_BECAUSE: dict[ReopenReason, str] = {
    "new_interest": "there is new interest",
    "closed_by_mistake": "it was closed by mistake",
    "other": "for another reason",
}
ESCALATED_BECAUSE: dict[EscalationReason, str] = {
    "no_contact": "nobody had contacted it",
    "promise_broken": "a promised follow-up was not made",
    "reply_unanswered": "its reply was not answered",
    "help_needed": "help is needed",
    "other": "for another reason",
}


@timeline.when(LeadCreated)
def arrived(event: LeadCreated) -> str:
    """Where it came from, and where it waits."""
    day = "; only the day is known" if event.dated == "day" else ""
    return f"The lead arrived from {_source(event.source)}, in {_queue(event.team)}{day}."


@timeline.when(ContactCorrected)
def corrected(event: ContactCorrected) -> str:
    """Not what was corrected: that is personal."""
    return f"{event.by.id} put right how the lead can be reached."


@timeline.when(LeadRouted)
def routed(event: LeadRouted) -> str:
    """To another queue."""
    return f"{event.by.id} sent the lead to {_queue(event.team)}."


@timeline.when(LeadAssigned)
def assigned(event: LeadAssigned) -> str:
    """To whom, by whom, and whose it was."""
    to = f"{event.to} of team {event.team}" if event.team else event.to
    before = f"before, it was {_whose(event.previous)}"
    match event.because:
        case "claimed":
            return f"{to} claimed the lead; {before}."
        case "rescued":
            return f"{to} took the lead over when it was offered to the team; {before}."
        case "imported":
            return f"The lead was given to {to}, as {event.by.id} copied it from another system; {before}."
        case "by_hand":
            return f"{event.by.id} assigned the lead to {to}; {before}."


@timeline.when(LeadReleased)
def released(event: LeadReleased) -> str:
    """By its owner, or over their head."""
    why = RELEASED_BECAUSE[event.reason]
    if event.by.id == event.owner:
        return f"{event.owner} gave the lead back to {_queue(event.team)}: {why}."
    return f"{event.by.id} took the lead from {event.owner} and gave it back to {_queue(event.team)}: {why}."


@timeline.when(LeadContacted, LeadFollowedUp, OutreachBounced)
def reached_out(event: Outreach) -> str:
    """The deed is its maker's, also when somebody else recorded it."""
    deed = f"{event.made_by} {REACHING_OUT[event.channel]}{HOW_IT_WENT[event.outcome]}"
    if isinstance(event, OutreachBounced):
        deed = f"{deed}; this is no contact"
    return f"{deed}." if event.by.id == event.made_by else f"{deed}; {event.by.id} recorded it."


@timeline.when(LeadMessagedAutomatically)
def messaged(event: LeadMessagedAutomatically) -> str:
    """Nobody may take this for contact."""
    failed = HOW_IT_WENT["bounced"] if event.outcome == "bounced" else ""
    return f"{event.by.id} sent the lead an automatic message {BY_MEANS_OF[event.channel]}{failed}; this is no contact."


@timeline.when(LeadReplied)
def replied(event: LeadReplied) -> str:
    """The lead's own deed."""
    return f"The lead replied {BY_MEANS_OF[event.channel]}."


@timeline.when(FollowUpPromised)
def promised(event: FollowUpPromised) -> str:
    """Until when."""
    by = event.follow_up_by.astimezone(UTC)
    return f"{event.promised_by} promised to get in touch again by {by:%Y-%m-%d %H:%M} UTC."


@timeline.when(LeadConverted)
def converted(event: LeadConverted) -> str:
    """What it is worth, if that is known, and whose it was."""
    worth = f", worth {event.value.amount} {event.value.currency}" if event.value else ""
    return f"The lead became a customer{worth}; it was {_whose(event.owner)}."


@timeline.when(LeadLost)
def lost(event: LeadLost) -> str:
    """Why, and whose it was."""
    return f"{event.by.id} gave the lead up as lost: {LOST_BECAUSE[event.reason]}; it was {_whose(event.owner)}."


@timeline.when(LeadDisqualified)
def disqualified(event: LeadDisqualified) -> str:
    """Why it never was one."""
    return f"{event.by.id} ruled that this is no lead: {DISQUALIFIED_BECAUSE[event.reason]}."


@timeline.when(LeadReopened)
def reopened(event: LeadReopened) -> str:
    """Why there is something left to do."""
    return f"{event.by.id} opened the lead again: {REOPENED_BECAUSE[event.reason]}."


@timeline.when(LeadEscalated)
def escalated(event: LeadEscalated) -> str:
    """Who was told, how high up, and why."""
    return f"{event.by.id} told {event.told}, on rung {event.rung}, about the lead: {ESCALATED_BECAUSE[event.reason]}."


def _source(source: SourceId | None) -> str:
    return source or "a source that is not known"


def _queue(team: TeamId | None) -> str:
    return f"the queue of team {team}" if team else "the queue of the whole desk"


def _whose(owner: PersonId | None) -> str:
    return f"{owner}'s" if owner else "nobody's"
