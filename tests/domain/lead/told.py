"""Short ways to say what had happened to a lead."""

from datetime import datetime
from decimal import Decimal

from domain.event import Actor, Sealed
from domain.identity import PersonId, SourceId, TeamId
from domain.lead.events import (
    Channel,
    Evidence,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadEscalated,
    LeadFollowedUp,
    LeadLost,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    Money,
)
from tests.support.story import (
    ANNA,
    BY_ANNA,
    BY_MANAGER,
    BY_SERVICE,
    CARLA,
    ELEVEN,
    NINE,
    ONE,
    TEN,
    TOMORROW,
    TWELVE,
    TWO,
)

NORTH, SOUTH = TeamId("north"), TeamId("south")
WEBSITE = SourceId("website")
CONTACT = Sealed(subject="lead", ref="9d5f4a3e-0000-4000-8000-000000000001", sha256="a" * 64)
NOTE = Sealed(subject="lead", ref="9d5f4a3e-0000-4000-8000-000000000002", sha256="b" * 64)
CALL_ID = Evidence("twilio", "CA0123456789")
EUROS = Money(Decimal("1200.00"), "EUR")


def created(at: datetime = NINE, team: TeamId | None = NORTH) -> LeadCreated:
    return LeadCreated(source=WEBSITE, team=team, contact=CONTACT, at=at, by=BY_SERVICE)


def routed(team: TeamId = SOUTH, at: datetime = TEN) -> LeadRouted:
    return LeadRouted(team=team, at=at, by=BY_MANAGER)


def assigned(
    to: PersonId = ANNA, at: datetime = TEN, previous: PersonId | None = None, team: TeamId | None = NORTH
) -> LeadAssigned:
    return LeadAssigned(to=to, team=team, previous=previous, at=at, by=BY_MANAGER)


def released(owner: PersonId = ANNA, at: datetime = TWELVE) -> LeadReleased:
    return LeadReleased(owner=owner, team=NORTH, reason="workload", at=at, by=BY_ANNA)


def contacted(at: datetime = ELEVEN, made_by: PersonId = ANNA, by: Actor = BY_ANNA) -> LeadContacted:
    return LeadContacted(made_by=made_by, channel="call", outcome="no_answer", at=at, by=by)


def followed_up(
    at: datetime = TWELVE, made_by: PersonId = ANNA, by: Actor = BY_ANNA, channel: Channel = "call"
) -> LeadFollowedUp:
    return LeadFollowedUp(made_by=made_by, channel=channel, outcome="no_answer", at=at, by=by)


def replied(at: datetime = TWELVE) -> LeadReplied:
    return LeadReplied(channel="email", at=at, by=BY_SERVICE)


def promised(at: datetime = ELEVEN, follow_up_by: datetime = TOMORROW, by: Actor = BY_ANNA) -> FollowUpPromised:
    return FollowUpPromised(promised_by=PersonId(by.id), follow_up_by=follow_up_by, at=at, by=by)


def converted(at: datetime = ONE, value: Money | None = EUROS) -> LeadConverted:
    return LeadConverted(owner=ANNA, value=value, at=at, by=BY_ANNA)


def lost(at: datetime = ONE) -> LeadLost:
    return LeadLost(owner=ANNA, reason="price", at=at, by=BY_ANNA)


def disqualified(at: datetime = ONE) -> LeadDisqualified:
    return LeadDisqualified(reason="spam", at=at, by=BY_ANNA)


def reopened(at: datetime = TWO) -> LeadReopened:
    return LeadReopened(reason="new_interest", at=at, by=BY_ANNA)


def escalated(rung: int = 1, at: datetime = TWELVE) -> LeadEscalated:
    return LeadEscalated(told=CARLA, rung=rung, reason="no_contact", at=at, by=BY_ANNA)
