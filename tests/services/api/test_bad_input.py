"""Bad input gets a clear answer that names what is wrong, and changes nothing."""

import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.services.api.world import World

A_CALL = '"channel": "call", "outcome": "reached"'
DEEP = 200_000

# What is wrong, the body as it is sent to /outreach, the status, and the path that the answer names.
BODIES: tuple[tuple[str, bytes, int, str | None], ...] = (
    ("unknown field", f'{{{A_CALL}, "colour": "red"}}'.encode(), 422, "body.colour"),
    ("who acted", f'{{{A_CALL}, "by": "rep-2"}}'.encode(), 422, "body.by"),
    ("when we learned it", f'{{{A_CALL}, "recorded_at": "2026-01-01T00:00:00Z"}}'.encode(), 422, "body.recorded_at"),
    ("a name that is an address", f'{{{A_CALL}, "ada@example.com": 1}}'.encode(), 422, "body.(a name"),
    ("missing part", b'{"channel": "call"}', 422, "body.outcome"),
    ("wrong type", b'{"channel": 7, "outcome": "reached"}', 422, "body.channel"),
    ("a list for a word", b'{"channel": ["call"], "outcome": "reached"}', 422, "body.channel"),
    ("an unknown word", b'{"channel": "pigeon", "outcome": "reached"}', 422, "body.channel"),
    ("an empty note", f'{{{A_CALL}, "note": ""}}'.encode(), 422, "body.note"),
    ("a long note", f'{{{A_CALL}, "note": "{"x" * 4001}"}}'.encode(), 422, "body.note"),
    ("half a character", f'{{{A_CALL}, "note": "\\ud800"}}'.encode(), 422, "body.note"),
    ("a negative duration", f'{{{A_CALL}, "duration_seconds": -1}}'.encode(), 422, "body.duration_seconds"),
    ("a fraction of a second", f'{{{A_CALL}, "duration_seconds": 1.5}}'.encode(), 422, "body.duration_seconds"),
    ("a huge number", f'{{{A_CALL}, "duration_seconds": {10**30}}}'.encode(), 422, "body.duration_seconds"),
    ("a number without end", f'{{{A_CALL}, "duration_seconds": {"9" * 5000}}}'.encode(), 400, None),
    ("a number with a huge exponent", f'{{{A_CALL}, "duration_seconds": 1e999999}}'.encode(), 422, "body.duration"),
    ("no number", f'{{{A_CALL}, "duration_seconds": NaN}}'.encode(), 400, None),
    ("infinity", f'{{{A_CALL}, "duration_seconds": -Infinity}}'.encode(), 400, None),
    ("an instant without offset", f'{{{A_CALL}, "at": "2026-03-02T09:00:00"}}'.encode(), 422, "body.at"),
    ("a date", f'{{{A_CALL}, "at": "2026-03-02"}}'.encode(), 422, "body.at"),
    ("a number for an instant", f'{{{A_CALL}, "at": 1700000000}}'.encode(), 422, "body.at"),
    ("a number in quotation marks", f'{{{A_CALL}, "at": "1700000000"}}'.encode(), 422, "body.at"),
    ("no such day", f'{{{A_CALL}, "at": "2026-02-30T09:00:00Z"}}'.encode(), 422, "body.at"),
    ("no such hour", f'{{{A_CALL}, "at": "2026-02-20T25:00:00Z"}}'.encode(), 422, "body.at"),
    ("beyond the calendar", f'{{{A_CALL}, "at": "9999-12-31T23:59:59-12:00"}}'.encode(), 422, "body.at"),
    ("before the calendar", f'{{{A_CALL}, "at": "0001-01-01T00:00:00+12:00"}}'.encode(), 422, "body.at"),
    ("the future", f'{{{A_CALL}, "at": "9998-01-01T00:00:00Z"}}'.encode(), 422, "body.at"),
    ("before the lead arrived", f'{{{A_CALL}, "at": "0001-01-01T00:00:00Z"}}'.encode(), 422, "body.at"),
    (
        "an address as evidence",
        f'{{{A_CALL}, "evidence": {{"provider": "ses", "id": "a@b.c"}}}}'.encode(),
        422,
        "body.ev",
    ),
    ("a person who is an address", f'{{{A_CALL}, "made_by": "ada@example.com"}}'.encode(), 422, "body.made_by"),
    ("nothing", b"", 422, "body"),
    ("null", b"null", 422, "body"),
    ("a list", b"[]", 422, "body"),
    ("a word", b'"call"', 422, "body"),
    ("no JSON", b"{channel: call}", 400, None),
    ("half a JSON", b'{"channel": "call"', 400, None),
    ("more than one JSON", b'{"channel": "call", "outcome": "reached"} {}', 400, None),
    ("one name twice", f'{{{A_CALL}, "channel": "email"}}'.encode(), 400, None),
    ("invalid UTF-8", b'{"channel": "call", "outcome": "reached", "note": "\xff\xfe"}', 400, None),
    ("UTF-16", '{"channel": "call"}'.encode("utf-16"), 400, None),
    ("deep lists", b'{"note": ' + b"[" * DEEP + b"]" * DEEP + b"}", 400, None),
    ("deep objects", b'{"a":' * 100_000 + b"1" + b"}" * 100_000, 400, None),
    ("ten thousand unknown fields", json.dumps({f"x{n}": n for n in range(10_000)}).encode(), 422, "body."),
)


