"""The timekeeper's to-do list says what the rules say, whatever happens to a lead in whatever order."""

from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from psycopg import AsyncConnection

from domain.event import Actor, Recorded
from domain.identity import LeadId, Position, lead_stream
from domain.lead import clocks
from domain.lead.events import (
    ClockStarted,
    FollowUpPromised,
    LeadAssigned,
    LeadCreated,
    LeadEvent,
    LeadFollowedUp,
    LeadLost,
    LeadReopened,
    LeadReplied,
    LeadSnoozed,
    RungDue,
)
from domain.lead.state import Lead, evolve
from domain.refusal import Refusal
from projections import deadlines
from projections.deadlines import Deadline, Due
from tests.domain.lead.clockwork import LADDER, Always
from tests.projections.scripted_log import LEAD, ScriptedLog, caught_up
from tests.support.examples import BY_MACHINE, BY_MANAGER, BY_REP, NINE, NORTH, OFFICE, QUICK, REP
from tests.support.story import CARLA, on

BY_CARLA = Actor(CARLA, "manager", "key:carla")
MINUTE = timedelta(minutes=1)


def deed(dice: Random, at: datetime, lead: Lead) -> list[LeadEvent]:
    """Somebody does something, or the timekeeper comes."""
    told: list[LeadEvent] = [
        LeadAssigned(at=at, by=BY_MANAGER, to=REP, team=NORTH),
        LeadFollowedUp(at=at - dice.randrange(90) * MINUTE, by=BY_REP, made_by=REP, channel="call", outcome="reached"),
        LeadReplied(at=at, by=BY_MACHINE, channel="email"),
        FollowUpPromised(at=at, by=BY_REP, promised_by=REP, follow_up_by=at + dice.randrange(1, 300) * MINUTE),
        LeadSnoozed(at=at, by=BY_REP, until=at + dice.randrange(1, 200) * MINUTE, reason="other"),
        LeadLost(at=at, by=BY_REP, owner=REP, reason="price"),
    ]
    if not lead.open:
        return [LeadReopened(at=at, by=BY_MANAGER, reason="other")]
    try:
        if dice.random() < 0.2:
            return clocks.acknowledge(lead, at + dice.randrange(1, 300) * MINUTE, on(at, BY_CARLA, now=at))
    except Refusal:
        return []
    if dice.random() < 0.4:
        return clocks.fire(lead, LADDER, on(at, BY_MACHINE, now=at))
    return [dice.choices(told, weights=[4, 6, 4, 4, 3, 1])[0]]


def test_what_is_due_next_is_what_the_rules_say() -> None:
    dice = Random(20261123)
    policies, stream = Always(), lead_stream(LEAD)
    for _ in range(300):
        lead, row, at, position = Lead(), None, NINE, 0
        wishes: list[LeadEvent] = [LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH)]
        for _ in range(dice.randrange(1, 25)):
            for event in clocks.follow(lead, wishes, policies, on(at, BY_MACHINE, now=at)):
                lead, position = evolve(lead, event), position + 1
                recorded = Recorded(event, stream, position, Position(position), at, UUID(int=position))
                if deadlines.deadlines.concerns(event):
                    row = deadlines.deadlines.functions[type(event)](row, recorded)
            assert (row.due_at if isinstance(row, Deadline) else None) == clocks.next_due_at(lead)
            at += dice.randrange(1, 120) * MINUTE
            wishes = deed(dice, at, lead)


async def test_the_longest_due_come_first_and_the_next_ones_after_them(database: str) -> None:
    log = ScriptedLog()
    for number, minutes in enumerate((30, 10, 20, 90), start=1):
        started = ClockStarted(
            at=NINE,
            by=BY_MACHINE,
            clock="first_response",
            number=1,
            started_at=NINE,
            respond_by=NINE + minutes * MINUTE,
            rungs=(RungDue(NINE + 2 * minutes * MINUTE, "release"),),
            policy=QUICK,
            policy_version=1,
            calendar=OFFICE,
            calendar_version=1,
        )
        log.tell(started, of=_lead(number))
    await caught_up(database, deadlines.deadlines, log)
    async with await AsyncConnection.connect(database) as connection:
        by = NINE + 30 * MINUTE
        found = await deadlines.due(connection, by, limit=5)
        assert found == [Due(_lead(number), NINE + due * MINUTE) for number, due in ((2, 10), (3, 20), (1, 30))]
        assert await deadlines.due(connection, by, limit=1, after=found[0]) == found[1:2]
        assert await deadlines.due(connection, by, limit=5, after=found[2]) == []
        assert await deadlines.next_due_at(connection, after=NINE + 9 * MINUTE) == NINE + 10 * MINUTE
        assert await deadlines.next_due_at(connection, after=by) == NINE + 90 * MINUTE
        assert await deadlines.next_due_at(connection, after=NINE + 90 * MINUTE) is None


def _lead(number: int) -> LeadId:
    return LeadId(str(UUID(int=number)))
