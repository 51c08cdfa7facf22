"""What can happen to a lead."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from domain.event import Declined, Event, Sealed
from domain.identity import SLUG, CalendarId, PersonId, PolicyId, SourceId, TeamId
from domain.notice import Medium, NoticeEvent
from domain.policy import ClockName, Deed, Whom
from domain.refusal import Refusal
from domain.rulebook import Priority

Channel = Literal["call", "email", "sms", "meeting", "chat", "other"]
Outcome = Literal["reached", "no_answer", "left_message", "sent", "bounced"]
Grade = Literal["verified", "corroborated", "claimed"]
"""How far an outreach can be believed: a provider's id, a later reply the same way, or only somebody's word."""
Precision = Literal["instant", "day"]
AssignedBecause = Literal["by_hand", "claimed", "imported", "rescued"]
"""`rescued`: it was offered to the team because nobody had acted in time, and somebody took it over."""
ReleaseReason = Literal["workload", "absence", "wrong_person", "not_attended", "other"]
"""`not_attended`: nobody acted in time, and the policy took the lead away."""
LossReason = Literal["price", "competitor", "timing", "no_budget", "no_need", "no_response", "other"]
DisqualificationReason = Literal["spam", "duplicate", "unreachable", "not_a_fit", "other"]
ReopenReason = Literal["new_interest", "closed_by_mistake", "other"]
EscalationReason = Literal[
    "no_contact", "promise_broken", "reply_unanswered", "not_acknowledged", "help_needed", "other"
]
"""`not_acknowledged`: whoever was told of it before has not answered."""
SnoozeReason = Literal["asked_to_wait", "out_of_office", "waiting_for_documents", "budget_next_period", "other"]
StoppedBecause = Literal["answered", "acknowledged", "taken_over", "replaced", "closed"]
"""`taken_over`: whoever was told has not answered, but somebody else has the lead since."""


PROVIDER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,127}")
"""No room for an e-mail address: what stands here stands in the log for ever."""
CURRENCY = re.compile(r"[A-Z]{3}")


class NoSuchSum(Refusal):
    """No deal is worth that: a value is from 0 to 18 digits with at most 4 decimals, in a currency like EUR."""


class LeadIsAlreadyClaimed(Refusal):
    """Somebody was first: the lead is {owner}'s."""


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


@dataclass(frozen=True)
class RungDue:
    """One rung of a clock's ladder, and when it comes if the clock still runs."""

    due_at: datetime
    deed: Deed
    whom: Whom | None = None
    seat: PersonId | None = None


@dataclass(frozen=True)
class Step:
    """Which rung of which clock came due, and when it should have come; `at` tells when it did."""

    clock: int
    rung: int
    """1 for the first of the ladder."""
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class LeadCreated(Event):
    """A lead arrived."""

    source: SourceId | None = None
    team: TeamId | None = None
    """Whose queue it arrived in."""
    contact: Sealed | None = None
    """Name, e-mail address, telephone number: in the vault."""
    priority: Priority | None = None
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
class ClaimLost(Declined):
    """Somebody wanted to take the lead, and somebody else had been first; this does nothing to the lead."""

    who: PersonId
    to: PersonId
    """Who had been first."""

    @property
    def refusal(self) -> Refusal:
        """By whom."""
        return LeadIsAlreadyClaimed(owner=self.to)


@dataclass(frozen=True, kw_only=True)
class LeadReleased(Event):
    """The owner gave the lead back to the queue."""

    owner: PersonId
    """Who had it until now."""
    team: TeamId | None = None
    """Whose queue it went back to."""
    reason: ReleaseReason
    note: Sealed | None = None
    step: Step | None = None
    """The rung of a clock's ladder that came due, where nobody's hand released it."""


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

    told: PersonId | None
    """None where nobody is left to tell: then it stands under the escalations for the whole desk."""
    rung: int
    """1 for whoever answers for the lead's team, 2 for the one above, and so on; 0 for somebody who was named."""
    reason: EscalationReason
    note: Sealed | None = None
    step: Step | None = None
    """The rung of a clock's ladder that came due, where nobody called for help."""


