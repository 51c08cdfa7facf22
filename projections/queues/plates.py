"""One lead as it lies in somebody's queue, and what each event does to it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Literal, NamedTuple
from uuid import UUID

from domain.event import Event, Recorded
from domain.identity import PersonId, SourceId, TeamId
from domain.lead.events import (
    ClockMoved,
    ClockStarted,
    ClockStopped,
    EscalationAcknowledged,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadEscalated,
    LeadFollowedUp,
    LeadLost,
    LeadOffered,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LeadSnoozed,
    LeadWoken,
    Outreach,
    SnoozeReason,
)
from projections.projector import OneRow, Table

NO_HELP_NEEDED: dict[str, Any] = {"escalated_at": None, "escalated_to": None, "act_by": None}
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
    owed: str
    """By when each running clock of the lead has to be answered, by its number, as JSON."""
    respond_by: datetime | None
    """The earliest of these."""
    offered: bool
    """Anybody of the team may take it over."""
    escalated_at: datetime | None
    """Since when somebody knows that it needs help, if it still does."""
    escalated_to: PersonId | None
    """Who was told last; None where it was the whole desk."""
    act_by: datetime | None
    """By when they said that they would act."""
    waits_until: datetime | None
    """Until then the lead was said to wait, unless it was woken; whether it still does is for whoever looks."""
    waits_because: SnoozeReason | None
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
    owed text NOT NULL,
    respond_by timestamptz,
    offered boolean NOT NULL,
    escalated_at timestamptz,
    escalated_to text,
    act_by timestamptz,
    waits_until timestamptz,
    waits_because text,
    tier smallint NOT NULL,
    attention_at timestamptz NOT NULL
    """,
    indexes=(
        "(owner, tier, attention_at, arrived_at, lead) WHERE open AND owner IS NOT NULL",
        "(team, tier, attention_at, arrived_at, lead) WHERE open AND team IS NOT NULL",
        "(team, tier, attention_at, arrived_at, lead) WHERE open AND owner IS NULL",
        "(tier, attention_at, arrived_at, lead) WHERE open AND owner IS NULL",
        "(escalated_at, lead) WHERE open AND escalated_at IS NOT NULL",
        "(team, tier, attention_at, arrived_at, lead) WHERE open AND offered",
    ),
)

queues = OneRow(name="queues", version=4, table=PLATES, row=Plate)


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
        owed="{}",
        respond_by=None,
        offered=False,
        escalated_at=None,
        escalated_to=None,
        act_by=None,
        waits_until=None,
        waits_because=None,
        tier=0,
        attention_at=event.at,
    )


@queues.when(LeadRouted)
def move_it_to_another_queue(plate: Plate | None, recorded: Recorded[LeadRouted]) -> Plate:
    """Whoever waited goes on waiting."""
    return given_back(there(plate), recorded.event.team, recorded.event.at)


@queues.when(LeadAssigned)
def put_it_on_a_plate(plate: Plate | None, recorded: Recorded[LeadAssigned]) -> Plate:
    """It becomes somebody's; what the lead waits for stays as urgent as it was, but somebody else sees to it now."""
    plate, event = there(plate), recorded.event
    if event.to != plate.owner:
        plate = plate._replace(**NO_HELP_NEEDED)
    return plate._replace(owner=event.to, team=event.team or plate.team, since=event.at, offered=False)


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
            **NO_HELP_NEEDED,
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
    return weighed(
        there(plate)._replace(open=False, lost_at=lost_at, promised_at=None, promised_for=None, **NO_HELP_NEEDED)
    )


@queues.when(LeadReopened)
def bring_it_back(plate: Plate | None, recorded: Recorded[LeadReopened]) -> Plate:
    """The lead is its former owner's again, and what was unanswered still is."""
    return weighed(there(plate)._replace(open=True, lost_at=None, since=recorded.event.at))


