"""A lead that nobody acted on is offered to the team: whoever may take it may see what it is about first."""

from datetime import UTC, datetime, timedelta

import pytest

from commands.clocks import KeepTime
from domain.identity import LeadId, lead_stream
from services.timekeeper import TIMEKEEPER
from tests.services.api.world import LONG_AGO, World

OFFER = {"offset_minutes": 0, "deed": "offer_to_team"}
CLOCKS = {"first_response": {"target_minutes": 60, "unit": "elapsed_minutes", "rungs": [OFFER]}}


@pytest.fixture(autouse=True)
async def governed(world: World) -> None:
    policy = ("/policies", {"policy": "quick", "clocks": CLOCKS, **LONG_AGO})
    await world.govern((policy, ("/rulebook", {"rules": [{"policy": "quick"}], **LONG_AGO})))


async def an_offer(world: World) -> str:
    """Nobody called rep-1's lead within the hour."""
    at = (datetime.now(UTC) - timedelta(minutes=90)).isoformat()
    lead = await world.lead(contact={"name": "Ada"}, at=at)
    await world.done("manager", f"/leads/{lead}/assignments", {"to": "rep-1", "at": at})
    receipt = await world.office.desk.handle(lead_stream(LeadId(lead)), KeepTime(), by=TIMEKEEPER)
    assert "LeadOffered.v1" in receipt.events
    world.position = receipt.position
    return lead


async def test_a_rep_sees_a_team_mates_lead_while_it_is_on_offer_and_not_who_it_is(world: World) -> None:
    lead, other = await an_offer(world), await world.lead(to="rep-1")
    for path in ("", "/timeline", "/clocks"):
        assert (await world.see("team-mate", f"/leads/{lead}{path}")).status_code == 200, path
        assert "Ada" not in (await world.see("team-mate", f"/leads/{lead}{path}")).text
        assert (await world.see("other rep", f"/leads/{lead}{path}")).status_code == 404, path
        assert (await world.see("team-mate", f"/leads/{other}{path}")).status_code == 404, path
    for path in ("contact", "notes"):
        assert (await world.see("team-mate", f"/leads/{lead}/{path}")).status_code == 404, path

    await world.done("manager", f"/leads/{lead}/assignments", {"to": "lead-1"})
    assert (await world.see("team-mate", f"/leads/{lead}")).status_code == 404


async def test_a_lead_that_is_closed_is_on_offer_no_more(world: World) -> None:
    lead = await an_offer(world)
    await world.done("rep", f"/leads/{lead}/disqualification", {"reason": "spam"})
    assert (await world.see("team-mate", f"/leads/{lead}")).status_code == 404
    assert (await world.see("team-mate", "/teams/north/offers")).json()["items"] == []


async def test_what_is_on_offer_is_listed_for_the_team(world: World) -> None:
    first, second = await an_offer(world), await an_offer(world)
    await world.lead(to="rep-1")
    for caller, name in (("team-mate", None), ("rep", "Ada"), ("manager", "Ada"), ("auditor", None)):
        lines = (await world.see(caller, "/teams/north/offers")).json()["items"]
        assert [(line["lead"], line["name"]) for line in lines] == [(first, name), (second, name)], caller
    page = (await world.see("team-mate", "/teams/north/offers", limit=1)).json()
    rest = (await world.see("team-mate", "/teams/north/offers", limit=1, cursor=page["next"])).json()
    assert [line["lead"] for line in (*page["items"], *rest["items"])] == [first, second]
    assert (await world.see("other rep", "/teams/north/offers")).status_code == 404
    await world.done("team-mate", f"/leads/{first}/claims", {})
    assert [line["lead"] for line in (await world.see("rep", "/teams/north/offers")).json()["items"]] == [second]
