"""Two API processes at work on the same lead: every act counts once, and of two that exclude each other one wins."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from domain.access import ACTIONS
from services.settings import Settings
from tests.services.api.processes import a_key, a_process

CALL = {"channel": "call", "outcome": "reached", "made_by": "rep-1"}
Both = tuple[httpx.AsyncClient, httpx.AsyncClient]


@pytest.fixture
async def both(settings: Settings) -> AsyncIterator[Both]:
    headers = {"Authorization": f"Bearer {await a_key(settings, *ACTIONS)}"}
    with a_process(settings) as (_, one), a_process(settings) as (_, other):
        async with (
            httpx.AsyncClient(base_url=one.base_url, headers=headers, timeout=20) as first,
            httpx.AsyncClient(base_url=other.base_url, headers=headers, timeout=20) as second,
        ):
            yield first, second


async def a_lead(both: Both) -> str:
    first, second = both
    await done(first, "/teams", {"team": "north"})
    await done(second, "/people", {"person": "rep-1", "team": "north"})
    lead = (await done(first, "/leads", {"team": "north", "contact": {"name": "Ada"}}))["lead"]
    await done(second, f"/leads/{lead}/assignments", {"to": "rep-1"})
    return f"/leads/{lead}"


async def done(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def insist(client: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Whoever is told that too many act at once asks again, with the same key."""
    key = {"Idempotency-Key": body["evidence"]["id"]}
    async with asyncio.timeout(20):
        while (answer := await client.post(path, json=body, headers=key)).status_code == 503:
            assert answer.json()["type"] == "/problems/too-many-at-once"
            await asyncio.sleep(0.05)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def test_what_both_are_told_at_once_is_all_on_record_once(both: Both) -> None:
    lead = await a_lead(both)
    calls = [CALL | {"evidence": {"provider": "twilio", "id": f"CA{n}"}, "note": f"Note {n}"} for n in range(60)]
    told = await asyncio.gather(*(insist(both[n % 2], f"{lead}/outreach", call) for n, call in enumerate(calls)))
    assert sorted(one["version"] for one in told) == list(range(3, 63))
    events = [event for one in sorted(told, key=lambda one: one["version"]) for event in one["events"]]
    assert events == ["LeadContacted.v1"] + ["LeadFollowedUp.v1"] * 59


async def test_one_wish_sent_to_both_is_done_once(both: Both) -> None:
    lead = await a_lead(both)
    for n in range(20):
        sent = [
            client.post(f"{lead}/replies", json={"channel": "email"}, headers={"Idempotency-Key": f"reply-{n}"})
            for client in both
        ]
        answers = await asyncio.gather(*sent)
        assert sorted(answer.status_code for answer in answers) == [200, 201]
        one, other = (answer.json() for answer in answers)
        assert one | {"repeated": other["repeated"]} == other
        assert one["repeated"] != other["repeated"]


async def test_a_lead_that_is_won_here_and_lost_there_ends_once(both: Both) -> None:
    lead = await a_lead(both)
    for n in range(20):
        won, lost = both[n % 2], both[(n + 1) % 2]
        answers = await asyncio.gather(
            won.post(f"{lead}/conversion", json={"value": "10", "currency": "EUR"}),
            lost.post(f"{lead}/loss", json={"reason": "price"}),
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409], [one.text for one in answers]
        await done(won, f"{lead}/reopening", {"reason": "other"})