async def test_a_body_is_refused_and_what_is_wrong_is_named(world: World) -> None:
    lead = await world.lead(to="rep-1")
    head = await world.head()
    for what, body, status, path in BODIES:
        answer = await _send(world, f"/leads/{lead}/outreach", body)
        assert answer.status_code == status, (what, answer.text[:500])
        assert answer.headers["content-type"] == "application/problem+json", what
        told = answer.json()
        assert {"type", "title", "status", "detail"} <= told.keys(), what
        assert len(answer.content) < 20_000, what
        if path is not None:
            assert any(error["path"].startswith(path) for error in told["errors"]), (what, told)
            assert all(error["problem"] and error["advice"] for error in told["errors"]), what
        assert "ada@" not in answer.text, what
    assert await world.head() == head


@pytest.mark.parametrize(
    ("path", "body", "named"),
    [
        ("/leads", {"contact": {"email": "no address"}}, "body.contact.email"),
        ("/leads", {"contact": {"phone": "call me"}}, "body.contact.phone"),
        ("/leads", {"contact": {"name": ""}}, "body.contact.name"),
        ("/leads", {"contact": {"name": "Ada", "surname": "E"}}, "body.contact.surname"),
        ("/leads", {"source": "Web Site"}, "body.source"),
        ("/leads", {"owner": "rep-1"}, "body.owner"),
        ("/people", {"person": "ada@example.com"}, "body.person"),
        ("/people", {"person": "x" * 65}, "body.person"),
        ("/people", {"person": "rep-8", "profile": {"email": "x"}}, "body.profile.name"),
        ("/teams/placements", {"team": "north"}, "body.above"),
    ],
)
async def test_every_body_names_its_fields(world: World, path: str, body: dict[str, Any], named: str) -> None:
    head = await world.head()
    answer = await world.post("manager" if path == "/leads" else "admin", path, body)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/request-is-invalid")
    assert named in {error["path"] for error in answer.json()["errors"]}, answer.text
    assert await world.head() == head


async def test_a_circular_line_of_management_is_refused_and_the_field_named(world: World) -> None:
    head = await world.head()
    for above in ("north", "germany"):
        answer = await world.post("admin", "/teams/placements", {"team": "germany", "above": above})
        told = answer.json()
        assert (answer.status_code, told["type"]) == (409, "/problems/teams-would-stand-in-a-circle"), told
        assert [error["path"] for error in told["errors"]] == ["body.above"]
        assert told["detail"] == (
            f"Team germany cannot stand under {above}: {above} is team germany itself, or stands under it."
        )
    assert await world.head() == head


async def test_money_is_both_an_amount_and_a_currency(world: World) -> None:
    lead = await world.lead(to="rep-1")
    for money in ({"value": "1"}, {"currency": "EUR"}, {"value": "1e3", "currency": "euro"}, {"value": "-1"}):
        answer = await world.post("rep", f"/leads/{lead}/conversion", money)
        assert answer.status_code == 422, money
    exact = await world.done("rep", f"/leads/{lead}/conversion", {"value": "0.1", "currency": "EUR"})
    assert exact["events"][0] == "LeadConverted.v1"


async def test_the_body_must_be_declared_as_json(world: World) -> None:
    head = await world.head()
    for media in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonx",
        "application/json; charset=latin-1",
        "",
    ):
        answer = await _send(world, "/leads", b"{}", content_type=media)
        assert (answer.status_code, answer.json()["type"]) == (415, "/problems/media-type-is-unsupported"), media
    assert await world.head() == head
    assert (await _send(world, "/leads", b"{}", content_type="application/json; charset=UTF-8")).status_code == 201


