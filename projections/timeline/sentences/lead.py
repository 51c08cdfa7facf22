"""What happened to a lead, in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from domain.identity import PersonId, SourceId, TeamId
from domain.lead.events import (
    BreachRetracted,
    Channel,
    ClaimLost,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    ContactCorrected,
    DisqualificationReason,
    EscalationAcknowledged,
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
    LeadOffered,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LeadSnoozed,
    LeadWoken,
    LossReason,
    Outcome,
    Outreach,
    OutreachBounced,
    ReleaseReason,
    ReopenReason,
    RungPassed,
    SnoozeReason,
    SomebodyReminded,
    StoppedBecause,
)
from domain.policy import ClockName
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
    "not_attended": "nobody had acted in time",
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
    "not_acknowledged": "whoever was told before had not answered",
    "help_needed": "help is needed",
    "other": "for another reason",
}


OWED: dict[ClockName, str] = {
    "first_response": "somebody has to contact the lead",
    "follow_up": "somebody has to follow up",
    "reply": "somebody has to answer the lead",
    "acknowledgement": "whoever was told has to see to the lead",
}
STOPPED_BECAUSE: dict[StoppedBecause, str] = {
    "answered": "the lead was answered",
    "acknowledged": "whoever was told saw to it",
    "taken_over": "somebody else has the lead now",
    "replaced": "something else is owed now",
    "closed": "the lead is closed",
}
SNOOZED_BECAUSE: dict[SnoozeReason, str] = {
    "asked_to_wait": "the lead asked for it",
    "out_of_office": "the lead is out of office",
    "waiting_for_documents": "documents are awaited",
    "budget_next_period": "there is budget in the next period",
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


@timeline.when(ClaimLost)
def claim_lost(event: ClaimLost) -> str:
    """Who came too late, and who had been first."""
    return f"{event.who} claimed the lead too; {event.to} had been first."


@timeline.when(LeadReleased)
def released(event: LeadReleased) -> str:
    """By its owner, or over their head."""
    why = RELEASED_BECAUSE[event.reason]
    if event.step is not None:
        return f"The lead was taken from {event.owner} and went back to {_queue(event.team)}: {why}{_late(event)}."
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
    return f"{event.promised_by} promised to get in touch again by {_utc(event.follow_up_by)}."


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
    why = f"{ESCALATED_BECAUSE[event.reason]}{_late(event)}"
    if event.told is None:
        return f"Nobody was left to tell about the lead: {why}; it stands under the escalations for the whole desk."
    if event.step is not None:
        return f"{event.told} was told about the lead: {why}."
    return f"{event.by.id} told {event.told}, on rung {event.rung}, about the lead: {why}."


@timeline.when(ClockStarted)
def clock_started(event: ClockStarted) -> str:
    """What is owed, by when, and by which version of which policy."""
    cites = f"policy {event.policy}, version {event.policy_version}"
    if event.calendar is not None:
        cites += f"; calendar {event.calendar}, version {event.calendar_version}"
    if event.rulebook_version is not None:
        cites += f"; rulebook, version {event.rulebook_version}"
    return f"Clock {event.number}: {OWED[event.clock]} by {_utc(event.respond_by)} ({cites})."


@timeline.when(ClockMoved)
def clock_moved(event: ClockMoved) -> str:
    """When the lead begins to wait, and when it waits no longer."""
    by = _utc(event.respond_by)
    return f"Clock {event.number} is due by {by} now, as it stands still while the lead waits."


@timeline.when(ClockStopped)
def clock_stopped(event: ClockStopped) -> str:
    """When, and because of what."""
    return f"Clock {event.number} stopped at {_utc(event.stopped_at)}: {STOPPED_BECAUSE[event.because]}."


@timeline.when(ClockBreached)
def clock_breached(event: ClockBreached) -> str:
    """When it was due, and whose the lead was then."""
    return f"Clock {event.number} was breached at {_utc(event.due_at)}, when the lead was {_whose(event.owner)}."


@timeline.when(BreachRetracted)
def breach_retracted(event: BreachRetracted) -> str:
    """Both stay on record."""
    answered = _utc(event.answered_at)
    return f"Clock {event.number} was not breached after all: the lead had been answered at {answered}."


@timeline.when(SomebodyReminded)
def reminded(event: SomebodyReminded) -> str:
    """Whom, if anybody, and whether in time."""
    if event.told is None:
        return f"Nobody was left to remind of the lead{_late(event)}."
    return f"{event.told} was reminded of the lead{_late(event)}."


@timeline.when(LeadOffered)
def offered(event: LeadOffered) -> str:
    """To whom, and whether in time."""
    whom = f"team {event.team}" if event.team else "the whole desk"
    return f"The lead was offered to anybody of {whom}{_late(event)}."


@timeline.when(RungPassed)
def passed(event: RungPassed) -> str:
    """Nothing had to be done."""
    return f"Rung {event.step.rung} of clock {event.step.clock} had nothing to do: the lead was nobody's{_late(event)}."


@timeline.when(EscalationAcknowledged)
def acknowledged(event: EscalationAcknowledged) -> str:
    """By whom, and until when they want to act."""
    return f"{event.by.id} took it upon themselves to see to the lead by {_utc(event.act_by)}."


@timeline.when(LeadSnoozed)
def snoozed(event: LeadSnoozed) -> str:
    """Until when, and why."""
    return f"{event.by.id} let the lead wait until {_utc(event.until)}: {SNOOZED_BECAUSE[event.reason]}."


@timeline.when(LeadWoken)
def woken(event: LeadWoken) -> str:
    """Before its time."""
    return f"The lead waits no longer, as {event.by.id} recorded."


def _late(event: LeadEscalated | LeadReleased | SomebodyReminded | LeadOffered | RungPassed) -> str:
    """What came a minute or more after its time says so."""
    late = event.at - event.step.due_at if event.step else timedelta()
    return f", {late // timedelta(minutes=1)} min late" if late >= timedelta(minutes=1) else ""


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _source(source: SourceId | None) -> str:
    return source or "a source that is not known"


def _queue(team: TeamId | None) -> str:
    return f"the queue of team {team}" if team else "the queue of the whole desk"


def _whose(owner: PersonId | None) -> str:
    return f"{owner}'s" if owner else "nobody's"
