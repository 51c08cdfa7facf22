"""One lead as it lies in somebody's queue, and what each event does to it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from domain.event import Event, Recorded
from domain.identity import PersonId, SourceId, TeamId
from domain.lead.events import (
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadFollowedUp,
    LeadLost,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    Outreach,
)
from projections.projector import OneRow, Table

State = Literal["new", "contacted", "replied", "promised", "wrote_again"]
"""`wrote_again`: it was lost, and the lead has written since; somebody should open it again."""


class Plate(NamedTuple):
    """One lead as it lies in somebody's queue; a closed one is kept out of sight, until it writes or is reopened."""

    lead: UUID
    open: bool
    owner: PersonId | None
    team: TeamId | None
    source: SourceId | None
    state: State
    since: datetime
    arrived_at: datetime
    outreach_count: int
    last_outreach_at: datetime | None
    last_reply_at: datetime | None
    unanswered_since: datetime | None
    """The first reply dated after the last outreach."""
    promised_at: datetime | None
    """When the latest promise was made, kept or not."""
    promised_for: datetime | None
    given_back_at: datetime | None
    lost_at: datetime | None
    follow_up_by: datetime | None
    """What is owed: the latest promise, unless it was kept or the lead was given back."""
    tier: int
    attention_at: datetime


PLATES = Table(
    "queues",
    """
    lead uuid PRIMARY KEY,
    open boolean NOT NULL,
    owner text,
    team text,
    source text,
    state text NOT NULL,
    since timestamptz NOT NULL,
    arrived_at timestamptz NOT NULL,
    outreach_count integer NOT NULL,
    last_outreach_at timestamptz,
    last_reply_at timestamptz,
    unanswered_since timestamptz,
    promised_at timestamptz,
    promised_for timestamptz,
    given_back_at timestamptz,
    lost_at timestamptz,
    follow_up_by timestamptz,
    tier smallint NOT NULL,
    attention_at timestamptz NOT NULL
    """,
    indexes=(
        "(owner, tier, attention_at, lead) WHERE open AND owner IS NOT NULL",
        "(team, tier, attention_at, lead) WHERE open AND team IS NOT NULL",
        "(team, tier, attention_at, lead) WHERE open AND owner IS NULL",
        "(tier, attention_at, lead) WHERE open AND owner IS NULL",
    ),
)

queues = OneRow(name="queues", version=2, table=PLATES, row=Plate)


@queues.when(LeadCreated)
def put_it_in_the_queue(plate: Plate | None, recorded: Recorded[LeadCreated]) -> Plate:
    """A lead arrives in its team's queue, or in the desk's."""
    event = recorded.event
    return Plate(
        lead=recorded.stream,
        open=True,
        owner=None,
        team=event.team,
        source=event.source,
        state="new",
        since=event.at,
        arrived_at=event.at,
        outreach_count=0,
        last_outreach_at=None,
        last_reply_at=None,
        unanswered_since=None,
        promised_at=None,
        promised_for=None,
        given_back_at=None,
        lost_at=None,
        follow_up_by=None,
        tier=0,
        attention_at=event.at,
    )


@queues.when(LeadRouted)
def move_it_to_another_queue(plate: Plate | None, recorded: Recorded[LeadRouted]) -> Plate:
    """Whoever waited goes on waiting."""
    return given_back(there(plate), recorded.event.team, recorded.event.at)


@queues.when(LeadAssigned)
def put_it_on_a_plate(plate: Plate | None, recorded: Recorded[LeadAssigned]) -> Plate:
    """It becomes somebody's; what the lead waits for stays as urgent as it was."""
    plate, event = there(plate), recorded.event
    return plate._replace(owner=event.to, team=event.team or plate.team, since=event.at)


@queues.when(LeadReleased)
def put_it_back(plate: Plate | None, recorded: Recorded[LeadReleased]) -> Plate:
    """The former owner's promise binds nobody."""
    return given_back(there(plate), recorded.event.team, recorded.event.at)


