"""Clocks through the API: what is owed to a lead, by when, and why."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from commands.clocks import KeepTime
from domain.identity import LeadId, lead_stream
from services.timekeeper import TIMEKEEPER
from tests.services.api.world import AT_ALL_HOURS, WAITING, World


@pytest.fixture(autouse=True)
async def governed(world: World) -> None:
    await world.govern(AT_ALL_HOURS)


async def a_lead(world: World, arrived_minutes_ago: int) -> str:
    at = (datetime.now(UTC) - timedelta(minutes=arrived_minutes_ago)).isoformat()
    lead = str((await world.done("manager", "/leads", {"team": "north", "priority": "high", "at": at}))["lead"])
    await world.done("manager", f"/leads/{lead}/assignments", {"to": "rep-1", "at": at})
    return lead


async def clocks(world: World, lead: str) -> list[dict[str, Any]]:
    answer = await world.see("rep", f"/leads/{lead}/clocks")
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def ledger(world: World, lead: str) -> float:
    """How many minutes of it are booked."""
    answer = await world.see("manager", f"/leads/{lead}/ledger")
    assert answer.status_code == 200, answer.text
    return sum(float(line["booked_minutes"]) for line in answer.json()["items"])


async def keep_time(world: World, lead: str) -> tuple[str, ...]:
    receipt = await world.office.desk.handle(lead_stream(LeadId(lead)), KeepTime(), by=TIMEKEEPER)
    return receipt.events


async def test_everything_that_a_deadline_was_computed_from_is_told(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=50)
    await world.done("service", f"/leads/{lead}/automatic-messages", {"channel": "email", "outcome": "sent"})
    assert await keep_time(world, lead) == ("SomebodyReminded.v1",)
    [clock] = await clocks(world, lead)
    assert (clock["clock"], clock["standing"], clock["target_minutes"], clock["unit"]) == (
        "first_response", "at_risk", 60, "business_minutes"
    )  # fmt: skip
    assert (clock["policy"], clock["policy_version"], clock["calendar"], clock["calendar_version"], clock["zone"]) == (
        "at-all-hours", 1, "always", 1, "Europe/Vienna"
    )  # fmt: skip
    started, respond_by = (datetime.fromisoformat(clock[name]) for name in ("started_at", "respond_by"))
    assert respond_by - started == timedelta(minutes=60)
    assert 50 <= clock["elapsed_minutes"] < 60
    reminded, escalates = clock["rungs"]
    assert (reminded["deed"], reminded["whom"], 240 < reminded["late_seconds"] < 600) == ("remind", "owner", True)
    assert (escalates["deed"], escalates["fired_at"]) == ("escalate", None)
    assert [one["because"] for one in clock["did_not_stop"]] == ["a machine sent it"]


async def test_what_was_promised_is_not_counted(world: World) -> None:
    follow_up = {"follow_up": {"target_minutes": 60, "unit": "business_minutes"}}
    waits = {"policy": "at-all-hours", "calendar": "always", "clocks": follow_up, **WAITING}
    await world.done("admin", "/policies", waits)
    lead = await a_lead(world, arrived_minutes_ago=50)
    await world.done("rep", f"/leads/{lead}/outreach", {"channel": "call", "outcome": "reached"})
    by = (datetime.now(UTC) + timedelta(minutes=90)).replace(microsecond=0)
    await world.done("rep", f"/leads/{lead}/promises", {"follow_up_by": by.isoformat()})
    clock = (await clocks(world, lead))[0]
    assert clock["why"].startswith("Promised on ")
    assert clock["why"].endswith(f" for {by.astimezone(ZoneInfo('Europe/Vienna')):%a %H:%M} (Europe/Vienna).")
    assert (clock["counted"], clock["not_counted"]) == ([], [])
    until = by + timedelta(hours=1)
    await world.done("rep", f"/leads/{lead}/snoozes", {"until": until.isoformat(), "reason": "other"})
    waits = (await clocks(world, lead))[0]["why"]
    assert waits.endswith(f"; the lead waits until {until.astimezone(ZoneInfo('Europe/Vienna')):%a %H:%M}.")


async def test_the_rule_that_chose_the_policy_is_told_as_it_was_then(world: World) -> None:
    north = {"policy": "at-all-hours", "team": "north"}
    await world.done("admin", "/rulebook", {"rules": [{"policy": "at-all-hours", "source": "website"}, north]})
    lead = str((await world.done("manager", "/leads", {"team": "north"}))["lead"])
    await world.done("manager", f"/leads/{lead}/routings", {"team": "south"})
    await world.done("admin", "/rulebook", {"rules": []})
    answer = await world.see("auditor", f"/leads/{lead}/clocks")
    [clock] = answer.json()["items"]
    assert clock["rule"] == {
        "rulebook_version": 2,
        "number": 2,
        "because": "rule 2: any source, team north, any priority",
    }
    story = (await world.see("auditor", f"/leads/{lead}/timeline")).json()["items"]
    assert "rulebook, version 2" in story[1]["sentence"]


async def test_a_clock_that_was_stopped_says_when_and_why(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=90)
    assert (await clocks(world, lead))[0]["standing"] == "overdue"
    await keep_time(world, lead)
    await world.done("rep", f"/leads/{lead}/outreach", {"channel": "email", "outcome": "bounced"})
    await world.done("rep", f"/leads/{lead}/outreach", {"channel": "call", "outcome": "reached"})
    [clock] = await clocks(world, lead)
    assert (clock["standing"], clock["stopped_because"], clock["breached"]) == ("stopped_late", "answered", True)
    assert [one["because"] for one in clock["did_not_stop"]] == ["it did not arrive"]

    at = (datetime.now(UTC) - timedelta(minutes=70)).isoformat()
    await world.done("rep", f"/leads/{lead}/outreach", {"channel": "call", "outcome": "no_answer", "at": at})
    [clock] = await clocks(world, lead)
    assert (clock["breached"], clock["retracted"]) == (False, True)


async def test_a_lead_that_waits_is_owed_later(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=10)
    until = datetime.now(UTC) + timedelta(hours=3)
    body = {"until": until.isoformat(), "reason": "asked_to_wait", "note": "after lunch"}
    receipt = await world.done("rep", f"/leads/{lead}/snoozes", body)
    assert receipt["events"] == ["LeadSnoozed.v1", "ClockMoved.v1"]
    [clock] = await clocks(world, lead)
    assert datetime.fromisoformat(clock["respond_by"]) > until + timedelta(minutes=49)
    assert clock["standing"] == "waiting"
    [line] = (await world.see("rep", "/queues/me")).json()["items"]
    assert (datetime.fromisoformat(line["waits_until"]), line["waits_because"]) == (until, "asked_to_wait")
    [pause] = clock["pauses"]
    assert datetime.fromisoformat(pause["ends_at"]) == until
    assert (pause["snoozed_by"], pause["reason"], pause["woken_by"]) == ("rep-1", "asked_to_wait", None)
    before, after = clock["counted"]
    assert (before["ends_at"], after["begins_at"]) == (pause["begins_at"], pause["ends_at"])
    assert before["minutes"] + after["minutes"] == pytest.approx(60, abs=0.002)
    assert [gap["because"] for gap in clock["not_counted"]] == ["snoozed"]
    assert "; snoozed from " in clock["why"]
    notes = await world.see("rep", f"/leads/{lead}/notes")
    assert [line["note"] for line in notes.json()["items"]] == ["after lunch"]
    woken = await world.done("rep", f"/leads/{lead}/wakings", {})
    assert woken["events"] == ["LeadWoken.v1", "ClockMoved.v1"]
    [clock] = await clocks(world, lead)
    assert [pause["woken_by"] for pause in clock["pauses"]] == ["rep-1"]
    assert clock["standing"] == "on_track"
    [line] = (await world.see("rep", "/queues/me")).json()["items"]
    assert (line["waits_until"], line["waits_because"]) == (None, None)


async def test_a_lead_that_is_overdue_waits_too_until_it_writes(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=90)
    await keep_time(world, lead)
    until = datetime.now(UTC) + timedelta(hours=3)
    await world.done("rep", f"/leads/{lead}/snoozes", {"until": until.isoformat(), "reason": "out_of_office"})
    [clock] = await clocks(world, lead)
    assert (clock["standing"], clock["breached"]) == ("waiting", True)
    reply = await world.done("service", f"/leads/{lead}/replies", {"channel": "email"})
    assert reply["events"][:2] == ["LeadReplied.v1", "LeadWoken.v1"]
    [clock] = await clocks(world, lead)
    assert clock["standing"] == "overdue"
    [line] = (await world.see("rep", "/queues/me")).json()["items"]
    assert line["waits_until"] is None


async def test_a_holiday_that_is_told_later_changes_nothing_about_a_clock_that_stands(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=50)
    [before], booked = await clocks(world, lead), await ledger(world, lead)
    today = datetime.now(ZoneInfo("Europe/Vienna")).date()
    days = [{"day": (today + timedelta(days=days)).isoformat()} for days in range(2)]
    await world.done("admin", "/calendars/exceptions", {"calendar": "always", "days": days})
    [after] = await clocks(world, lead)
    assert after["elapsed_minutes"] >= before["elapsed_minutes"] > 0
    assert (after["respond_by"], after["calendar_version"]) == (before["respond_by"], 1)
    assert await ledger(world, lead) >= booked >= 50
    newer = await a_lead(world, arrived_minutes_ago=0)
    assert [clock["calendar_version"] for clock in await clocks(world, newer)] == [2]


async def test_whoever_was_told_acknowledges(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=90)
    act_by = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    refused = await world.post("manager", f"/leads/{lead}/acknowledgements", {"act_by": act_by})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/nothing-to-acknowledge")
    await keep_time(world, lead)
    answer = await world.done("manager", f"/leads/{lead}/acknowledgements", {"act_by": act_by})
    assert answer["events"] == ["EscalationAcknowledged.v1"]
    assert (await world.post("rep", f"/leads/{lead}/acknowledgements", {"act_by": act_by})).status_code == 404


async def test_what_is_out_of_range_is_told_with_its_field(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=10)
    for act, body, field in (
        ("snoozes", {"until": "2020-01-01T00:00:00Z", "reason": "other"}, "body.until"),
        ("snoozes", {"until": (datetime.now(UTC) + timedelta(days=9)).isoformat(), "reason": "other"}, "body.until"),
    ):
        answer = await world.post("rep", f"/leads/{lead}/{act}", body)
        assert answer.status_code == 422, answer.text
        assert [error["path"] for error in answer.json()["errors"]] == [field]


async def test_without_a_policy_a_lead_has_no_clocks(world: World) -> None:
    at = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    lead = (await world.done("manager", "/leads", {"team": "north", "at": at}))["lead"]
    answer = await world.see("manager", f"/leads/{lead}/clocks")
    assert answer.json()["items"] == []
    for other in ("other rep", "other manager"):
        assert (await world.see(other, f"/leads/{lead}/clocks")).status_code == 404


async def test_a_queue_stands_in_the_order_of_its_deadlines_and_shows_who_needs_help(world: World) -> None:
    late, early = await a_lead(world, arrived_minutes_ago=90), await a_lead(world, arrived_minutes_ago=10)
    await keep_time(world, late)
    world.position = await world.head()
    queue = (await world.see("rep", "/queues/me")).json()["items"]
    assert [line["lead"] for line in queue] == [late, early]
    assert all(line["respond_by"] == line["attention_at"] for line in queue)
    assert [line["escalated_to"] for line in queue] == ["lead-1", None]

    for caller, leads in {"manager": [late], "auditor": [late], "other manager": [], "rep": []}.items():
        found = await world.see(caller, "/escalations")
        assert [line["lead"] for line in found.json()["items"]] == leads, caller

    act_by = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    await world.done("manager", f"/leads/{late}/acknowledgements", {"act_by": act_by.isoformat()})
    [line] = (await world.see("manager", "/escalations")).json()["items"]
    assert datetime.fromisoformat(line["act_by"]) == act_by
    await world.done("rep", f"/leads/{late}/outreach", {"channel": "call", "outcome": "reached"})
    assert (await world.see("manager", "/escalations")).json()["items"] == []


async def test_a_lead_that_somebody_else_has_taken_needs_no_help_any_more(world: World) -> None:
    lead = await a_lead(world, arrived_minutes_ago=90)
    await keep_time(world, lead)
    world.position = await world.head()
    assert [line["lead"] for line in (await world.see("manager", "/escalations")).json()["items"]] == [lead]
    await world.done("manager", f"/leads/{lead}/assignments", {"to": "rep-2"})
    assert (await world.see("manager", "/escalations")).json()["items"] == []


async def test_escalations_are_told_page_by_page(world: World) -> None:
    leads = [await a_lead(world, arrived_minutes_ago=minutes) for minutes in (95, 92, 90)]
    for lead in leads:
        await keep_time(world, lead)
    world.position = await world.head()
    first = (await world.see("manager", "/escalations", limit=2)).json()
    rest = (await world.see("manager", "/escalations", limit=2, cursor=first["next"])).json()
    assert [line["lead"] for line in (*first["items"], *rest["items"])] == leads
    assert rest["next"] is None
