"""What somebody may not see or do answers exactly as if it did not exist."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from domain.access import ACTIONS, THE_DESK, OfLead, OfPerson, OfTeam, Principal, may
from domain.identity import PersonId, TeamId
from services.api import ROUTERS
from services.api.describing import command_of
from services.api.examples import BODIES
from tests.services.api.world import CALLERS, OFFICE_HOURS, World

SIGNED = "/callbacks/sms/{lead_id}/{notice}"
OPEN_TO_ANYBODY = {"/health", "/ready", "/metrics", SIGNED}
TEAMS: dict[str, tuple[str | None, frozenset[str]]] = {
    "rep": ("north", frozenset()),
    "team-mate": ("north", frozenset()),
    "other rep": ("south", frozenset()),
    "manager": ("north", frozenset({"north"})),
    "other manager": ("south", frozenset({"south"})),
}
# The lead is rep-1's, in team north; the person is rep-1, the team is north.
REP, NORTH = PersonId("rep-1"), TeamId("north")
THE_LEAD, THE_PERSON, THE_TEAM = OfLead(REP, NORTH), OfPerson(REP, NORTH), OfTeam(NORTH)
THERE = {
    "person": "rep-1",
    "team": "north",
    "source": "website",
    "projection": "leads",
    "calendar": "office",
    "policy": "quick",
}
NOWHERE = {
    "person": "nobody",
    "team": "nowhere",
    "source": "nothing",
    "projection": "nothing",
    "calendar": "nowhere",
    "policy": "nowhere",
}
QUESTIONS: dict[str, Any] = {
    "/leads": THE_DESK,
    "/leads/count": THE_DESK,
    "/leads/{lead_id}": THE_LEAD,
    "/leads/{lead_id}/contact": THE_LEAD,
    "/leads/{lead_id}/notes": THE_LEAD,
    "/leads/{lead_id}/clocks": THE_LEAD,
    "/leads/{lead_id}/notices": THE_LEAD,
    "/leads/{lead_id}/ledger": THE_LEAD,
    "/leads/{lead_id}/timeline": THE_LEAD,
    "/queues/me": None,
    "/queues/{person}": THE_PERSON,
    "/teams/{team}/queue": THE_TEAM,
    "/teams/{team}/load": THE_TEAM,
    "/teams/{team}/offers": THE_TEAM,
    "/queue": THE_DESK,
    "/escalations": None,
    "/notices": THE_DESK,
    "/people": THE_DESK,
    "/people/{person}": THE_PERSON,
    "/people/{person}/profile": THE_PERSON,
    "/people/{person}/ledger": THE_PERSON,
    "/people/{person}/timeline": THE_PERSON,
    "/teams": THE_DESK,
    "/teams/{team}": THE_TEAM,
    "/teams/{team}/ledger": THE_TEAM,
    "/teams/{team}/timeline": THE_TEAM,
    "/desk": THE_DESK,
    "/desk/timeline": THE_DESK,
    "/sources": THE_DESK,
    "/sources/{source}/timeline": THE_DESK,
    "/calendars": THE_DESK,
    "/calendars/{calendar}": THE_DESK,
    "/policies": THE_DESK,
    "/policies/{policy}": THE_DESK,
    "/policies/{policy}/trial": THE_DESK,
    "/rulebook": THE_DESK,
    "/projections": THE_DESK,
    "/projections/{projection}/parked": THE_DESK,
}


@pytest.fixture(autouse=True)
async def governed(world: World) -> None:
    await world.govern(OFFICE_HOURS)


def routes() -> Iterator[APIRoute]:
    for router in ROUTERS:
        yield from (route for route in router.routes if isinstance(route, APIRoute))


def questions() -> list[APIRoute]:
    return [route for route in routes() if "GET" in (route.methods or ()) and route.path not in OPEN_TO_ANYBODY]


def acts() -> list[APIRoute]:
    return [route for route in routes() if "POST" in (route.methods or ()) and route.path != SIGNED]


def action_of(route: APIRoute) -> str | None:
    command = command_of(route.endpoint)
    return command.action if command is not None else next(_actions(route.dependant), None)


def _actions(dependant: Dependant) -> Iterator[str]:
    for below in dependant.dependencies:
        if action := getattr(below.call, "action", None):
            yield action
        yield from _actions(below)


def principal(caller: str) -> Principal:
    subject, role, scopes = CALLERS[caller]
    team, answers_for = TEAMS.get(caller, (None, frozenset()))
    return Principal(subject, role, "key", team, answers_for, frozenset(scopes))  # type: ignore[arg-type]


def test_every_route_names_its_action_or_is_open_to_anybody() -> None:
    nameless = {route.path for route in routes() if action_of(route) not in ACTIONS}
    assert nameless == OPEN_TO_ANYBODY


def test_every_action_is_named_by_some_route() -> None:
    assert {action_of(route) for route in routes()} >= ACTIONS - {
        "lead.keep_time",
        "lead.notify",
    }  # the timekeeper's own, and the notifier's


async def test_every_question_answers_whom_the_policy_allows_and_nobody_else(world: World) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Ada"})
    await world.see("rep", f"/leads/{lead}")
    assert {route.path for route in questions()} == set(QUESTIONS)
    for route in questions():
        path = route.path.format_map({**THERE, "lead_id": lead})
        for caller in CALLERS:
            who = principal(caller)
            what = QUESTIONS[route.path] or OfPerson(who.id, who.team)  # type: ignore[arg-type]
            expected = 200 if may(who, action_of(route), what) else 404  # type: ignore[arg-type]
            answer = await world.get(caller, path)
            assert answer.status_code == expected, (caller, path, answer.text)


@pytest.mark.parametrize("caller", CALLERS)
async def test_what_may_not_be_seen_is_told_like_what_is_not_there(world: World, caller: str) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Ada"})
    await world.see("rep", f"/leads/{lead}")
    for route in questions():
        there = await world.get(caller, route.path.format_map({**THERE, "lead_id": lead}))
        if there.status_code == 404 and "{" in route.path:
            nowhere = {**NOWHERE, "lead_id": str(uuid4())}
            assert _alike(there, await world.get(caller, route.path.format_map(nowhere)))


@pytest.mark.parametrize("caller", CALLERS)
async def test_what_may_not_be_done_is_told_like_what_is_not_there(world: World, caller: str) -> None:
    lead = await world.lead(to="rep-1")
    head = await world.head()
    refused = 0
    for route in acts():
        command = command_of(route.endpoint)
        assert command is not None
        if may(principal(caller), command.action, THE_LEAD if "{lead_id}" in route.path else THE_DESK):
            continue
        if command.action == "lead.create" and may(principal(caller), "lead.create", OfLead(None, None)):
            continue
        refused += 1
        body = BODIES[command]["example"]["value"]
        send = world.hand_in if isinstance(body, str) else world.post
        there = await send(caller, route.path.format(**THERE, lead_id=lead), body)
        assert there.status_code == 404, (route.path, there.text)
        assert _alike(there, await send(caller, route.path.format(**NOWHERE, lead_id=uuid4()), body))
    assert refused > 0
    assert await world.head() == head


def _alike(one: httpx.Response, other: httpx.Response) -> bool:
    return (one.status_code, one.content, one.headers) == (other.status_code, other.content, other.headers)


async def test_names_stand_in_the_queues_of_those_who_may_see_them(world: World) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Ada Example"})
    for caller, path, name in [
        ("rep", "/queues/me", "Ada Example"),
        ("manager", "/queues/rep-1", "Ada Example"),
        ("manager", "/teams/north/queue", "Ada Example"),
        ("auditor", "/queues/rep-1", None),
        ("auditor", "/teams/north/queue", None),
    ]:
        (line,) = (await world.see(caller, path)).json()["items"]
        assert (line["lead"], line["name"]) == (lead, name), caller


async def test_a_rep_sees_in_the_teams_queue_only_what_waits(world: World) -> None:
    await world.lead(to="rep-1", contact={"name": "Ada"})
    waiting = await world.lead(contact={"name": "Bea"})
    (line,) = (await world.see("team-mate", "/teams/north/queue")).json()["items"]
    assert (line["lead"], line["name"]) == (waiting, None)


async def test_a_rep_lists_their_own_leads_and_nobody_elses(world: World) -> None:
    mine, mates = await world.lead(to="rep-1"), await world.lead(to="rep-2")
    listed = (await world.see("rep", "/leads", owner="rep-1")).json()["items"]
    assert [line["lead"] for line in listed] == [mine]
    assert mates not in (await world.see("rep", "/leads", owner="rep-1", as_of="2126-01-01T00:00:00Z")).text
    for others in ({"owner": "rep-2"}, {"team": "north"}, {}):
        assert (await world.see("rep", "/leads", **others)).status_code == 404


async def test_a_manager_compares_the_owners_of_their_own_team_and_no_other_teams(world: World) -> None:
    await world.lead(to="rep-1")
    count = "/leads/count"
    for told_apart in ("owner", "team"):
        for others in ({}, {"source": "website"}, {"team": "south"}, {"owner": "rep-3"}):
            refused = await world.see("manager", count, group_by=["source", told_apart], **others)
            assert refused.status_code == 404, (told_apart, others)
        for theirs in ({"team": "north"}, {"owner": "rep-1"}):
            (line,) = (await world.see("manager", count, group_by=told_apart, **theirs)).json()["items"]
            assert (line["group"][told_apart], line["total"]) == ({"owner": "rep-1", "team": "north"}[told_apart], 1)
        assert (await world.see("auditor", count, group_by=told_apart)).status_code == 200
    assert (await world.see("manager", count, group_by="source")).status_code == 200
    assert (await world.see("rep", count, group_by="team", owner="rep-1")).status_code == 200


async def test_a_list_leaves_out_what_a_caller_may_not_see(world: World) -> None:
    ours, theirs = await world.lead(to="rep-1"), await world.lead()
    await world.done("manager", f"/leads/{theirs}/routings", {"team": "south"})
    seen = {who: await world.see(who, "/leads") for who in ("manager", "other manager", "auditor")}
    listed = {who: {line["lead"] for line in answer.json()["items"]} for who, answer in seen.items()}
    assert listed == {"manager": {ours}, "other manager": {theirs}, "auditor": {ours, theirs}}