@dataclass(frozen=True, kw_only=True)
class ClockStarted(Event):
    """Somebody has to act on the lead by an instant; it was decided by the policy and the calendar of that moment."""

    clock: ClockName
    number: int
    """1 for the lead's first clock, 2 for the next."""
    started_at: datetime
    respond_by: datetime
    rungs: tuple[RungDue, ...]
    policy: PolicyId
    policy_version: int
    calendar: CalendarId | None = None
    calendar_version: int | None = None
    promised_for: datetime | None = None
    """The instant that was promised, where it was a promise that started the clock."""
    escalation: int | None = None
    """Which of the lead's escalations is to be acknowledged, the first being 1."""
    rulebook_version: int | None = None
    """Which told that this policy applies; None where it was decided before that was written down."""


@dataclass(frozen=True, kw_only=True)
class ClockMoved(Event):
    """The clock stood still for a while, or will; so everything about it comes later, or earlier again."""

    number: int
    respond_by: datetime
    rungs: tuple[RungDue, ...]


@dataclass(frozen=True, kw_only=True)
class ClockStopped(Event):
    """Nothing is owed any more that this clock was about."""

    number: int
    stopped_at: datetime
    """When what it waited for was done, which may be before we learned of it."""
    because: StoppedBecause


@dataclass(frozen=True, kw_only=True)
class ClockBreached(Event):
    """Nobody acted in time. What was done meanwhile and why it did not count is on record beside it."""

    number: int
    due_at: datetime
    owner: PersonId | None
    """Whose the lead was when it was due."""


@dataclass(frozen=True, kw_only=True)
class BreachRetracted(Event):
    """What we learned later shows that somebody had acted in time. Both stay on record."""

    number: int
    answered_at: datetime


@dataclass(frozen=True, kw_only=True)
class SomebodyReminded(Event):
    """Before it was too late somebody was reminded."""

    told: PersonId | None
    """None where the lead is nobody's and nobody answers for it."""
    step: Step


@dataclass(frozen=True, kw_only=True)
class LeadOffered(Event):
    """Anybody of the team may take the lead over now; the first claim wins."""

    team: TeamId | None
    step: Step


@dataclass(frozen=True, kw_only=True)
class RungPassed(Event):
    """A rung came due and there was nothing to do: nobody has the lead that it would have taken from somebody."""

    step: Step


@dataclass(frozen=True, kw_only=True)
class EscalationAcknowledged(Event):
    """Whoever was told took it upon themselves to see to the lead by an instant; until then nobody else is told."""

    escalation: int
    """1 for the lead's first escalation."""
    clock: int | None
    """Whose ladder waits meanwhile, where it was a clock that escalated."""
    act_by: datetime


@dataclass(frozen=True, kw_only=True)
class LeadSnoozed(Event):
    """The lead waits for a known reason; its clocks stand still."""

    until: datetime
    reason: SnoozeReason
    note: Sealed | None = None


@dataclass(frozen=True, kw_only=True)
class LeadWoken(Event):
    """The lead waits no longer; its clocks go on."""


@dataclass(frozen=True, kw_only=True)
class ReceiptOwed(Event):
    """The policy of that moment says that the lead shall hear that we have what it wrote; a machine tells it."""

    media: tuple[Medium, ...]
    policy: PolicyId
    policy_version: int


@dataclass(frozen=True, kw_only=True)
class ConsentGiven(Event):
    """The lead lets us send it messages this way."""

    medium: Medium


@dataclass(frozen=True, kw_only=True)
class ConsentWithdrawn(Event):
    """The lead wants no more messages this way from machines."""

    medium: Medium


LeadEvent = (
    LeadCreated
    | ContactCorrected
    | LeadRouted
    | LeadAssigned
    | ClaimLost
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
    | ClockStarted
    | ClockMoved
    | ClockStopped
    | ClockBreached
    | BreachRetracted
    | SomebodyReminded
    | LeadOffered
    | RungPassed
    | EscalationAcknowledged
    | LeadSnoozed
    | LeadWoken
    | ReceiptOwed
    | ConsentGiven
    | ConsentWithdrawn
    | NoticeEvent
)


def _can_be_paid(amount: Decimal) -> bool:
    exponent = amount.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -4 and 0 <= amount < 10**18
