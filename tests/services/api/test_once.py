"""A wish with a name is done once, and a wish on a version only on that one."""

import asyncio
from uuid import UUID

from tests.services.api.world import World

CALL = {"channel": "call", "outcome": "reached", "note": "Likes blue"}


async def test_a_repeated_request_is_answered_as_the_first_time(world: World) -> None:
    lead = await world.lead(to="rep-1")
    first = await world.post("rep", f"/leads/{lead}/outreach", CALL, Idempotency_Key="call-1")
    head = await world.head()
    again = await world.post("rep", f"/leads/{lead}/outreach", CALL, Idempotency_Key="call-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"repeated": True}
    assert await world.head() == head


async def test_it_is_so_although_the_state_of_affairs_has_changed(world: World) -> None:
    lead = await world.lead(to="rep-1")
    first = await world.done("rep", f"/leads/{lead}/loss", {"reason": "price"}, Idempotency_Key="loss")
    await world.done("manager", f"/leads/{lead}/reopening", {"reason": "other"})
    await world.done("rep", f"/leads/{lead}/conversion", {})
    again = await world.post("rep", f"/leads/{lead}/loss", {"reason": "price"}, Idempotency_Key="loss")
    assert (again.status_code, again.json()) == (200, first | {"repeated": True})


async def test_creating_again_with_the_same_key_names_the_same_lead(world: World) -> None:
    body = {"source": "website", "contact": {"name": "Ada"}}
    first = await world.post("rep", "/leads", body, Idempotency_Key="form-7")
    again = await world.post("rep", "/leads", body, Idempotency_Key="form-7")
    assert again.json() == first.json() | {"repeated": True}
    assert again.headers["location"] == first.headers["location"]


async def test_no_id_can_be_told_from_a_key_that_is_an_address(world: World) -> None:
    """Ids stay on record for ever, and whoever could compute them could find out by trying whose they are."""
    created = await world.done("rep", "/leads", {}, Idempotency_Key="ada@example.com")
    assert [UUID(created[id]).version for id in ("lead", "command_id")] == [8, 8]


async def test_somebody_elses_key_is_another_key(world: World) -> None:
    first = await world.done("rep", "/leads", {}, Idempotency_Key="form-7")
    other = await world.done("team-mate", "/leads", {}, Idempotency_Key="form-7")
    assert first["lead"] != other["lead"]


async def test_a_key_with_another_body_is_refused(world: World) -> None:
    lead = await world.lead(to="rep-1")
    await world.done("rep", f"/leads/{lead}/outreach", CALL, Idempotency_Key="call-1")
    head = await world.head()
    reused = await world.post("rep", f"/leads/{lead}/outreach", CALL | {"note": "Red"}, Idempotency_Key="call-1")
    assert (reused.status_code, reused.json()["type"]) == (409, "/problems/command-id-reused")
    assert await world.head() == head


async def test_twenty_at_once_with_one_key_are_one(world: World) -> None:
    lead = await world.lead(to="rep-1")
    head = await world.head()
    sent = [world.post("rep", f"/leads/{lead}/outreach", CALL, Idempotency_Key="once") for _ in range(20)]
    answers = await asyncio.gather(*sent)
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["position"] for answer in answers}) == 1
    assert await world.head() == head + 1


async def test_a_key_has_1_to_200_visible_characters(world: World) -> None:
    head = await world.head()
    for key in ("", " ", "a b", "é", "x" * 201, "tab\tbed"):
        headers = [*world.as_("rep").items(), ("Idempotency-Key", key.encode())]
        answer = await world.client.post("/leads", json={}, headers=headers)  # type: ignore[arg-type]
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/header-is-malformed"), key
    assert await world.head() == head


async def test_an_act_on_the_version_one_has_seen(world: World) -> None:
    lead = await world.lead(to="rep-1")
    seen = (await world.see("rep", f"/leads/{lead}")).headers["etag"]
    await world.done("rep", f"/leads/{lead}/outreach", CALL, If_Match=seen)
    moved = await world.post("rep", f"/leads/{lead}/loss", {"reason": "price"}, If_Match=seen)
    assert (moved.status_code, moved.json()["type"]) == (412, "/problems/version-has-moved")
    assert moved.json()["about"] == {"version": "3", "expected": "2"}


async def test_if_match_is_one_version_in_quotation_marks(world: World) -> None:
    lead = await world.lead()
    head = await world.head()
    for header in ("3", '"x"', "*", 'W/"3"', '"3", "4"', '"-1"', '"99999999999999999999"', '"03"', ""):
        answer = await world.post("manager", f"/leads/{lead}/claims", {}, If_Match=header)
        assert (answer.status_code, answer.json()["type"]) == (400, "/problems/header-is-malformed"), header
    assert await world.head() == head
