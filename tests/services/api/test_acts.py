"""Acts are resources: each puts on record what happened, and says where it stands."""

from typing import Any

import pytest

from tests.services.api.world import World

# In this order they are one lead's life: who, which act, with what, and what is on record afterwards.
A_LIFE: tuple[tuple[str, str, dict[str, Any], str], ...] = (
    ("manager", "contact-corrections", {"contact": {"name": "Ada Example"}}, "ContactCorrected.v1"),
    ("rep", "claims", {}, "LeadAssigned.v1"),
    ("rep", "releases", {"reason": "workload", "note": "too much"}, "LeadReleased.v1"),
    ("manager", "routings", {"team": "south"}, "LeadRouted.v1"),
    ("other manager", "assignments", {"to": "rep-1"}, "LeadAssigned.v1"),
    ("rep", "outreach", {"channel": "call", "outcome": "no_answer"}, "LeadContacted.v1"),
    ("rep", "outreach", {"channel": "email", "outcome": "sent"}, "LeadFollowedUp.v1"),
    ("service", "automatic-messages", {"channel": "email", "outcome": "sent"}, "LeadMessagedAutomatically.v1"),
    ("rep", "replies", {"channel": "email", "note": "Call me"}, "LeadReplied.v1"),
    ("rep", "promises", {"follow_up_by": "2126-03-03T15:00:00+01:00"}, "FollowUpPromised.v1"),
    ("rep", "escalations", {"reason": "help_needed"}, "LeadEscalated.v1"),
    ("rep", "conversion", {"value": "1200.00", "currency": "EUR"}, "LeadConverted.v1"),
    ("manager", "reopening", {"reason": "closed_by_mistake"}, "LeadReopened.v1"),
    ("rep", "loss", {"reason": "price"}, "LeadLost.v1"),
    ("rep", "reopening", {"reason": "new_interest"}, "LeadReopened.v1"),
    ("rep", "disqualification", {"reason": "duplicate"}, "LeadDisqualified.v1"),
)


async def test_a_lead_lives_through_every_act(world: World) -> None:
    lead = await world.lead()
    version = (await world.see("manager", f"/leads/{lead}")).json()["version"]
    for caller, act, body, event in A_LIFE:
        answer = await world.post(caller, f"/leads/{lead}/{act}", body)
        assert answer.status_code == 201, (act, answer.text)
        receipt = answer.json()
        deed, *clocks = receipt["events"]
        assert deed == event
        # What was done may stop clocks and start others.
        assert all(told.startswith("Clock") for told in clocks)
        version += 1 + len(clocks)
        assert answer.headers["etag"] == f'"{version}"'
        assert receipt == {
            "lead": lead,
            "version": version,
            "position": await world.head(),
            "events": [deed, *clocks],
            "command_id": receipt["command_id"],
            "repeated": False,
        }


async def test_a_new_lead_is_found_where_the_answer_says(world: World) -> None:
    answer = await world.post("rep", "/leads", {"source": "website", "contact": {"email": "ada@example.com"}})
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/leads/{answer.json()['lead']}"
    found = await world.see("rep", answer.headers["location"])
    assert (found.status_code, found.json()["team"], found.headers["etag"]) == (200, "north", '"1"')


@pytest.mark.parametrize(
    ("first", "path", "body", "who"),
    [
        ("/people/moves", "/people/moves", {"person": "rep-1", "team": "south"}, {"person": "rep-1"}),
        ("/people/departures", "/people/departures", {"person": "rep-1"}, {"person": "rep-1"}),
        ("/teams/entrustments", "/teams/entrustments", {"team": "germany", "to": "lead-1"}, {"team": "germany"}),
        ("/teams/placements", "/teams/placements", {"team": "south", "above": None}, {"team": "south"}),
        ("/sources/retirements", "/sources/retirements", {"source": "website"}, {"source": "website"}),
        ("/sources", "/sources", {"source": "fair", "team": "south"}, {"source": "fair"}),
        ("/people", "/people", {"person": "rep-9", "team": "south"}, {"person": "rep-9"}),
        ("/teams", "/teams", {"team": "west"}, {"team": "west"}),
    ],
)
async def test_the_second_time_it_was_already_so(
    world: World, first: str, path: str, body: dict[str, Any], who: dict[str, str]
) -> None:
    told = await world.done("admin", first, body)
    assert told.items() >= who.items()
    head = await world.head()
    again = await world.post("admin", path, body)
    assert (again.status_code, again.json()["events"], again.json()["version"]) == (200, [], told["version"])
    assert await world.head() == head


async def test_the_domain_refuses_in_its_own_words(world: World) -> None:
    lead = await world.lead(to="rep-1")
    await world.done("rep", f"/leads/{lead}/loss", {"reason": "price", "at": None})
    refused = await world.post("rep", f"/leads/{lead}/outreach", {"channel": "call", "outcome": "reached"})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    told = refused.json()
    assert (told["type"], told["title"], told["status"]) == ("/problems/lead-is-closed", "Lead is closed", 409)
    assert told["detail"].startswith("The lead is closed: it was lost at ")
    assert told["about"]["ending"] == "lost"


