"""The desk's seat through the API: who has it is told of what reaches nobody else, and may see to it."""

import asyncio
from datetime import UTC, datetime, timedelta

from psycopg import AsyncConnection

from commands.clocks import KeepTime
from domain.identity import LeadId, lead_stream
from services.timekeeper import TIMEKEEPER
from tests.services.api.world import AT_ALL_HOURS, World


async def test_the_desk_is_entrusted_by_an_admin_and_everybody_may_see_to_whom(world: World) -> None:
    nobody = (await world.see("rep", "/desk")).json()
    assert (nobody["accountable"], nobody["since"]) == (None, None)
    receipt = await world.done("admin", "/desk/entrustments", {"to": "lead-2"})
    assert (receipt["version"], receipt["events"]) == (1, ["DeskEntrusted.v1"])
    assert (await world.post("admin", "/desk/entrustments", {"to": "lead-2"})).json()["events"] == []
    told = (await world.see("rep", "/desk")).json()
    assert told["accountable"] == "lead-2"
    [line] = (await world.see("rep", "/desk/timeline")).json()["items"]
    assert line["sentence"] == "lead-2 answers for the whole desk; before, nobody did."
    unknown = await world.post("admin", "/desk/entrustments", {"to": "nobody"})
    assert (unknown.status_code, unknown.json()["errors"][0]["path"]) == (422, "body.to")
    assert (await world.post("manager", "/desk/entrustments", {"to": "lead-1"})).status_code == 404


async def test_while_nobody_can_tell_who_has_the_seat_everybody_else_goes_on(world: World, database: str) -> None:
    """So it is after an update, until the projector has built the new read model."""
    async with await AsyncConnection.connect(database, autocommit=True) as owner:
        await owner.execute("DROP VIEW read.desk")
    world.keys["newly asked"] = await world.key("lead-2", "manager")
    assert (await world.get("newly asked", "/teams/south")).status_code == 200


async def test_whoever_has_the_seat_sees_to_a_lead_of_a_person_in_no_team(world: World) -> None:
    await world.govern(AT_ALL_HOURS)
    await world.done("admin", "/people", {"person": "loner"})
    await world.done("admin", "/desk/entrustments", {"to": "lead-2"})
    at = (datetime.now(UTC) - timedelta(minutes=90)).isoformat()
    lead = (await world.done("manager", "/leads", {"priority": "high", "at": at}))["lead"]
    await world.done("manager", f"/leads/{lead}/assignments", {"to": "loner", "at": at})
    await world.office.desk.handle(lead_stream(LeadId(lead)), KeepTime(), by=TIMEKEEPER)
    world.position = await world.head()
    # Where a caller stands is remembered for two seconds.
    async with asyncio.timeout(15):
        while (await world.see("other manager", f"/leads/{lead}")).status_code != 200:  # noqa: ASYNC110 - no event to wait for
            await asyncio.sleep(0.05)
    [line] = (await world.see("other manager", "/escalations")).json()["items"]
    assert (line["lead"], line["escalated_to"]) == (lead, "lead-2")
    act_by = (datetime.now(UTC) + timedelta(hours=2)).isoformat()
    answer = await world.done("other manager", f"/leads/{lead}/acknowledgements", {"act_by": act_by})
    assert answer["events"] == ["EscalationAcknowledged.v1"]
    assert (await world.see("manager", f"/leads/{lead}")).status_code == 404
