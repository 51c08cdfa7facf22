"""Whoever keeps it running sees how far everything is; whoever has no key sees nothing that is anybody's."""

import asyncio
import json
from typing import Any

import pytest
from psycopg import AsyncConnection, errors
from psycopg.conninfo import make_conninfo

from adapters.holidays import holidays
from adapters.postgres import start
from adapters.schema import install
from commands.calendars import TakeHolidays
from commands.command import utc_now
from services.api import create_app
from services.api.examples import ANSWERS, BODIES
from services.projector import PROJECTIONS
from services.settings import Settings
from tests.services.api.test_who_may import OPEN_TO_ANYBODY
from tests.services.api.world import World, opened, projectors, ready, served
from tests.support.postgres import IN_A_HURRY


async def test_ready_tells_the_lag_of_each_projection(world: World) -> None:
    told = (await world.client.get("/ready")).json()
    assert told["log_head"] == await world.head()
    assert {line["projection"] for line in told["projections"]} == {projection.name for projection in PROJECTIONS}
    assert {
        line.keys() - {"projection"} == {"position", "lag_events", "parked_streams"} for line in told["projections"]
    } == {True}


async def test_read_models_that_nobody_keeps_are_not_ready_and_named(settings: Settings) -> None:
    async with served(create_app(settings)) as world:
        async with projectors(settings):
            await ready(world)
        # A projector that is started anew has as long as one that died.
        assert (await world.client.get("/ready")).status_code == 200
        async with await AsyncConnection.connect(settings.dsn or "", autocommit=True) as owner:
            await owner.execute(
                """
                UPDATE read.leases
                SET expires_at = clock_timestamp() - interval '11 s'
                WHERE name IN ('leads', 'queues')
                """
            )
        answer = await world.client.get("/ready")
        told = answer.json()
        assert (answer.status_code, told["type"]) == (503, "/problems/not-ready")
        assert told["about"] == {"projections": "leads, queues"}
        assert "leads, queues" in told["detail"]
        async with projectors(settings):
            async with asyncio.timeout(5):
                await ready(world)


async def test_what_is_set_aside_is_told_with_its_reason_and_nobodys_words(world: World, settings: Settings) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Zdenka"})
    nothing = (await world.get("admin", "/projections/leads/parked")).json()
    assert nothing == {"projection": "leads", "items": []}
    async with await AsyncConnection.connect(settings.dsn or "", autocommit=True) as owner:
        # As a newer version of the program would have it, which this one cannot read.
        await owner.execute(
            """
            INSERT INTO log.events
            SELECT position + 1, recorded_at, stream, version + 1, 'LeadSang.v7', data
            FROM log.events
            ORDER BY position DESC
            LIMIT 1
            """
        )
    await world.get("admin", "/leads", after=await world.head())
    (waiting,) = (await world.get("admin", "/projections/leads/parked")).json()["items"]
    assert waiting.pop("parked_at")
    assert waiting == {
        "stream": lead,
        "version": 3,
        "position": await world.head(),
        "event": "LeadSang.v7",
        "error": "CannotRead",
        "skipped": 0,
    }
    for caller, projection in (("rep", "leads"), ("admin", "nothing")):
        assert (await world.get(caller, f"/projections/{projection}/parked")).status_code == 404


async def test_the_wrong_schema_is_not_ready(empty_database: str, settings: Settings) -> None:
    async with served(create_app(settings.model_copy(update={"dsn": empty_database}))) as world:
        answer = await world.client.get("/ready")
        assert (answer.status_code, answer.json()["type"]) == (503, "/problems/not-ready")
        assert (await world.client.get("/health")).status_code == 200


async def test_metrics_tell_numbers_and_no_names(world: World) -> None:
    lead = await world.lead(to="rep-1", contact={"name": "Zdenka"})
    await world.see("rep", f"/leads/{lead}")
    await world.post("rep", f"/leads/{lead}/promises", {"follow_up_by": "2001-01-01T00:00:00Z"})
    await world.client.get("/nowhere/zdenka@example.com")
    text = (await world.client.get("/metrics")).text
    for line in [
        'leadledger_requests_total{method="GET",route="/leads/{lead_id}",status="200"}',
        'leadledger_requests_total{method="POST",route="/leads/{lead_id}/assignments",status="201"}',
        'leadledger_request_seconds_count{method="POST",route="/leads"}',
        'leadledger_requests_total{method="GET",route="(none)",status="404"}',
        'leadledger_refusals_total{refusal="FollowUpIsInThePast"}',
        "leadledger_events_appended_total",
        f"leadledger_log_head {float(await world.head())}",
        'leadledger_projection_lag{projection="queues"}',
        'leadledger_streams_parked{projection="queues"} 0.0',
    ]:
        assert line in text, line
    assert lead not in text
    assert "zdenka" not in text.lower()


async def test_the_document_describes_every_act_with_an_example(world: World) -> None:
    document: dict[str, Any] = (await world.client.get("/openapi.json")).json()
    assert document["info"]["title"] == "Leadledger"
    assert document["components"]["securitySchemes"]["key"]["scheme"] == "bearer"
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            assert told["summary"], path
            assert told.get("security", document["security"]) == ([] if path in OPEN_TO_ANYBODY else [{"key": []}])
            if method == "post":
                (body,) = told["requestBody"]["content"].values()
                assert body["examples"], path
            if method == "post" and path not in OPEN_TO_ANYBODY:
                assert {"200", "201", "400", "401", "404", "409", "412", "413", "415", "422", "503"} <= told[
                    "responses"
                ].keys()
            if path not in OPEN_TO_ANYBODY:
                shown = told["responses"]["201" if method == "post" else "200"]["content"]["application/json"]
                assert shown["example"], path
                refused = told["responses"]["404"]["content"]
                assert refused == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    assert "HTTPValidationError" not in json.dumps(document)


