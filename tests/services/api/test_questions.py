"""Questions are answered from the read models, as fresh as was asked for, as of and as known at any instant."""

import asyncio
from typing import Any

from psycopg import AsyncConnection

from services.api import create_app
from services.api.reading import LONGEST_WAIT_SECONDS
from services.settings import Settings
from tests.services.api.world import World, projectors, ready, served


async def test_a_reader_sees_their_own_write(world: World) -> None:
    for _ in range(5):
        created = await world.done("rep", "/leads", {"source": "website"})
        found = await world.get("rep", f"/leads/{created['lead']}", after=created["position"])
        assert found.status_code == 200
        assert found.json()["position"] >= created["position"]


async def test_a_read_model_that_lags_says_how_far_it_is(world: World, settings: Settings) -> None:
    world.app.state.longest_wait_seconds = 0.05
    async with await AsyncConnection.connect(settings.dsn or "") as connection:
        await connection.execute("SELECT FROM read.progress WHERE projection = 'queues' AND live FOR UPDATE")
        created = await world.done("rep", "/leads", {"source": "website"})
        lagging = await world.get("rep", "/queues/me", after=created["position"])
    assert (lagging.status_code, lagging.headers["retry-after"]) == (503, "1")
    told = lagging.json()
    assert told["type"] == "/problems/lags-behind"
    assert told["about"]["projection"] == "queues"
    assert int(told["about"]["reached"]) < int(told["about"]["asked_for"]) == created["position"]
    world.app.state.longest_wait_seconds = LONGEST_WAIT_SECONDS
    assert (await world.get("rep", "/queues/me", after=created["position"])).status_code == 200


async def test_a_position_beyond_the_log_is_an_error_and_not_a_wait(world: World) -> None:
    answer = await world.get("rep", "/queues/me", after=await world.head() + 1)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "query.after")


async def test_pages_follow_one_another_without_gap_or_repetition(world: World) -> None:
    created = [await world.lead(to="rep-1", contact={"name": f"Lead {n}"}) for n in range(7)]
    for caller, path, key, expected in [
        ("rep", "/queues/me", "lead", created),
        ("auditor", "/leads", "lead", created[::-1]),
        ("admin", "/people", "person", ["lead-1", "lead-2", "rep-1", "rep-2", "rep-3"]),
        ("admin", "/teams", "team", ["germany", "north", "south"]),
        ("auditor", f"/leads/{created[0]}/timeline", "what", ["LeadCreated", "LeadAssigned"]),
    ]:
        assert [line[key] for line in await _all(world, caller, path)] == expected, path


async def _all(world: World, caller: str, path: str) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    parameters: dict[str, Any] = {"after": world.position, "limit": 2}
    while True:
        page = (await world.get(caller, path, **parameters)).json()
        assert len(page["items"]) <= 2
        lines += page["items"]
        if page["next"] is None:
            return lines
        parameters = {"limit": 2, "cursor": page["next"]}


async def test_a_cursor_belongs_to_its_question_and_is_taken_as_it_is(world: World) -> None:
    for _ in range(2):
        await world.lead()
    cursor = (await world.see("auditor", "/leads", limit=1)).json()["next"]
    assert (await world.get("auditor", "/leads", limit=1, cursor=cursor)).status_code == 200
    changed = ("B" if cursor[5] == "A" else "A").join((cursor[:5], cursor[6:]))
    for path, broken in [
        ("/teams/north/queue", cursor),
        ("/people", cursor),
        ("/leads", changed),
        ("/leads", cursor[1:]),
    ]:
        answer = await world.get("auditor", path, cursor=broken)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/cursor-is-broken")


async def test_a_queue_shows_what_is_promised_and_what_waits(world: World) -> None:
    promised, new = await world.lead(to="rep-1"), await world.lead(to="rep-1", contact={"name": "Ada"})
    await world.done("rep", f"/leads/{promised}/outreach", {"channel": "call", "outcome": "reached"})
    await world.done("rep", f"/leads/{promised}/promises", {"follow_up_by": "2126-03-03T15:00:00+01:00"})
    lines = (await world.see("rep", "/queues/me")).json()["items"]
    assert [(line["lead"], line["state"], line["name"]) for line in lines] == [
        (new, "new", "Ada"),
        (promised, "promised", None),
    ]
    assert lines[1]["follow_up_by"] == "2126-03-03T14:00:00Z"
    assert (await world.see("manager", "/queues/rep-1")).json()["items"] == lines
    assert (await world.see("manager", "/teams/north/queue")).json()["items"] == lines
    assert (await world.see("manager", "/teams/north/queue", unassigned=True)).json()["items"] == []


async def test_a_manager_sees_how_much_each_has_on_the_plate(world: World) -> None:
    await world.lead()
    new, replied = await world.lead(to="rep-1"), await world.lead(to="rep-1")
    await world.lead(to="rep-2")
    await world.done("rep", f"/leads/{replied}/outreach", {"channel": "call", "outcome": "reached"})
    await world.done("rep", f"/leads/{replied}/replies", {"channel": "call"})
    await world.done("rep", f"/leads/{new}/outreach", {"channel": "call", "outcome": "reached"})
    loads = (await world.see("manager", "/teams/north/load")).json()["items"]
    assert [(one["owner"], one["new"], one["replied"], one["contacted"], one["total"]) for one in loads] == [
        (None, 1, 0, 0, 1),
        ("rep-1", 0, 1, 1, 2),
        ("rep-2", 1, 0, 0, 1),
    ]
    assert (await world.see("rep", "/teams/north/load")).status_code == 404


