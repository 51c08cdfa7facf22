"""What was typed and told about people is read back by those who may, and checked against the record."""

from typing import Any

import pytest
from psycopg import AsyncConnection

from services.settings import Settings
from tests.services.api.world import World

NOTES = (
    ("manager", "releases", {"reason": "other"}, "LeadReleased.v1"),
    ("manager", "assignments", {"to": "rep-1"}, None),
    ("rep", "outreach", {"channel": "call", "outcome": "reached"}, "LeadContacted.v1"),
    ("rep", "outreach", {"channel": "email", "outcome": "sent"}, "LeadFollowedUp.v1"),
    ("rep", "replies", {"channel": "email"}, "LeadReplied.v1"),
    ("rep", "promises", {"follow_up_by": "2126-03-03T15:00:00Z"}, "FollowUpPromised.v1"),
    ("rep", "escalations", {"reason": "help_needed"}, "LeadEscalated.v1"),
    ("rep", "loss", {"reason": "price"}, "LeadLost.v1"),
    ("rep", "reopening", {"reason": "other"}, "LeadReopened.v1"),
    ("rep", "disqualification", {"reason": "other"}, "LeadDisqualified.v1"),
)
CALL = {"channel": "call", "outcome": "reached"}


async def notes_on(world: World, lead: str, **parameters: Any) -> list[dict[str, Any]]:
    answer = await world.see("rep", f"/leads/{lead}/notes", **parameters)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def vault(settings: Settings, statement: Any) -> None:
    async with await AsyncConnection.connect(settings.dsn or "", autocommit=True) as owner:
        await owner.execute(statement)


async def test_every_note_is_read_back_with_its_occasion(world: World) -> None:
    lead = await world.lead(to="rep-1")
    typed = []
    for number, (caller, act, body, event) in enumerate(NOTES):
        note = {"note": f"Note {number}: likes blue"} if event else {}
        told = await world.done(caller, f"/leads/{lead}/{act}", body | note)
        if event:
            typed.append((told["version"], event, "lead-1" if caller == "manager" else "rep-1", note["note"], "kept"))
    found = await notes_on(world, lead)
    assert [(one["version"], one["what"], one["who"], one["note"], one["state"]) for one in found] == typed
    assert all(one["at"] <= one["recorded_at"] for one in found)
    first = (await world.see("rep", f"/leads/{lead}/notes", limit=5)).json()
    rest = (await world.see("rep", f"/leads/{lead}/notes", limit=5, cursor=first["next"])).json()
    assert first["items"] + rest["items"] == found


async def test_a_lead_without_notes_has_none(world: World) -> None:
    assert await notes_on(world, await world.lead(to="rep-1")) == []


async def test_what_is_no_longer_in_the_vault_is_told_as_erased(world: World, settings: Settings) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Ada"})
    await world.done("rep", f"/leads/{lead}/outreach", CALL | {"note": "Likes blue"})
    await vault(settings, "DELETE FROM vault.data_keys")
    (note,) = await notes_on(world, lead)
    assert (note["what"], note["note"], note["state"]) == ("LeadContacted.v1", None, "erased")
    contact = (await world.see("rep", f"/leads/{lead}/contact")).json()
    assert (contact["contact"], contact["state"]) == (None, "erased")


async def test_a_row_that_was_exchanged_is_told_as_unreadable_and_hides_no_other(
    world: World, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Ada"})
    await world.done("rep", f"/leads/{lead}/outreach", CALL | {"note": "Likes blue"})
    await vault(settings, "UPDATE vault.sealed SET ciphertext = ciphertext || '?'")
    await world.done("rep", f"/leads/{lead}/outreach", CALL | {"note": "Likes red", "outcome": "no_answer"})
    exchanged, other = await notes_on(world, lead)
    assert (exchanged["note"], exchanged["state"]) == (None, "unreadable")
    assert (other["note"], other["state"]) == ("Likes red", "kept")
    assert "not the one that the log speaks of" in caplog.text
    contact = (await world.see("rep", f"/leads/{lead}/contact")).json()
    assert (contact["contact"], contact["state"]) == (None, "unreadable")


async def test_the_contact_is_the_one_that_the_record_tells_last_and_not_the_vault(
    world: World, settings: Settings
) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Wrong"})
    await world.done("rep", f"/leads/{lead}/contact-corrections", {"contact": {"name": "Right"}})
    (line,) = (await world.see("rep", "/queues/me")).json()["items"]
    assert line["name"] == "Right"
    await vault(settings, "UPDATE vault.sealed SET after_position = -after_position")
    contact = (await world.see("rep", f"/leads/{lead}/contact")).json()
    assert (contact["contact"]["name"], contact["state"]) == ("Right", "kept")


async def test_a_profile_is_read_back_by_the_person_their_managers_and_admins(world: World) -> None:
    for caller in ("rep", "manager", "admin"):
        told = (await world.see(caller, "/people/rep-1/profile")).json()
        assert told == {
            "person": "rep-1",
            "profile": {"name": "Ben Example", "email": None, "phone": None},
            "state": "kept",
        }
    for caller in ("team-mate", "other manager", "auditor"):
        assert (await world.see(caller, "/people/rep-1/profile")).status_code == 404
    assert (await world.see("admin", "/people/rep-2/profile")).json() == {
        "person": "rep-2",
        "profile": None,
        "state": None,
    }


async def test_a_profile_that_was_erased_is_told_as_such(world: World, settings: Settings) -> None:
    await vault(settings, "DELETE FROM vault.sealed")
    told = (await world.see("rep", "/people/rep-1/profile")).json()
    assert (told["profile"], told["state"]) == (None, "erased")