async def test_a_large_body_is_refused_however_it_declares_itself(world: World) -> None:
    head = await world.head()
    large = b'{"contact": {"message": "' + b"x" * 10_000_000 + b'"}}'

    async def in_chunks() -> Any:
        for start in range(0, len(large), 64_000):
            yield large[start : start + 64_000]

    headers = world.as_("rep") | {"Content-Type": "application/json"}
    for body, more in [
        (large, {}),
        (in_chunks(), {}),
        (large, {"Content-Length": "2"}),
        (b"{}", {"Content-Length": "9" * 30}),
    ]:
        answer = await world.client.post("/leads", content=body, headers=headers | more)
        assert (answer.status_code, answer.json()["type"]) == (413, "/problems/body-is-too-large")
    assert await world.head() == head


async def test_unknown_ids_are_not_found_and_malformed_ones_are_named(world: World) -> None:
    unknown = await world.get("rep", f"/leads/{uuid4()}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/lead-unknown")
    assert (await world.post("rep", f"/leads/{uuid4()}/claims", {})).json() == unknown.json()
    for id in ("7", "x" * 36, str(uuid4()).upper(), "%00", str(uuid4()).replace("-", "")):
        answer = await world.get("rep", f"/leads/{id}")
        assert (answer.status_code, answer.json()["errors"][0]["path"]) == (422, "path.lead_id"), id


QUESTIONS: tuple[tuple[dict[str, Any], int, str | None], ...] = (
    ({"limit": 0}, 422, "query.limit"),
    ({"limit": 201}, 422, "query.limit"),
    ({"limit": "many"}, 422, "query.limit"),
    ({"limit": "9" * 40}, 422, "query.limit"),
    ({"after": -1}, 422, "query.after"),
    ({"after": 2**63}, 422, "query.after"),
    ({"after": 2**62}, 422, "query.after"),
    ({"as_of": "2026-03-02"}, 422, "query.as_of"),
    ({"as_of": "2026-03-02T09:00:00"}, 422, "query.as_of"),
    ({"as_of": "1700000000"}, 422, "query.as_of"),
    ({"as_known": "yesterday"}, 422, "query.as_known"),
    ({"as_known": "9999-12-31T23:59:59-12:00"}, 422, "query.as_known"),
    ({"stage": "ajar"}, 422, "query.stage"),
    ({"source": "\0"}, 422, "query.source"),
    ({"owner": "A B"}, 422, "query.owner"),
    ({"cursor": "AAAA"}, 400, None),
    ({"cursor": ""}, 400, None),
    ({"cursor": "ä%"}, 400, None),
    ({"cursor": "x" * 1001}, 422, "query.cursor"),
)


async def test_a_question_names_what_is_wrong_with_it(world: World) -> None:
    for parameters, status, named in QUESTIONS:
        answer = await world.get("auditor", "/leads", **parameters)
        assert answer.status_code == status, (parameters, answer.text)
        if named is not None:
            assert [error["path"] for error in answer.json()["errors"]] == [named]
        else:
            assert answer.json()["type"] == "/problems/cursor-is-broken"


async def test_a_parameter_with_a_slip_in_its_name_is_told_and_not_passed_over(world: World) -> None:
    lead = await world.lead()
    for path in ("/leads", "/leads/count", f"/leads/{lead}", f"/leads/{lead}/timeline", "/queues/rep-1"):
        answer = await world.get("manager", path, as_off="2026-03-02T09:00:00Z")
        assert answer.status_code == 422, path
        assert [(one["path"], one["problem"]) for one in answer.json()["errors"]] == [
            ("query.as_off", "There is no such field.")
        ]
    personal = await world.get("manager", "/leads", **{"ada@example.com": "1"})
    assert "ada@" not in personal.text


async def test_a_plus_that_an_address_has_turned_into_a_space_is_explained(world: World) -> None:
    answer = await world.client.get("/leads?as_of=2026-03-02T09:00:00+01:00", headers=world.as_("manager"))
    assert answer.status_code == 422
    assert "`+` is written `%2B`" in answer.json()["errors"][0]["advice"]


async def test_instants_at_the_ends_of_the_calendar_are_instants(world: World) -> None:
    for instant in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"):
        for path in ("/leads", "/leads/count"):
            answer = await world.get("auditor", path, as_of=instant, as_known=instant)
            assert answer.status_code == 200, answer.text


async def test_there_is_nothing_else_here(world: World) -> None:
    nowhere = await world.get("rep", "/admin")
    assert (nowhere.status_code, nowhere.json()["type"]) == (404, "/problems/not-found")
    assert "/openapi.json tells what there is" in nowhere.json()["detail"]
    wrong = await world.client.delete("/leads", headers=world.as_("rep"))
    assert (wrong.status_code, wrong.json()["type"]) == (405, "/problems/method-not-allowed")


async def _send(world: World, path: str, body: bytes, content_type: str = "application/json") -> httpx.Response:
    headers = world.as_("rep") | {"Content-Type": content_type}
    return await world.client.post(path, content=body, headers=headers)