async def test_what_is_in_no_teams_queue_waits_for_the_desk(world: World) -> None:
    created = await world.done("manager", "/leads", {"contact": {"name": "Ada"}})
    (line,) = (await world.see("manager", "/queue")).json()["items"]
    assert (line["lead"], line["team"], line["name"]) == (created["lead"], None, "Ada")


async def test_how_things_were_and_what_was_known_of_them(world: World) -> None:
    lead = await world.lead(at="2026-03-02T09:00:00Z")
    await world.done("manager", f"/leads/{lead}/assignments", {"to": "rep-1", "at": "2026-03-02T10:00:00Z"})
    before = (await world.see("auditor", f"/leads/{lead}/timeline")).json()["items"][-1]["recorded_at"]
    call = {"channel": "call", "outcome": "reached", "at": "2026-03-02T11:00:00Z"}
    await world.done("rep", f"/leads/{lead}/outreach", call)

    async def at(**instants: str) -> tuple[str | None, int] | int:
        answer = await world.see("auditor", f"/leads/{lead}", **instants)
        told = answer.json()
        return (told["owner"], told["outreach_count"]) if answer.status_code == 200 else answer.status_code

    assert await at() == ("rep-1", 1)
    assert await at(as_of="2026-03-02T08:59:59Z") == 404
    assert await at(as_of="2026-03-02T09:30:00Z") == (None, 0)
    assert await at(as_of="2026-03-02T12:00:00+01:00") == ("rep-1", 1)
    assert await at(as_known=before) == ("rep-1", 0)
    assert await at(as_of="2026-03-02T11:30:00Z", as_known=before) == ("rep-1", 0)
    told = (await world.see("auditor", f"/leads/{lead}/timeline", as_known=before)).json()["items"]
    assert [line["what"] for line in told] == ["LeadCreated", "LeadAssigned"]


async def test_the_timeline_tells_who_did_what_and_by_which_key(world: World) -> None:
    lead = await world.lead(to="rep-1", at="2026-03-02T09:00:00Z")
    created, assigned = (await world.see("auditor", f"/leads/{lead}/timeline")).json()["items"]
    assert (created["who"], created["role"], created["what"]) == ("lead-1", "manager", "LeadCreated")
    assert created["via"] == f"key:{world.keys['manager'][:13]}"
    assert created["late_seconds"] > 3600
    assert "rep-1" in assigned["sentence"]


async def test_people_teams_and_sources_have_their_stories_too(world: World) -> None:
    await world.done("admin", "/people/moves", {"person": "rep-1", "team": "south"})
    await world.done("admin", "/sources/retirements", {"source": "website"})
    for path, happened in [
        ("/people/rep-1/timeline", ["PersonJoined", "PersonMoved"]),
        ("/teams/north/timeline", ["TeamFormed", "TeamEntrusted"]),
        ("/sources/website/timeline", ["SourceRegistered", "SourceRetired"]),
    ]:
        told = (await world.see("auditor", path)).json()["items"]
        assert [line["what"] for line in told] == happened, path
        assert {line["who"] for line in told} == {"admin-1"}
        (first,) = (await world.see("admin", path, as_known=told[0]["recorded_at"], order="recorded")).json()["items"]
        assert first == told[0]
    for path in ("/people/nobody/timeline", "/teams/nowhere/timeline", "/sources/nothing/timeline"):
        assert (await world.see("auditor", path)).status_code == 404


async def test_counts_by_source_team_and_owner(world: World) -> None:
    await world.done("admin", "/sources", {"source": "fair", "team": "south"})
    won = await world.lead(to="rep-1")
    await world.lead(source="fair")
    await world.done("rep", f"/leads/{won}/conversion", {"value": "10", "currency": "EUR"})
    counted = (await world.see("auditor", "/leads/count", group_by=["source", "team"])).json()["items"]
    assert [(line["group"], line["open"], line["converted"], line["total"]) for line in counted] == [
        ({"source": "fair", "team": "south"}, 1, 0, 1),
        ({"source": "website", "team": "north"}, 0, 1, 1),
    ]
    (all_of_them,) = (await world.see("manager", "/leads/count")).json()["items"]
    assert (all_of_them["group"], all_of_them["total"]) == ({}, 2)
    (mine,) = (await world.see("rep", "/leads/count", owner="rep-1")).json()["items"]
    assert mine["total"] == 1
    assert (await world.see("auditor", "/leads/count", owner="nobody")).status_code == 404


async def test_how_a_lead_can_be_reached_is_what_was_told_last(world: World) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Ada", "phone": "+49 30 1"})
    await world.done("rep", f"/leads/{lead}/contact-corrections", {"contact": {"name": "Ada", "phone": "+49 30 22"}})
    told = (await world.see("rep", f"/leads/{lead}/contact")).json()
    assert (told["contact"]["name"], told["contact"]["phone"]) == ("Ada", "+49 30 22")
    unnamed = await world.lead(to="rep-1")
    assert (await world.see("rep", f"/leads/{unnamed}/contact")).json()["contact"] is None


async def test_sixteen_questions_at_once_share_eight_connections(world: World) -> None:
    await world.lead(to="rep-1", contact={"name": "Ada"})
    answers = await asyncio.gather(*(world.see("manager", "/queues/rep-1") for _ in range(32)))
    assert {answer.status_code for answer in answers} == {200}


async def test_without_read_models_the_answer_is_not_ready(settings: Settings) -> None:
    async with served(create_app(settings)) as world:
        world.keys["service"] = await world.key("telephony", "service", ("lead.create", "queue.see"))
        assert (await world.client.get("/health")).json() == {"alive": True}
        for answer in (await world.client.get("/ready"), await world.get("service", "/queue")):
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
        assert (await world.post("service", "/leads", {})).status_code == 201
        async with projectors(settings):
            await ready(world)
            assert len((await world.see("service", "/queue")).json()["items"]) == 1
