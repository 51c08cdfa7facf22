"""The timekeeper: each rung once, never before its time, whoever else is at it and whatever the clocks do."""

import asyncio
import logging
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from psycopg import AsyncConnection

from commands.desk import Desk
from commands.lead import AssignLead, CreateLead, RecordOutreach, RecordReply
from commands.people import AddPerson
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.teams import EntrustTeam, FormTeam
from domain.access import Principal
from domain.identity import PersonId, PolicyId, StreamId, TeamId
from domain.lead.events import ClockBreached, LeadEscalated, SomebodyReminded
from projections.projector import Freshness
from services import timekeeper
from services.settings import Settings, as_role
from services.timekeeper import JUMP_SECONDS, STEADY_LOOKS, Timekeeper, WallClock
from services.wiring import Office, open_office
from tests.services.api.world import projectors
from tests.support.eventually import eventually

ADMIN = Principal(id="admin-1", role="admin", via="key:lk_0")
NORTH, REP, BOSS = TeamId("north"), PersonId("rep-1"), PersonId("boss-1")
BY_BOSS = Principal(id=BOSS, role="manager", via="key:lk_1", team=NORTH, answers_for=frozenset({NORTH}))
BY_REP = Principal(id=REP, role="rep", via="key:lk_2", team=NORTH)
QUICK = PolicyId("quick")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
LADDER = (
    RungGiven(offset_minutes=-5, deed="remind", whom="owner"),
    RungGiven(offset_minutes=0, deed="escalate", whom="accountable"),
)
STAFF: tuple[FormTeam | AddPerson | EntrustTeam | SetPolicy | OrderRules, ...] = (
    FormTeam(team=NORTH),
    AddPerson(person=REP, team=NORTH),
    AddPerson(person=BOSS, team=NORTH),
    EntrustTeam(team=NORTH, to=BOSS),
    SetPolicy(
        policy=QUICK,
        effective_from=LONG_AGO,
        clocks=ClocksGiven(first_response=ClockGiven(target_minutes=10, unit="elapsed_minutes", rungs=LADDER)),
    ),
    OrderRules(rules=(RuleGiven(policy=QUICK),), effective_from=LONG_AGO),
)
MINUTE = timedelta(minutes=1)


async def staffed(office: Office) -> None:
    for wish in STAFF:
        await office.desk.handle(wish.stream, wish, by=ADMIN)


async def a_lead(office: Office, arrived_minutes_ago: int) -> StreamId:
    lead = StreamId(uuid4())
    at = datetime.now(UTC) - arrived_minutes_ago * MINUTE
    await office.desk.handle(lead, CreateLead(team=NORTH, at=at), by=BY_BOSS)
    await office.desk.handle(lead, AssignLead(to=REP, at=at), by=BY_BOSS)
    return lead


async def known(office: Office, freshness: Freshness) -> None:
    assert await freshness.wait_for("deadlines", await office.log.head(), timeout_seconds=20)


async def told(office: Office, lead: StreamId) -> list[str]:
    events = (await office.log.load([(lead, 0)]))[lead]
    return [type(one.event).__name__ for one in events]


async def test_what_is_due_happens_once_and_what_is_not_does_not(settings: Settings) -> None:
    readers = as_role(settings.dsn, "leadledger_desk")
    async with projectors(settings), open_office(settings) as office, Freshness(readers) as freshness:
        await staffed(office)
        late, reminded, early = [await a_lead(office, minutes) for minutes in (30, 6, 1)]
        answered = await a_lead(office, 30)
        call = RecordOutreach(channel="call", outcome="reached")
        await office.desk.handle(answered, call, by=BY_REP)
        await known(office, freshness)
        keeper = Timekeeper(office, freshness, WallClock())
        for _ in range(3):
            assert not await keeper.look()
        assert (await told(office, late))[3:] == ["SomebodyReminded", "ClockBreached", "LeadEscalated"]
        assert (await told(office, reminded))[3:] == ["SomebodyReminded"]
        assert (await told(office, early))[3:] == []
        assert not {"SomebodyReminded", "LeadEscalated"} & set(await told(office, answered))


async def test_two_at_once_and_one_that_comes_back_fire_each_rung_once(settings: Settings) -> None:
    readers = as_role(settings.dsn, "leadledger_desk")
    async with projectors(settings), open_office(settings) as office, Freshness(readers) as freshness:
        await staffed(office)
        leads = [await a_lead(office, 30) for _ in range(40)]
        async with open_office(settings) as other_office:
            keepers = [Timekeeper(one, freshness, WallClock()) for one in (office, other_office)]
            await known(office, freshness)
            for _ in range(3):
                await asyncio.gather(*(keeper.look() for keeper in keepers))
        events = [one.event for rows in (await office.log.load([(lead, 0) for lead in leads])).values() for one in rows]
        counted = Counter(type(event) for event in events)
        assert (counted[SomebodyReminded], counted[ClockBreached], counted[LeadEscalated]) == (40, 40, 40)


