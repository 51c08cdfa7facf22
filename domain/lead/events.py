"""What can happen to a lead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from domain.event import Event, Sealed
from domain.identity import SLUG, PersonId, SourceId, TeamId
from domain.refusal import Refusal

Channel = Literal["call", "email", "sms", "meeting", "chat", "other"]
Outcome = Literal["reached", "no_answer", "left_message", "sent", "bounced"]
Grade = Literal["verified", "corroborated", "claimed"]
"""How far an outreach can be believed: a provider's id, a later reply the same way, or only somebody's word."""
Precision = Literal["instant", "day"]
AssignedBecause = Literal["by_hand", "claimed", "imported"]
ReleaseReason = Literal["workload", "absence", "wrong_person", "other"]
LossReason = Literal["price", "competitor", "timing", "no_budget", "no_need", "no_response", "other"]
DisqualificationReason = Literal["spam", "duplicate", "unreachable", "not_a_fit", "other"]
ReopenReason = Literal["new_interest", "closed_by_mistake", "other"]
EscalationReason = Literal["no_contact", "promise_broken", "reply_unanswered", "help_needed", "other"]


PROVIDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""No room for an e-mail address: what stands here stands in the log for ever."""
CURRENCY = re.compile(r"[A-Z]{3}")


class NoSuchSum(Refusal):
    """No deal is worth that: a value is from 0 to 18 digits with at most 4 decimals, in a currency like EUR."""


class EvidenceNamesNothing(Refusal):
    """Evidence is the name of a provider and the id it gave: letters, digits, dots, colons, hyphens, underscores."""


@dataclass(frozen=True)
class Money:
    """An amount in one currency; amounts of two currencies are never added."""

    amount: Decimal
    currency: str
    """ISO 4217, three capital letters."""

    def __post_init__(self) -> None:
        """A value of nothing is a fact; one below nothing is a slip of the pen."""
        if not (CURRENCY.fullmatch(self.currency) and _can_be_paid(self.amount)):
            raise NoSuchSum


@dataclass(frozen=True)
class Evidence:
    """What a provider calls the outreach, so that it can be checked there.

    A bare telephone number passes for an id: HubSpot numbers its calls with as many digits, and what Asterisk calls
    1743042317.12206 has the separator too, so that a rule on digits would refuse what it should believe.
    """

    provider: str
    """`twilio`, `ses`: whose id it is."""
    id: str

    def __post_init__(self) -> None:
        """An empty id would be believed like a true one."""
        if not (SLUG.fullmatch(self.provider) and PROVIDER_ID.fullmatch(self.id)):
            raise EvidenceNamesNothing


@dataclass(frozen=True, kw_only=True)
class LeadCreated(Event):
    """A lead arrived."""

    source: SourceId | None = None
    team: TeamId | None = None
    """Whose queue it arrived in."""
    contact: Sealed | None = None
    """Name, e-mail address, telephone number: in the vault."""
    dated: Precision = "instant"
    """`day` where only the date of arrival is known: response times must not be read from it."""


@dataclass(frozen=True, kw_only=True)
class ContactCorrected(Event):
    """What we know of how to reach the lead was put right."""

    contact: Sealed


@dataclass(frozen=True, kw_only=True)
class LeadRouted(Event):
    """The lead went to the queue of a team."""

    team: TeamId


@dataclass(frozen=True, kw_only=True)
class LeadAssigned(Event):
    """One person became answerable for the lead."""

    to: PersonId
    team: TeamId | None = None
    """The team of that person then."""
    previous: PersonId | None = None
    because: AssignedBecause = "by_hand"


@dataclass(frozen=True, kw_only=True)
class LeadReleased(Event):
    """The owner gave the lead back to the queue."""

    owner: PersonId
    """Who had it until now."""
    team: TeamId | None = None
    """Whose queue it went back to."""
    reason: ReleaseReason
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class Outreach(Event):
    """Somebody tried to reach the lead."""

    made_by: PersonId
    channel: Channel
    outcome: Outcome
    evidence: Evidence | None = None
    duration_seconds: int | None = None
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class LeadContacted(Outreach):
    """The first human outreach to the lead."""


@dataclass(frozen=True, kw_only=True)
class LeadFollowedUp(Outreach):
    """Each later human outreach."""


@dataclass(frozen=True, kw_only=True)
class OutreachBounced(Outreach):
    """Somebody wrote to the lead and it came back: they tried, but the lead cannot have heard of them."""


@dataclass(frozen=True, kw_only=True)
class LeadMessagedAutomatically(Event):
    """A machine wrote to the lead; this never counts as contact."""

    channel: Channel
    outcome: Outcome
    evidence: Evidence | None = None


@dataclass(frozen=True, kw_only=True)
class LeadReplied(Event):
    """The lead answered, or wrote of their own accord."""

    channel: Channel
    evidence: Evidence | None = None
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class FollowUpPromised(Event):
    """The owner promised to get in touch again."""

    promised_by: PersonId
    follow_up_by: datetime
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class LeadConverted(Event):
    """The lead became a customer."""

    owner: PersonId | None = None
    """Who was answerable for the lead then."""
    value: Money | None = None
    """None where the source of the record does not tell."""


@dataclass(frozen=True, kw_only=True)
class LeadLost(Event):
    """The lead will not become a customer."""

    owner: PersonId | None = None
    reason: LossReason
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class LeadDisqualified(Event):
    """The lead never was one."""

    reason: DisqualificationReason
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class LeadReopened(Event):
    """A closed lead is open again."""

    reason: ReopenReason
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class LeadEscalated(Event):
    """Somebody who answers for the team now knows."""

    told: PersonId
    rung: int
    """1 for whoever answers for the lead's team, 2 for the one above, and so on."""
    reason: EscalationReason
    note: Sealed | None = None


LeadEvent = (
    LeadCreated
    | ContactCorrected
    | LeadRouted
    | LeadAssigned
    | LeadReleased
    | LeadContacted
    | LeadFollowedUp
    | OutreachBounced
    | LeadMessagedAutomatically
    | LeadReplied
    | FollowUpPromised
    | LeadConverted
    | LeadLost
    | LeadDisqualified
    | LeadReopened
    | LeadEscalated
)


def _can_be_paid(amount: Decimal) -> bool:
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -4 and 0 <= amount < 10**18
