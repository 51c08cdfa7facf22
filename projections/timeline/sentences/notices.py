"""What became of notices, and what a lead wants of them, in words."""

from __future__ import annotations

from domain.lead.events import ConsentGiven, ConsentWithdrawn, ReceiptOwed
from domain.notice import (
    About,
    AboutNotice,
    Medium,
    NoticeAddressed,
    NoticeDelivered,
    NoticeFailed,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
    WhyFailed,
    WhyNot,
)
from domain.person import PersonHoursSet, ProfileCorrected
from projections.timeline.entries import timeline

BY: dict[Medium, str] = {"email": "by e-mail", "sms": "by text message"}
ABOUT: dict[About, str] = {
    "assignment": "that the lead is theirs",
    "reminder": "that the lead waits",
    "escalation": "that the lead needs help",
    "offer": "that they may take the lead over",
    "claim": "who took the lead over",
    "release": "that the lead went back to the queue",
    "acknowledgement": "who sees to the lead",
    "digest": "what the day holds",
    "receipt": "that we have what it wrote",
}
WHY_NOT: dict[WhyNot, str] = {
    "moot": "it had been seen to by then",
    "no_address": "they gave no address for that",
    "no_consent": "the lead has not said that we may",
    "over_budget": "they have had as many as a day may bring",
    "told_already": "they had just been told",
    "has_left": "they are not here any more",
}
WHY_FAILED: dict[WhyFailed, str] = {
    "address_refused": "the address was refused",
    "message_refused": "the message was refused",
    "opted_out": "they want no text messages",
    "no_address": "nobody knows where to",
    "template_broken": "its template is broken",
    "gave_up": "it was tried in vain again and again",
    "stale": "it could not be sent for three days",
    "undelivered": "it was sent and never arrived",
}


@timeline.when(ReceiptOwed)
def receipt_owed(event: ReceiptOwed) -> str:
    """By which policy."""
    how = " and ".join(BY[medium] for medium in event.media)
    return f"A machine is to tell the lead {how} {ABOUT['receipt']} ({event.policy}, v{event.policy_version})."


@timeline.when(ConsentGiven)
def consent_given(event: ConsentGiven) -> str:
    """How the lead may be written to."""
    return f"The lead lets us write to it {BY[event.medium]}, as {event.by.id} recorded."


@timeline.when(ConsentWithdrawn)
def consent_withdrawn(event: ConsentWithdrawn) -> str:
    """How it may not."""
    return f"The lead wants no messages {BY[event.medium]} any more, as {event.by.id} recorded."


@timeline.when(NoticeAddressed)
def addressed(event: NoticeAddressed) -> str:
    """Everybody, by name."""
    whom = ", ".join(event.to) or "nobody, as nobody is there"
    return f"Looked up whom to tell {ABOUT[event.about]}: {whom}."


@timeline.when(NoticeSent)
def sent(event: NoticeSent) -> str:
    """To whom, about what, and whether it was hard."""
    tries = "" if event.tries == 1 else f", at try {event.tries}"
    return f"{_whom(event)} was told {BY[event.medium]} {ABOUT[event.about]}{tries}."


@timeline.when(NoticeDelivered)
def delivered(event: NoticeDelivered) -> str:
    """As the gateway says."""
    return f"The message to {_to(event)} {ABOUT[event.about]} has arrived."


@timeline.when(NoticeFailed)
def failed(event: NoticeFailed) -> str:
    """Why, in words."""
    return f"{_whom(event)} could not be told {BY[event.medium]} {ABOUT[event.about]}: {WHY_FAILED[event.reason]}."


@timeline.when(NoticeSuppressed)
def suppressed(event: NoticeSuppressed) -> str:
    """On purpose, and why."""
    return f"{_whom(event)} was not told {BY[event.medium]} {ABOUT[event.about]}: {WHY_NOT[event.reason]}."


@timeline.when(NoticeRetried)
def retried(event: NoticeRetried) -> str:
    """Who wants it."""
    return f"{event.by.id} had it tried again to tell {_to(event)} {BY[event.medium]} {ABOUT[event.about]}."


@timeline.when(ProfileCorrected)
def profile_corrected(event: ProfileCorrected) -> str:
    """What it says now lies in the vault."""
    return f"How to reach {event.person} was put right."


@timeline.when(PersonHoursSet)
def hours_set(event: PersonHoursSet) -> str:
    """By which calendar, and by which before."""
    before = f"; before, by {event.previous}" if event.previous else ""
    return f"{event.person} works by calendar {event.calendar}{before}."


def _whom(event: AboutNotice) -> str:
    return event.to or "The lead"


def _to(event: AboutNotice) -> str:
    return event.to or "the lead"