async def test_it_goes_on_by_itself_and_waits_out_a_missing_list(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    readers = as_role(settings.dsn, "leadledger_desk")
    async with open_office(settings) as office, Freshness(readers) as freshness:
        await staffed(office)
        lead = await a_lead(office, 30)
        keeping = asyncio.create_task(Timekeeper(office, freshness, WallClock()).keep())
        await asyncio.to_thread(eventually, lambda: "waits for the projector" in caplog.text)
        async with projectors(settings):
            position = await office.log.head()
            while "LeadEscalated" not in await told(office, lead):
                assert await office.log.wait(position, timeout_seconds=20)
                position = await office.log.head()
        keeping.cancel()


async def test_a_lead_that_cannot_be_read_keeps_no_other_waiting(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(timekeeper, "AT_ONCE", 1)
    readers = as_role(settings.dsn, "leadledger_desk")
    async with projectors(settings), open_office(settings) as office, Freshness(readers) as freshness:
        await staffed(office)
        broken, sound = await a_lead(office, 40), await a_lead(office, 30)
        await known(office, freshness)
        async with await AsyncConnection.connect(settings.dsn or "") as owner:
            await owner.execute("ALTER TABLE log.events DISABLE TRIGGER events_stay_on_record")
            await owner.execute(
                "UPDATE log.events SET topic = 'LeadSang.v7' WHERE stream = %s AND version = 1", [broken]
            )
            await owner.execute("ALTER TABLE log.events ENABLE ALWAYS TRIGGER events_stay_on_record")
        async with open_office(settings) as fresh:
            keeper = Timekeeper(fresh, freshness, WallClock())
            while await keeper.look():
                pass
        assert "LeadEscalated" in await told(office, sound)
        assert f"lead {broken} is due and cannot be kept: RecordIsUnreadable" in caplog.text


async def test_where_nobody_folds_what_is_due_is_fired_all_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timekeeper, "AT_ONCE", 2)
    readers = as_role(settings.dsn, "leadledger_desk")
    async with open_office(settings) as office, Freshness(readers) as freshness:
        async with projectors(settings):
            await staffed(office)
            leads = [await a_lead(office, 30) for _ in range(6)]
            await known(office, freshness)
        keeper = Timekeeper(office, freshness, WallClock())
        looks = 1
        while await keeper.look():
            looks += 1
        assert looks == 4
        assert all([(await told(office, lead)).count("LeadEscalated") == 1 for lead in leads])
        assert keeper.fired == 18


async def test_nobody_is_asked_again_about_what_the_projector_has_not_come_to(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or two timekeepers would keep one another, and the projector that has to catch up, from their work."""
    monkeypatch.setattr(timekeeper, "LOOK_EVERY_SECONDS", 0.0)
    readers = as_role(settings.dsn, "leadledger_desk")
    async with (
        open_office(settings) as office,
        open_office(settings) as other_office,
        Freshness(readers) as freshness,
    ):
        async with projectors(settings):
            await staffed(office)
            for _ in range(6):
                await a_lead(office, 30)
            await known(office, freshness)
        first, second = [Timekeeper(one, freshness, WallClock()) for one in (office, other_office)]
        for _ in range(5):
            await first.look()
            await second.look()
        assert (first.asked, first.fired) == (6, 18)
        assert (second.asked, second.fired) == (6, 0)
        async with projectors(settings):
            await known(office, freshness)
            late = await a_lead(office, 30)
            await known(office, freshness)
            await second.look()
        assert (await told(office, late)).count("LeadEscalated") == 1
        assert second.asked == 7


async def test_a_clock_that_is_ahead_of_the_databases_makes_nothing_come_early(settings: Settings) -> None:
    """Nothing of a lead is dated before what happened to it, so what the timekeeper does is dated ahead as well."""
    readers = as_role(settings.dsn, "leadledger_desk")
    async with projectors(settings), open_office(settings) as office, Freshness(readers) as freshness:
        await staffed(office)
        lead = await a_lead(office, 6)
        ahead = Desk(office.log, office.vault, lambda: datetime.now(UTC) + 30 * MINUTE)
        await ahead.handle(lead, RecordReply(channel="email"), by=BY_REP)
        await known(office, freshness)
        await Timekeeper(office, freshness, WallClock()).look()
        assert (await told(office, lead))[3:] == ["LeadReplied", "SomebodyReminded"]


NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_the_clock_goes_on_by_the_time_that_passes() -> None:
    seconds = [100.0]
    clock = WallClock(lambda: seconds[0])
    assert clock.hear(NOON)
    seconds[0] += 1.5
    assert clock.now() == NOON + timedelta(seconds=1.5)


@pytest.mark.parametrize("jump", [3600.0, -3600.0, JUMP_SECONDS + 0.1])
def test_nothing_is_fired_while_the_wall_clock_jumps(jump: float, caplog: pytest.LogCaptureFixture) -> None:
    seconds = [100.0]
    clock = WallClock(lambda: seconds[0])
    assert clock.hear(NOON)
    seconds[0] += 1
    there = NOON + timedelta(seconds=1 + jump)
    assert not clock.hear(there)
    assert "jumped by" in caplog.text
    answers = []
    for _ in range(STEADY_LOOKS + 1):
        seconds[0] += 1
        there += timedelta(seconds=1)
        answers.append(clock.hear(there))
    assert answers == [False] * (STEADY_LOOKS - 1) + [True, True]
    assert "steady again" in caplog.text


def test_a_small_difference_is_no_jump(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    seconds = [100.0]
    clock = WallClock(lambda: seconds[0])
    clock.hear(NOON)
    assert clock.hear(NOON + timedelta(seconds=JUMP_SECONDS))
    assert not caplog.text