@queues.when(ClockStarted)
def owe_an_answer(plate: Plate | None, recorded: Recorded[ClockStarted]) -> Plate:
    """What a manager owes is no deadline of the lead's owner."""
    event = recorded.event
    if event.clock == "acknowledgement":
        return there(plate)
    return _owing(there(plate), {str(event.number): _told(event.respond_by)})


@queues.when(ClockMoved)
def owe_it_at_another_time(plate: Plate | None, recorded: Recorded[ClockMoved]) -> Plate:
    """The lead waits, or waits no longer."""
    plate, event = there(plate), recorded.event
    if str(event.number) not in json.loads(plate.owed):
        return plate
    return _owing(plate, {str(event.number): _told(event.respond_by)})


@queues.when(ClockStopped)
def owe_it_no_more(plate: Plate | None, recorded: Recorded[ClockStopped]) -> Plate:
    """Whatever the reason."""
    return _owing(there(plate), {}, without=str(recorded.event.number))


@queues.when(LeadOffered)
def let_the_team_take_it(plate: Plate | None, recorded: Recorded[LeadOffered]) -> Plate:
    """It stays on its owner's plate until somebody does."""
    return there(plate)._replace(offered=True)


@queues.when(LeadEscalated)
def show_that_help_is_needed(plate: Plate | None, recorded: Recorded[LeadEscalated]) -> Plate:
    """Since the first time; told to whoever was told last."""
    plate, event = there(plate), recorded.event
    return plate._replace(escalated_at=plate.escalated_at or event.at, escalated_to=event.told, act_by=None)


@queues.when(EscalationAcknowledged)
def show_that_somebody_sees_to_it(plate: Plate | None, recorded: Recorded[EscalationAcknowledged]) -> Plate:
    """Until when they want to have acted."""
    return there(plate)._replace(act_by=recorded.event.act_by)


@queues.when(LeadSnoozed)
def show_that_it_waits(plate: Plate | None, recorded: Recorded[LeadSnoozed]) -> Plate:
    """For a known reason, and so nobody neglects it."""
    event = recorded.event
    return there(plate)._replace(waits_until=event.until, waits_because=event.reason)


@queues.when(LeadWoken)
def show_that_it_waits_no_longer(plate: Plate | None, recorded: Recorded[LeadWoken]) -> Plate:
    """Somebody said so, or the lead replied."""
    return there(plate)._replace(waits_until=None, waits_because=None)


class NothingBeforeTheLead(Exception):
    """An event was told of a lead that was never created; the stream's first event is missing."""


def there(plate: Plate | None) -> Plate:
    """The plate of a lead that was created."""
    if plate is None:
        raise NothingBeforeTheLead
    return plate


def given_back(plate: Plate, team: TeamId | None, at: datetime) -> Plate:
    """The plate, nobody's from this instant on."""
    given_back_at = max(at, plate.given_back_at or at)
    return weighed(plate._replace(owner=None, team=team, since=at, given_back_at=given_back_at, offered=False))


def weighed(plate: Plate) -> Plate:
    """The plate with what is owed to the lead, and its place in the queue: by its deadline, where a policy sets one."""
    plate = _weighed(plate)
    return plate if plate.respond_by is None else plate._replace(tier=0, attention_at=plate.respond_by)


def _weighed(plate: Plate) -> Plate:
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


def _owing(plate: Plate, more: dict[str, str], *, without: str = "") -> Plate:
    owed: dict[str, str] = json.loads(plate.owed) | more
    owed.pop(without, None)
    respond_by = datetime.fromisoformat(min(owed.values())) if owed else None
    return weighed(plate._replace(owed=json.dumps(owed), respond_by=respond_by))


def _told(instant: datetime) -> str:
    # Instants of one form and zone stand in the order of their letters.
    return instant.isoformat(timespec="microseconds")


def _waiting(plate: Plate, state: State, owed: datetime | None, since: datetime) -> Plate:
    return plate._replace(state=state, follow_up_by=owed, tier=0, attention_at=min(since, owed or since))
