"""What each person has on the plate, told lead by lead."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import AsyncConnection

from domain.event import Event, Recorded
from domain.identity import LeadId, Position, lead_stream
from domain.lead.events import (
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadFollowedUp,
    LeadLost,
    LeadMessagedAutomatically,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LeadSnoozed,
    LeadWoken,
    Money,
)
from domain.lead.state import Lead, evolve
from projections import queues
from projections.queues import Plate, Queued
from tests.projections.scripted_log import LEAD, OTHER, ScriptedLog, caught_up, minutes
from tests.support.examples import BY_MACHINE, BY_MANAGER, BY_REP, COLLEAGUE, NINE, NORTH, REP, SALES, WEBSITE

Ask = Callable[..., Awaitable[list[Queued]]]


def arrived(at: datetime = NINE) -> Event:
    return LeadCreated(at=at, by=BY_MACHINE, source=WEBSITE, team=NORTH)


def assigned(at: datetime = NINE) -> Event:
    return LeadAssigned(at=at, by=BY_MANAGER, to=REP, team=NORTH)


def called(at: datetime) -> Event:
    return LeadContacted(at=at, by=BY_REP, made_by=REP, channel="call", outcome="reached")


def mailed(at: datetime) -> Event:
    return LeadFollowedUp(at=at, by=BY_REP, made_by=REP, channel="email", outcome="sent")


def replied(at: datetime) -> Event:
    return LeadReplied(at=at, by=BY_MACHINE, channel="email")


def promised(at: datetime, by: datetime) -> Event:
    return FollowUpPromised(at=at, by=BY_REP, promised_by=REP, follow_up_by=by)


async def queue(dsn: str, log: ScriptedLog, question: Ask, *asked: object, **more: object) -> list[Queued]:
    await caught_up(dsn, queues.queues, log)
    async with await AsyncConnection.connect(dsn) as connection:
        return await question(connection, *asked, **more)


async def plate(dsn: str, *events: Event) -> Queued:
    log = ScriptedLog()
    log.tell(*events)
    [line] = await queue(dsn, log, queues.plate_of, REP)
    return line


async def test_a_new_lead_waits_for_its_team_since_it_arrived(database: str) -> None:
    log = ScriptedLog()
    log.tell(arrived())
    [line] = await queue(database, log, queues.team_queue, NORTH)
    assert (line.lead, line.owner, line.state, line.since, line.tier, line.attention_at) == (
        LEAD,
        None,
        "new",
        NINE,
        0,
        NINE,
    )


async def test_an_assigned_lead_waits_as_long_as_before(database: str) -> None:
    line = await plate(database, arrived(), assigned(NINE + minutes(10)))
    assert (line.state, line.since, line.attention_at) == ("new", NINE + minutes(10), NINE)


async def test_a_contacted_lead_with_nothing_promised_is_quiet(database: str) -> None:
    line = await plate(database, arrived(), assigned(), called(NINE + minutes(5)))
    assert (line.state, line.tier, line.attention_at, line.outreach_count) == ("contacted", 1, NINE + minutes(5), 1)


async def test_a_reply_waits_since_the_first_unanswered_one(database: str) -> None:
    line = await plate(
        database,
        arrived(),
        assigned(),
        called(NINE + minutes(1)),
        replied(NINE + minutes(2)),
        replied(NINE + minutes(9)),
    )
    assert (line.state, line.tier, line.attention_at) == ("replied", 0, NINE + minutes(2))


async def test_an_outreach_answers_what_was_written_before_it(database: str) -> None:
    line = await plate(
        database,
        arrived(),
        assigned(),
        called(NINE + minutes(1)),
        replied(NINE + minutes(2)),
        mailed(NINE + minutes(3)),
    )
    assert line.state == "contacted"


async def test_an_outreach_logged_late_does_not_answer_what_came_after_it(database: str) -> None:
    line = await plate(
        database,
        arrived(),
        assigned(),
        called(NINE + minutes(5)),
        replied(NINE + minutes(9)),
        mailed(NINE + minutes(7)),
    )
    assert (line.state, line.last_outreach_at, line.attention_at) == ("replied", NINE + minutes(7), NINE + minutes(9))


async def test_a_late_outreach_between_two_replies_leaves_the_later_one_open(database: str) -> None:
    line = await plate(
        database,
        *(arrived(), assigned(), called(NINE + minutes(1)), replied(NINE + minutes(2)), replied(NINE + minutes(9))),
        mailed(NINE + minutes(5)),
    )
    assert (line.state, line.attention_at) == ("replied", NINE + minutes(9))


async def test_a_reply_that_had_been_answered_before_it_was_logged_waits_for_nothing(database: str) -> None:
    line = await plate(database, arrived(), assigned(), called(NINE + minutes(5)), replied(NINE + minutes(4)))
    assert (line.state, line.last_reply_at) == ("contacted", NINE + minutes(4))


async def test_a_promise_stands_in_the_queue_at_the_instant_it_falls_due(database: str) -> None:
    due = NINE + minutes(120)
    line = await plate(database, arrived(), assigned(), called(NINE + minutes(1)), promised(NINE + minutes(2), due))
    assert (line.state, line.tier, line.attention_at, line.follow_up_by) == ("promised", 0, due, due)


async def test_a_promise_is_kept_only_by_an_outreach_after_it(database: str) -> None:
    due = NINE + minutes(120)
    begun = (arrived(), assigned(), called(NINE + minutes(1)), promised(NINE + minutes(10), due))
    assert (await plate(database, *begun, mailed(NINE + minutes(5)))).state == "promised"


async def test_a_kept_promise_is_owed_no_more(database: str) -> None:
    begun = (arrived(), assigned(), called(NINE + minutes(1)), promised(NINE + minutes(10), NINE + minutes(120)))
    line = await plate(database, *begun, mailed(NINE + minutes(15)))
    assert (line.state, line.follow_up_by) == ("contacted", None)


async def test_the_promise_made_last_counts_whenever_it_was_logged(database: str) -> None:
    begun = (arrived(), assigned(), called(NINE + minutes(1)), promised(NINE + minutes(10), NINE + minutes(60)))
    line = await plate(database, *begun, promised(NINE + minutes(5), NINE + minutes(30)))
    assert line.follow_up_by == NINE + minutes(60)


async def test_what_is_released_is_nobodys_and_owed_nothing(database: str) -> None:
    log = ScriptedLog()
    log.tell(arrived(), assigned(), called(NINE + minutes(1)), promised(NINE + minutes(2), NINE + minutes(60)))
    log.tell(LeadReleased(at=NINE + minutes(9), by=BY_REP, owner=REP, team=NORTH, reason="absence"))
    assert await queue(database, log, queues.plate_of, REP) == []
    [line] = await queue(database, log, queues.team_queue, NORTH, unassigned_only=True)
    assert (line.state, line.follow_up_by, line.since) == ("contacted", None, NINE + minutes(9))


async def test_a_routed_lead_waits_in_the_other_teams_queue(database: str) -> None:
    log = ScriptedLog()
    log.tell(arrived(), LeadRouted(at=NINE + minutes(1), by=BY_MANAGER, team=SALES))
    assert await queue(database, log, queues.team_queue, NORTH) == []
    assert [line.lead for line in await queue(database, log, queues.team_queue, SALES)] == [LEAD]


async def test_what_a_machine_sends_changes_nothing(database: str) -> None:
    sent = LeadMessagedAutomatically(at=NINE + minutes(1), by=BY_MACHINE, channel="email", outcome="sent")
    assert (await plate(database, arrived(), assigned(), sent)).state == "new"


@pytest.mark.parametrize(
    "ending",
    [
        LeadConverted(at=NINE + minutes(5), by=BY_REP, owner=REP, value=Money(Decimal(9), "EUR")),
        LeadLost(at=NINE + minutes(5), by=BY_REP, owner=REP, reason="price"),
    ],
)
async def test_a_closed_lead_leaves_and_comes_back_reopened_with_its_facts(database: str, ending: Event) -> None:
    log = ScriptedLog()
    log.tell(arrived(), assigned(), called(NINE + minutes(1)), ending)
    assert await queue(database, log, queues.plate_of, REP) == []
    log.tell(LeadReopened(at=NINE + minutes(8), by=BY_MANAGER, reason="new_interest"))
    [line] = await queue(database, log, queues.plate_of, REP)
    assert (line.owner, line.outreach_count, line.last_outreach_at) == (REP, 1, NINE + minutes(1))


async def test_a_snoozed_lead_waits_until_then_and_for_a_reason(database: str) -> None:
    lunch, evening = NINE + minutes(180), NINE + minutes(540)
    snoozed = LeadSnoozed(at=NINE + minutes(5), by=BY_REP, until=lunch, reason="asked_to_wait")
    line = await plate(database, arrived(), assigned(), snoozed)
    assert (line.waits_until, line.waits_because) == (lunch, "asked_to_wait")
    later = LeadSnoozed(at=NINE + minutes(9), by=BY_REP, until=evening, reason="out_of_office")
    line = await plate(database, arrived(), assigned(), snoozed, later)
    assert (line.waits_until, line.waits_because) == (evening, "out_of_office")


async def test_a_lead_that_was_woken_waits_no_longer(database: str) -> None:
    snoozed = LeadSnoozed(at=NINE + minutes(5), by=BY_REP, until=NINE + minutes(180), reason="asked_to_wait")
    line = await plate(database, arrived(), assigned(), snoozed, LeadWoken(at=NINE + minutes(9), by=BY_REP))
    assert (line.waits_until, line.waits_because) == (None, None)


async def test_pages_follow_one_another_without_gap_or_repetition(database: str) -> None:
    log = ScriptedLog()
    leads = [LeadId(f"00000000-0000-4000-8000-{number:012d}") for number in range(25)]
    for number, lead in enumerate(leads):
        log.tell(arrived(NINE + minutes(number // 3)), of=lead)
        log.tell(assigned(NINE + minutes(30)), of=lead)
    await caught_up(database, queues.queues, log)
    seen: list[LeadId] = []
    after = None
    async with await AsyncConnection.connect(database) as connection:
        while page := await queues.plate_of(connection, REP, after=after, limit=4):
            seen += [line.lead for line in page]
            after = page[-1].cursor
    assert seen == leads


async def test_a_lost_lead_that_writes_again_comes_back_into_sight(database: str) -> None:
    log = ScriptedLog()
    lost = LeadLost(at=NINE + minutes(20), by=BY_REP, owner=REP, reason="price")
    told = [arrived(), assigned(NINE), mailed(NINE + minutes(10)), replied(NINE + minutes(15)), lost]
    log.tell(*told)
    await caught_up(database, queues.queues, log)
    async with await AsyncConnection.connect(database) as connection:
        assert await queues.plate_of(connection, REP) == []
        log.tell(replied(NINE + minutes(60)))
        await caught_up(database, queues.queues, log)
        [line] = await queues.plate_of(connection, REP)
        assert (line.state, line.tier, line.attention_at) == ("wrote_again", 0, NINE + minutes(60))
        log.tell(LeadReopened(at=NINE + minutes(70), by=BY_REP, reason="new_interest"))
        await caught_up(database, queues.queues, log)
        assert [line.state for line in await queues.plate_of(connection, REP)] == ["replied"]


async def test_a_lost_lead_that_wrote_again_is_on_the_plate_too(database: str) -> None:
    log = ScriptedLog()
    lost = LeadLost(at=NINE + minutes(20), by=BY_REP, owner=REP, reason="price")
    log.tell(arrived(), assigned(NINE), mailed(NINE + minutes(10)), lost, replied(NINE + minutes(60)))
    await caught_up(database, queues.queues, log)
    async with await AsyncConnection.connect(database) as connection:
        [load] = await queues.counts(connection, NORTH)
    assert (load.owner, load.wrote_again, load.total) == (REP, 1, 1)


async def test_counts_say_who_has_how_much(database: str) -> None:
    log = ScriptedLog()
    log.tell(arrived(), assigned(), called(NINE + minutes(1)))
    log.tell(arrived(), of=OTHER)
    await caught_up(database, queues.queues, log)
    async with await AsyncConnection.connect(database) as connection:
        loads = await queues.counts(connection, NORTH)
        assert await queues.counts(connection, SALES) == []
    assert [(load.owner, load.new, load.contacted, load.total) for load in loads] == [(None, 1, 0, 1), (REP, 0, 1, 1)]
    assert COLLEAGUE not in [load.owner for load in loads]


AT = st.integers(0, 6).map(lambda count: NINE + minutes(count))
DEEDS: list[st.SearchStrategy[Event]] = [
    AT.map(assigned),
    AT.map(lambda at: LeadReleased(at=at, by=BY_REP, owner=REP, team=NORTH, reason="absence")),
    AT.map(mailed),
    AT.map(replied),
    AT.map(lambda at: promised(at, at + minutes(60))),
    AT.map(lambda at: LeadLost(at=at, by=BY_REP, owner=REP, reason="price")),
    AT.map(lambda at: LeadReopened(at=at, by=BY_MANAGER, reason="other")),
]


@given(st.lists(st.one_of(DEEDS), max_size=12))
def test_what_is_owed_is_what_the_rules_say_is_owed(deeds: list[Event]) -> None:
    line: Plate | None = None
    lead = Lead()
    for position, event in enumerate([arrived(), *deeds], start=1):
        recorded = Recorded(event, lead_stream(LEAD), position, Position(position), NINE, UUID(int=position))
        line = queues.queues.functions[type(event)](line, recorded)
        lead = evolve(lead, event)  # type: ignore[arg-type]
        assert line is not None
        wrote_again = lead.ended_at is not None and any(reply.at > lead.ended_at for reply in lead.replies)
        assert (line.open, line.owner, line.team) == (lead.open or wrote_again, lead.owner, lead.team)
        assert line.follow_up_by == (lead.promise and lead.promise.follow_up_by)