async def test_every_example_of_a_body_is_taken(world: World) -> None:
    for command, example in BODIES.items():
        if command is not TakeHolidays:
            command.model_validate(example["example"]["value"])
    assert holidays(BODIES[TakeHolidays]["example"]["value"].encode(), utc_now())


async def test_every_example_of_an_answer_is_one(world: World) -> None:
    for answer, example in ANSWERS.items():
        assert answer.model_validate(example).model_dump(mode="json") == example


async def test_no_page_loads_anything_from_elsewhere(world: World) -> None:
    for path in ("/docs", "/redoc", "/docs/oauth2-redirect"):
        assert (await world.client.get(path)).status_code == 404


async def test_a_failure_of_ours_is_told_without_anybodys_words(
    world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    somebody = "Ada Example"

    async def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError(somebody)

    monkeypatch.setattr(world.office.desk, "handle", fail)
    answer = await world.post("rep", "/leads", {"contact": {"name": somebody}})
    told = answer.json()
    assert (answer.status_code, told["type"]) == (500, "/problems/unexpected-failure")
    assert told["incident"] in caplog.text
    assert "builtins.RuntimeError" in caplog.text
    assert "test_operations.py" in caplog.text
    assert somebody not in caplog.text + answer.text


async def test_a_stopped_database_answers_503_and_everything_recovers_by_itself(
    server_folder: Any, settings: Settings
) -> None:
    server = start(server_folder / "postgres", settings=IN_A_HURRY)
    try:
        await install(server.dsn())
        async with opened(settings.model_copy(update={"dsn": server.dsn()})) as world:
            lead = await world.lead(to="rep-1", contact={"name": "Ada"})
            call = {"channel": "call", "outcome": "reached"}
            server.stop()
            for asked, within_seconds in (
                # An act may wait for the log too, which is given five seconds to come back.
                (world.post("rep", f"/leads/{lead}/outreach", call, Idempotency_Key="call"), 8),
                (world.get("rep", "/queues/me"), 3),
                (world.client.get("/ready"), 3),
            ):
                async with asyncio.timeout(within_seconds):
                    answer = await asked
                assert answer.status_code == 503, answer.text
                assert answer.headers["retry-after"] == "1"
                assert answer.json()["type"] in ("/problems/log-unavailable", "/problems/database-unavailable")
            async with asyncio.timeout(3):
                assert (await world.client.get("/health")).status_code == 200
                assert (await world.client.get("/metrics")).status_code == 200
            server = start(server_folder / "postgres", settings=IN_A_HURRY)
            async with asyncio.timeout(5):
                await _asked_until_answered(world, "/queues/me")
            receipt = await _answered(world, lead, call)
            assert (receipt["events"], receipt["version"]) == (["LeadContacted.v1"], 3)
            async with asyncio.timeout(15):
                (line,) = await _asked_until_answered(world, "/queues/me", after=receipt["position"])
            assert (line["lead"], line["state"]) == (lead, "contacted")
    finally:
        server.stop()


async def test_on_a_standby_questions_are_answered_and_acts_are_told_to_come_again(
    world: World, settings: Settings
) -> None:
    lead = await world.lead(to="rep-1")
    await world.see("rep", "/queues/me")
    standby = make_conninfo(settings.dsn or "", options="-c default_transaction_read_only=on")
    async with served(create_app(settings.model_copy(update={"dsn": standby}))) as there:
        there.keys = world.keys
        (line,) = (await there.get("rep", "/queues/me")).json()["items"]
        assert line["lead"] == lead
        refused = await there.post("rep", f"/leads/{lead}/outreach", {"channel": "call", "outcome": "reached"})
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/log-unavailable")


@pytest.mark.parametrize("passing", [errors.ReadOnlySqlTransaction, errors.DiskFull, errors.AdminShutdown])
async def test_what_comes_back_by_itself_is_no_failure_of_ours(
    world: World, monkeypatch: pytest.MonkeyPatch, passing: type[Exception]
) -> None:
    async def fail(*_: Any, **__: Any) -> None:
        raise passing

    monkeypatch.setattr(world.office.vault, "latest", fail)
    await world.lead(to="rep-1")
    answer = await world.see("rep", "/queues/me")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/database-unavailable")


async def _answered(world: World, lead: str, call: dict[str, str]) -> dict[str, Any]:
    async with asyncio.timeout(30):
        while True:
            answer = await world.post("rep", f"/leads/{lead}/outreach", call, Idempotency_Key="call")
            if answer.status_code != 503:
                assert answer.status_code in (200, 201), answer.text
                told: dict[str, Any] = answer.json()
                return told
            await asyncio.sleep(0.05)


async def _asked_until_answered(world: World, path: str, **parameters: Any) -> list[dict[str, Any]]:
    # There is no event to wait for: a caller can only ask again.
    while (answer := await world.get("rep", path, **parameters)).status_code == 503:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    assert answer.status_code == 200, answer.text
    told: list[dict[str, Any]] = answer.json()["items"]
    return told