@queues.when(LeadContacted, LeadFollowedUp)
def count_the_outreach(plate: Plate | None, recorded: Recorded[Outreach]) -> Plate:
    """It answers what was written before it, not what came after."""
    plate, at = there(plate), recorded.event.at
    unanswered_since = plate.unanswered_since
    if unanswered_since is not None and unanswered_since <= at:
        # A late outreach may lie between two replies: the last one is still unanswered.
        unanswered_since = plate.last_reply_at if plate.last_reply_at and plate.last_reply_at > at else None
    return weighed(
        plate._replace(
            outreach_count=plate.outreach_count + 1,
            last_outreach_at=max(at, plate.last_outreach_at or at),
            unanswered_since=unanswered_since,
        )
    )


@queues.when(LeadReplied)
def let_the_lead_wait_for_an_answer(plate: Plate | None, recorded: Recorded[LeadReplied]) -> Plate:
    """A reply dated before the last outreach has been answered by it; waiting begins with the first unanswered one."""
    plate, at = there(plate), recorded.event.at
    unanswered_since = plate.unanswered_since
    if plate.last_outreach_at is None or plate.last_outreach_at < at:
        unanswered_since = min(at, unanswered_since or at)
    return weighed(plate._replace(last_reply_at=max(at, plate.last_reply_at or at), unanswered_since=unanswered_since))


@queues.when(FollowUpPromised)
def note_the_promise(plate: Plate | None, recorded: Recorded[FollowUpPromised]) -> Plate:
    """The promise made last counts, whenever we learned of it."""
    plate, event = there(plate), recorded.event
    if plate.promised_at is not None and plate.promised_at > event.at:
        return plate
    return weighed(plate._replace(promised_at=event.at, promised_for=event.follow_up_by))


@queues.when(LeadConverted, LeadLost, LeadDisqualified)
def take_it_away(plate: Plate | None, recorded: Recorded[Event]) -> Plate:
    """Nothing is left to do."""
    lost_at = recorded.event.at if isinstance(recorded.event, LeadLost) else None
    return weighed(there(plate)._replace(open=False, lost_at=lost_at, promised_at=None, promised_for=None))


@queues.when(LeadReopened)
def bring_it_back(plate: Plate | None, recorded: Recorded[LeadReopened]) -> Plate:
    """The lead is its former owner's again, and what was unanswered still is."""
    return weighed(there(plate)._replace(open=True, lost_at=None, since=recorded.event.at))


class NothingBeforeTheLead(Exception):
    """An event was told of a lead that was never created; the stream's first event is missing."""


def there(plate: Plate | None) -> Plate:
    """The plate of a lead that was created."""
    if plate is None:
        raise NothingBeforeTheLead
    return plate


def given_back(plate: Plate, team: TeamId | None, at: datetime) -> Plate:
    """The plate, nobody's from this instant on."""
    return weighed(plate._replace(owner=None, team=team, since=at, given_back_at=max(at, plate.given_back_at or at)))


def weighed(plate: Plate) -> Plate:
    """The plate with what is owed to the lead, and its place in the queue."""
    made, contacted, given_back = plate.promised_at, plate.last_outreach_at, plate.given_back_at
    kept = made is not None and contacted is not None and contacted > made
    void = made is not None and given_back is not None and given_back >= made
    owed = None if kept or void else plate.promised_for
    if plate.lost_at is not None and plate.last_reply_at is not None and plate.last_reply_at > plate.lost_at:
        return _waiting(plate._replace(open=True), "wrote_again", owed, plate.last_reply_at)
    if contacted is None:
        return _waiting(plate, "new", owed, plate.arrived_at)
    if plate.unanswered_since is not None:
        return _waiting(plate, "replied", owed, plate.unanswered_since)
    if owed is not None:
        return _waiting(plate, "promised", owed, owed)
    return plate._replace(state="contacted", follow_up_by=None, tier=1, attention_at=contacted)


def _waiting(plate: Plate, state: State, owed: datetime | None, since: datetime) -> Plate:
    return plate._replace(state=state, follow_up_by=owed, tier=0, attention_at=min(since, owed or since))