async def test_the_second_claim_is_told_who_was_first(world: World) -> None:
    lead = await world.lead()
    await world.done("rep", f"/leads/{lead}/claims", {})
    refused = await world.post("team-mate", f"/leads/{lead}/claims", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/lead-is-already-claimed")
    assert refused.json()["about"] == {"owner": "rep-1"}
    again = await world.post("team-mate", f"/leads/{lead}/claims", {})
    assert (again.status_code, again.json()) == (409, refused.json())
    world.position = await world.head()
    story = (await world.see("rep", f"/leads/{lead}/timeline")).json()["items"]
    assert [line["sentence"] for line in story[2:]] == ["rep-2 claimed the lead too; rep-1 had been first."]


async def test_what_is_somebodys_and_not_on_offer_is_refused_without_telling_whose_it_is(world: World) -> None:
    lead = await world.lead()
    await world.done("manager", f"/leads/{lead}/assignments", {"to": "rep-1"})
    refused = await world.post("team-mate", f"/leads/{lead}/claims", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/lead-is-not-on-offer")
    assert "rep-1" not in refused.text


async def test_a_lost_claim_sent_again_with_its_key_is_refused_again(world: World) -> None:
    lead = await world.lead()
    await world.done("rep", f"/leads/{lead}/claims", {})
    first, again = [
        await world.post("team-mate", f"/leads/{lead}/claims", {}, Idempotency_Key="mine") for _ in range(2)
    ]
    assert (first.status_code, again.status_code, again.json()) == (409, 409, first.json())
    assert (await world.post("team-mate", f"/leads/{lead}/claims", {}, Idempotency_Key="new")).json() == first.json()


@pytest.mark.parametrize(
    ("caller", "path", "body", "problem", "field"),
    [
        ("manager", "assignments", {"to": "nobody"}, "person-unknown", "to"),
        ("manager", "routings", {"team": "nowhere"}, "team-unknown", "team"),
        ("manager", "claims", {"at": "2126-01-01T00:00:00Z"}, "at-is-in-the-future", "at"),
        ("manager", "claims", {"at": "2001-01-01T00:00:00Z"}, "before-the-lead-arrived", "at"),
        ("manager", "promises", {"follow_up_by": "2001-01-01T00:00:00Z"}, "follow-up-is-in-the-past", "follow_up_by"),
        ("rep", "escalations", {"reason": "other", "rung": 9}, "nobody-on-that-rung", "rung"),
        ("service", "outreach", {"channel": "call", "outcome": "reached"}, "nobody-is-named", "made_by"),
    ],
)
async def test_what_is_wrong_with_the_wish_itself_is_422_and_names_the_field(
    world: World, caller: str, path: str, body: dict[str, Any], problem: str, field: str
) -> None:
    lead = await world.lead()
    if path == "promises":
        await world.done("manager", f"/leads/{lead}/claims", {})
    head = await world.head()
    refused = await world.post(caller, f"/leads/{lead}/{path}", body)
    assert (refused.status_code, refused.json()["type"]) == (422, f"/problems/{problem}"), refused.text
    (error,) = refused.json()["errors"]
    assert (error["path"], error["problem"]) == (f"body.{field}", refused.json()["detail"])
    assert await world.head() == head


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/people/moves", {"person": "nobody", "team": "north"}, "person"),
        ("/people/moves", {"person": "rep-1", "team": "nowhere"}, "team"),
        ("/people/departures", {"person": "nobody"}, "person"),
        ("/teams", {"team": "west", "above": "nowhere"}, "above"),
        ("/teams/placements", {"team": "nowhere", "above": "germany"}, "team"),
        ("/teams/placements", {"team": "north", "above": "nowhere"}, "above"),
        ("/teams/entrustments", {"team": "north", "to": "nobody"}, "to"),
        ("/teams/entrustments", {"team": "nowhere", "to": "lead-1"}, "team"),
        ("/sources", {"source": "fair", "team": "nowhere"}, "team"),
        ("/sources/retirements", {"source": "fair"}, "source"),
    ],
)
async def test_whatever_is_not_on_record_is_named_by_its_field(
    world: World, path: str, body: dict[str, Any], field: str
) -> None:
    refused = await world.post("admin", path, body)
    assert refused.status_code == 422, refused.text
    assert [error["path"] for error in refused.json()["errors"]] == [f"body.{field}"]


async def test_the_version_of_a_team_is_not_told_as_a_leads(world: World) -> None:
    moved = await world.post("admin", "/teams/entrustments", {"team": "north", "to": "rep-1"}, If_Match='"1"')
    assert (moved.status_code, moved.json()["detail"][:22]) == (412, "It is at version 2, no")


async def test_no_person_is_called_like_a_service_or_a_part_of_leadledger(world: World) -> None:
    for name in ("telephony", "timekeeper"):
        refused = await world.post("admin", "/people", {"person": name})
        assert (refused.status_code, refused.json()["type"]) == (409, "/problems/name-is-taken")
        assert (await world.post("rep", "/people", {"person": name})).status_code == 404


async def test_a_service_names_who_did_what_it_tells(world: World) -> None:
    lead, call = await world.lead(to="rep-1"), {"channel": "call", "outcome": "reached"}
    for body, status, problem in (
        (call, 422, "/problems/nobody-is-named"),
        (call | {"made_by": "nobody-7"}, 422, "/problems/person-unknown"),
    ):
        refused = await world.post("service", f"/leads/{lead}/outreach", body)
        assert (refused.status_code, refused.json()["type"]) == (status, problem)
    await world.done("service", f"/leads/{lead}/outreach", call | {"made_by": "rep-1"})
