"""The responsibility ledger through the API: whose the minutes were, of a lead, a person and a team, in any period."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from commands.clocks import KeepTime
from domain.identity import LeadId, lead_stream
from services import bookkeeping
from services.timekeeper import TIMEKEEPER
from tests.services.api.world import AT_ALL_HOURS, World

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
async def governed(world: World) -> None:
    await world.govern(AT_ALL_HOURS)


@pytest.fixture
def arrived_at() -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - 120 * MINUTE


async def a_lead(world: World, arrived_at: datetime) -> str:
    """Thirty minutes in the queue, an hour rep-1's, then escalated now; due after an hour."""
    body = {"team": "north", "priority": "high", "at": arrived_at.isoformat()}
    lead = str((await world.done("manager", "/leads", body))["lead"])
    assigned_at = arrived_at + 30 * MINUTE
    await world.done("manager", f"/leads/{lead}/assignments", {"to": "rep-1", "at": assigned_at.isoformat()})
    return lead


async def escalated(world: World, lead: str) -> None:
    await world.office.desk.handle(lead_stream(LeadId(lead)), KeepTime(), by=TIMEKEEPER)
    world.position = await world.head()


async def told(world: World, caller: str, path: str, **parameters: Any) -> dict[str, Any]:
    answer = await world.see(caller, path, **parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def at(instant: datetime) -> str:
    return instant.isoformat()


async def test_each_minute_of_a_lead_is_somebodys_and_they_sum_to_what_elapsed(
    world: World, arrived_at: datetime
) -> None:
    lead = await a_lead(world, arrived_at)
    await escalated(world, lead)
    await world.done("rep", f"/leads/{lead}/outreach", {"channel": "call", "outcome": "reached"})
    ledger = await told(world, "rep", f"/leads/{lead}/ledger")
    [first] = ledger["items"]
    assert (first["clock"], first["unit"], first["calendar"], first["calendar_version"]) == (
        "first_response", "business_minutes", "always", 1
    )  # fmt: skip
    queue, owner, manager = first["bookings"]
    assert [(one["holder"], one["person"], one["team"]) for one in first["bookings"]] == [
        ("queue", None, "north"),
        ("owner", "rep-1", "north"),
        ("manager", "lead-1", "north"),
    ]
    assert datetime.fromisoformat(queue["begins_at"]) == arrived_at
    assert (queue["minutes"], queue["late_minutes"], queue["running"]) == (30.0, 0.0, False)
    assert 90 <= owner["minutes"] < 91
    assert owner["late_minutes"] == pytest.approx(owner["minutes"] - 30, abs=0.002)
    assert manager["late_minutes"] == manager["minutes"]
    assert first["elapsed_minutes"] == first["booked_minutes"] >= 120
    assert [(one["holder"], one["clock"], one["leads"]) for one in ledger["holders"]] == [
        ("queue", "first_response", 1),
        ("owner", "first_response", 1),
        ("manager", "first_response", 1),
    ]
    assert datetime.fromisoformat(ledger["begins_at"]) == arrived_at


async def test_what_runs_still_is_cut_now_or_at_the_end_of_the_period(world: World, arrived_at: datetime) -> None:
    lead = await a_lead(world, arrived_at)
    [clock] = (await told(world, "rep", f"/leads/{lead}/ledger"))["items"]
    assert [one["running"] for one in clock["bookings"]] == [False, True]
    begins, ends = arrived_at + 10 * MINUTE, arrived_at + 45 * MINUTE
    part = await told(world, "rep", f"/leads/{lead}/ledger", **{"from": at(begins), "to": at(ends)})
    assert (part["begins_at"], part["ends_at"]) == tuple(at(one).replace("+00:00", "Z") for one in (begins, ends))
    [clock] = part["items"]
    assert [(one["minutes"], one["running"]) for one in clock["bookings"]] == [(20.0, False), (15.0, True)]
    assert clock["elapsed_minutes"] == clock["booked_minutes"] == 35.0
    in_advance = {"to": at(datetime.now(UTC) + timedelta(days=9))}
    now = await told(world, "rep", f"/leads/{lead}/ledger", **in_advance)
    assert datetime.fromisoformat(now["ends_at"]) <= datetime.now(UTC)


async def test_of_a_person_it_tells_how_many_minutes_and_in_which_leads(world: World, arrived_at: datetime) -> None:
    lead, gone = await a_lead(world, arrived_at), await a_lead(world, arrived_at)
    reassigned_at = arrived_at + 40 * MINUTE
    await world.done("manager", f"/leads/{gone}/assignments", {"to": "rep-2", "at": at(reassigned_at)})
    period = {"from": at(arrived_at), "to": at(arrived_at + 100 * MINUTE)}
    for caller in ("rep", "manager", "auditor"):
        mine = await told(world, caller, "/people/rep-1/ledger", **period)
        assert mine["leads"] == 2
        assert mine["items"] == [
            {
                "holder": "owner",
                "person": "rep-1",
                "team": "north",
                "clock": "first_response",
                "unit": "business_minutes",
                "leads": 2,
                "minutes": 80.0,
                "late_minutes": 40.0,
            }
        ]
        seen = [(one["lead"], one["href"], one["minutes"], one["late_minutes"]) for one in mine["longest"]]
        ours = [(lead, f"/leads/{lead}/ledger", 70.0, 40.0), (gone, f"/leads/{gone}/ledger", 10.0, 0.0)]
        assert seen == (ours[:1] if caller == "rep" else ours), caller
    assert (await told(world, "team-mate", "/people/rep-2/ledger", **period))["items"][0]["minutes"] == 60.0


async def test_what_waited_is_told_apart_and_is_nobodys_longest(world: World, arrived_at: datetime) -> None:
    lead = await a_lead(world, arrived_at)
    snoozed_at = arrived_at + 40 * MINUTE
    body = {"until": at(arrived_at + 60 * MINUTE), "reason": "asked_to_wait", "at": at(snoozed_at)}
    await world.done("rep", f"/leads/{lead}/snoozes", body)
    period = {"from": at(arrived_at), "to": at(arrived_at + 90 * MINUTE)}
    mine = await told(world, "rep", "/people/rep-1/ledger", **period)
    assert [(one["holder"], one["minutes"], one["late_minutes"]) for one in mine["items"]] == [
        ("owner", 40.0, 10.0),
        ("snoozed", 20.0, 0.0),
    ]
    assert [one["minutes"] for one in mine["longest"]] == [40.0]


async def test_of_a_team_it_tells_the_queue_and_each_person(world: World, arrived_at: datetime) -> None:
    await a_lead(world, arrived_at)
    lead = await a_lead(world, arrived_at)
    await escalated(world, lead)
    period = {"from": at(arrived_at), "to": at(arrived_at + 60 * MINUTE)}
    ours = await told(world, "manager", "/teams/north/ledger", **period)
    assert [(one["holder"], one["person"], one["leads"], one["minutes"]) for one in ours["items"]] == [
        ("queue", None, 2, 60.0),
        ("owner", "rep-1", 2, 60.0),
    ]
    assert (ours["leads"], ours["team"]) == (2, "north")
    whole = await told(world, "manager", "/teams/north/ledger")
    assert "manager" in {one["holder"] for one in whole["items"]}
    assert (await told(world, "other manager", "/teams/south/ledger", **period))["items"] == []


async def test_unless_asked_otherwise_it_is_of_thirty_days(world: World, arrived_at: datetime) -> None:
    await a_lead(world, arrived_at)
    for path in ("/people/rep-1/ledger", "/teams/north/ledger"):
        found = await told(world, "manager", path)
        begins_at, ends_at = (datetime.fromisoformat(found[name]) for name in ("begins_at", "ends_at"))
        assert timedelta(days=30) - MINUTE < ends_at - begins_at <= timedelta(days=30)
        assert found["leads"] == 1
        before = await told(world, "manager", path, to=at(arrived_at))
        assert datetime.fromisoformat(before["begins_at"]) == arrived_at - timedelta(days=30)
        assert (before["leads"], before["items"]) == (0, [])


async def test_before_the_first_event_and_after_the_last_there_is_nothing(world: World, arrived_at: datetime) -> None:
    lead = await a_lead(world, arrived_at)
    for path in (f"/leads/{lead}/ledger", "/people/rep-1/ledger", "/teams/north/ledger"):
        for period in (
            {"from": "0001-01-01T00:00:00Z", "to": "1999-01-01T00:00:00Z"},
            {"to": "0001-01-01T00:00:00Z"},
            {"from": at(arrived_at), "to": at(arrived_at)},
            {"from": "9999-01-01T00:00:00Z", "to": "9999-12-31T23:59:59Z"},
        ):
            assert (await told(world, "manager", path, **period))["items"] == [], (path, period)


async def test_what_is_wrong_with_a_period_is_named(world: World, arrived_at: datetime) -> None:
    lead = await a_lead(world, arrived_at)
    for path in (f"/leads/{lead}/ledger", "/people/rep-1/ledger", "/teams/north/ledger"):
        for period, named in (
            ({"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T08:59:59Z"}, "query.from"),
            ({"from": at(datetime.now(UTC) + timedelta(days=1))}, "query.from"),
            ({"from": "2026-03-02T09:00:00"}, "query.from"),
            ({"to": "2026-03-02"}, "query.to"),
            ({"to": "yesterday"}, "query.to"),
            ({"begins": "2026-03-02T09:00:00Z"}, "query.begins"),
        ):
            answer = await world.see("manager", path, **period)
            assert answer.status_code == 422, (path, period)
            assert [one["path"] for one in answer.json()["errors"]] == [named]
    upside_down = await world.see("manager", path, **{"from": "2026-03-02T09:00:00Z", "to": "2026-03-02T08:00:00Z"})
    assert upside_down.json()["errors"][0]["problem"] == "The period ends before it begins."


async def test_who_has_no_business_with_it_is_told_of_nothing(world: World, arrived_at: datetime) -> None:
    lead = await a_lead(world, arrived_at)
    for caller, paths in {
        "team-mate": (f"/leads/{lead}/ledger", "/people/rep-1/ledger", "/teams/north/ledger"),
        "rep": ("/teams/north/ledger", "/people/rep-2/ledger"),
        "other manager": (f"/leads/{lead}/ledger", "/people/rep-1/ledger", "/teams/north/ledger"),
        "admin": (f"/leads/{lead}/ledger", "/people/rep-1/ledger", "/teams/north/ledger"),
        "manager": ("/people/nobody/ledger", "/teams/nowhere/ledger"),
    }.items():
        for path in paths:
            assert (await world.see(caller, path)).status_code == 404, (caller, path)


async def test_more_than_can_be_counted_is_refused(
    world: World, arrived_at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    lead = await a_lead(world, arrived_at)
    monkeypatch.setattr(bookkeeping, "MOST_LINES", 1)
    answer = await world.see("rep", f"/leads/{lead}/ledger")
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/too-many-bookings")
    assert answer.json()["detail"] == "More than 1 bookings lie in this period; ask for a shorter one."
