"""Notices over the API: what became of them, trying again, and what the gateway tells."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from commands.notices import SettleNotice
from domain.access import Principal
from domain.identity import LeadId, PersonId, lead_stream
from domain.notice import Medium, notice_id
from services.settings import Settings
from tests.services.api.world import World, opened

NOTIFIER = Principal(id="notifier", role="service", via="notifier", scopes=frozenset({"lead.notify"}))
TOKEN, PUBLIC = "gateway-secret", "https://leads.example"
REP = PersonId("rep-1")


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    told = settings.model_copy(update={"sms_token": SecretStr(TOKEN), "public_url": f"{PUBLIC}/"})
    async with opened(told) as world:
        yield world


def notice(lead: str, medium: Medium = "email") -> UUID:
    return notice_id(lead_stream(LeadId(lead)), 2, REP, medium)


async def settle(world: World, lead: str, medium: Medium = "email", **became: Any) -> None:
    told = SettleNotice(notice=notice(lead, medium), about="assignment", medium=medium, to=REP, **became)
    receipt = await world.office.desk.handle(lead_stream(LeadId(lead)), told, by=NOTIFIER)
    world.position = receipt.position


async def called_back(world: World, lead: str, status: str, *, token: str = TOKEN, medium: Medium = "sms") -> int:
    path = f"/callbacks/sms/{lead}/{notice(lead, medium)}"
    form = {"MessageSid": "SM1", "MessageStatus": status, "To": "+15005550001"}
    signature = RequestValidator(token).compute_signature(f"{PUBLIC}{path}", form)
    answer = await world.client.post(
        path,
        content=urlencode(form),
        headers={"Content-Type": "application/x-www-form-urlencoded", "X-Twilio-Signature": signature},
    )
    return answer.status_code


async def standing(world: World, lead: str) -> list[tuple[str, str, str | None]]:
    world.position = await world.head()
    answer = await world.see("rep", f"/leads/{lead}/notices")
    assert answer.status_code == 200, answer.text
    return [(one["medium"], one["standing"], one["reason"]) for one in answer.json()["items"]]


async def test_the_owner_sees_what_they_were_told_and_what_became_of_it(world: World) -> None:
    lead = await world.lead(to="rep-1")
    assert await standing(world, lead) == [("email", "to_send", None)]
    await settle(world, lead, became="sent")
    assert await standing(world, lead) == [("email", "sent", None)]
    [line] = (await world.see("rep", f"/leads/{lead}/notices")).json()["items"]
    assert (line["addressee"], line["about"], line["cause"]) == ("rep-1", "assignment", 2)
    assert (await world.see("other rep", f"/leads/{lead}/notices")).status_code == 404


async def test_a_dead_letter_is_seen_by_those_whose_business_it_is_and_tried_again(world: World) -> None:
    lead = await world.lead(to="rep-1")
    await settle(world, lead, became="failed", why_failed="address_refused")
    for caller in ("manager", "auditor", "admin"):
        [letter] = (await world.see(caller, "/notices")).json()["items"]
        assert (letter["lead"], letter["team"], letter["reason"]) == (lead, "north", "address_refused")
    assert (await world.see("other manager", "/notices")).json()["items"] == []
    assert (await world.see("rep", "/notices")).status_code == 404
    retry = {"notice": str(notice(lead))}
    assert (await world.post("rep", f"/leads/{lead}/notice-retries", retry)).status_code == 404
    told = await world.done("manager", f"/leads/{lead}/notice-retries", retry)
    assert told["events"] == ["NoticeRetried.v1"]
    assert await standing(world, lead) == [("email", "to_send", None)]
    again = await world.post("manager", f"/leads/{lead}/notice-retries", retry)
    assert (again.status_code, again.json()["type"]) == (409, "/problems/notice-is-not-dead")
    assert (await world.see("manager", "/notices")).json()["items"] == []


async def test_dead_letters_are_read_page_by_page(world: World) -> None:
    for _ in range(3):
        await settle(world, await world.lead(to="rep-1"), became="failed", why_failed="gave_up", tries=10)
    first = (await world.see("manager", "/notices", limit=2)).json()
    rest = (await world.see("manager", "/notices", limit=2, cursor=first["next"])).json()
    assert len({one["notice"] for one in [*first["items"], *rest["items"]]}) == 3
    assert rest["next"] is None


async def test_the_gateway_tells_that_a_message_arrived_and_signs_it(world: World) -> None:
    lead = await world.lead(to="rep-1")
    await settle(world, lead, "sms", became="sent", provider_id="SM1")
    assert await called_back(world, lead, "delivered", token="somebody else's") == 401
    assert await called_back(world, lead, "queued") == 204
    assert ("sms", "sent", None) in await standing(world, lead)
    assert await called_back(world, lead, "delivered") == 204
    assert ("sms", "delivered", None) in await standing(world, lead)
    assert await called_back(world, lead, "delivered") == 204


async def test_the_gateway_tells_that_a_message_never_arrived(world: World) -> None:
    lead = await world.lead(to="rep-1")
    await settle(world, lead, "sms", became="sent", provider_id="SM1")
    assert await called_back(world, lead, "undelivered") == 204
    assert ("sms", "failed", "undelivered") in await standing(world, lead)


async def test_what_the_gateway_says_of_a_letter_or_of_nothing_changes_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.api.notices.RECORDED_WITHIN_SECONDS", 0.3)
    lead = await world.lead(to="rep-1")
    await settle(world, lead, "email", became="sent")
    head = await world.head()
    assert await called_back(world, lead, "delivered", medium="email") == 204
    assert await called_back(world, lead, "delivered", medium="sms") == 503
    assert await world.head() == head


async def test_what_became_of_an_earlier_try_is_not_what_became_of_this_one(world: World) -> None:
    lead = await world.lead(to="rep-1")
    await settle(world, lead, "sms", became="sent", provider_id="SM2")
    assert await called_back(world, lead, "undelivered") == 204
    assert ("sms", "sent", None) in await standing(world, lead)


async def test_a_callback_that_nobody_signed_is_refused(world: World) -> None:
    lead = await world.lead(to="rep-1")
    path = f"/callbacks/sms/{lead}/{notice(lead, 'sms')}"
    for answer in (
        await world.client.post(path, content="MessageStatus=delivered"),
        await world.client.post(path, content=b"\xff\xfe", headers={"X-Twilio-Signature": "x"}),
    ):
        assert answer.status_code == 401


async def test_how_somebody_is_reached_is_put_right_by_whoever_keeps_the_people(world: World) -> None:
    wish = {"person": "rep-1", "profile": {"name": "Ben Example", "email": "ben@new.example"}}
    assert (await world.post("rep", "/people/profile-corrections", wish)).status_code == 404
    await world.done("admin", "/people/profile-corrections", wish)
    profile = (await world.see("rep", "/people/rep-1/profile")).json()["profile"]
    assert profile["email"] == "ben@new.example"
    hours = {"person": "rep-1", "calendar": "nowhere"}
    answer = await world.post("admin", "/people/hours", hours)
    assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "body.calendar")


async def test_a_lead_says_how_it_may_be_written_to(world: World) -> None:
    lead = await world.lead(to="rep-1")
    assert (await world.done("rep", f"/leads/{lead}/consents", {"medium": "sms"}))["events"] == ["ConsentGiven.v1"]
    withdrawn = await world.done("rep", f"/leads/{lead}/consent-withdrawals", {"medium": "sms"})
    assert withdrawn["events"] == ["ConsentWithdrawn.v1"]
    answer: httpx.Response = await world.post("rep", f"/leads/{lead}/consents", {"medium": "pigeon"})
    assert answer.status_code == 422
