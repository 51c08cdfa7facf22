"""Whatever is sent, the API answers as its own OpenAPI document says, and never with a failure of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given
from hypothesis import settings as bounded
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from domain.access import ACTIONS
from services.settings import Settings
from tests.services.api.processes import a_key, a_process, a_projector, answers
from tests.support.eventually import eventually

AS_THE_DOCUMENT_SAYS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
TRIES = 10
THERE: dict[str, str] = {}
"""What is on record, so that not everything is unknown."""


@pytest.fixture
def document(settings: Settings) -> Iterator[Any]:
    key = asyncio.run(a_key(settings, *ACTIONS))
    with a_process(settings) as (_, client), a_projector(settings):
        client.headers["Authorization"] = f"Bearer {key}"
        eventually(lambda: answers(client, "/ready"), within_seconds=30)
        THERE.update(_somebody_and_something(client), Authorization=f"Bearer {key}")
        yield schemathesis.openapi.from_url(f"{client.base_url}/openapi.json")


def _somebody_and_something(client: httpx.Client) -> dict[str, str]:
    client.post("/teams", json={"team": "north"})
    client.post("/people", json={"person": "rep-1", "team": "north"})
    lead = client.post("/leads", json={"team": "north", "contact": {"name": "Ada"}}).json()["lead"]
    client.post(f"/leads/{lead}/assignments", json={"to": "rep-1"})
    client.post("/sources", json={"source": "website"})
    day = [{"opens": "09:00", "closes": "17:00"}]
    client.post("/calendars", json={"calendar": "office", "zone": "Europe/Vienna", "week": {"monday": day}})
    clock = {"target_minutes": 60, "unit": "business_minutes"}
    client.post("/policies", json={"policy": "quick", "calendar": "office", "clocks": {"reply": clock}})
    return {
        "lead_id": lead,
        "person": "rep-1",
        "team": "north",
        "source": "website",
        "projection": "leads",
        "calendar": "office",
        "policy": "quick",
    }


def test_every_answer_is_as_the_document_says(document: Any) -> None:
    operations = [found.ok() for found in document.get_all_operations()]
    assert len(operations) > 35
    for operation in operations:
        for sense in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _try(operation, sense)


def _try(operation: Any, sense: GenerationMode) -> None:
    """Hand in what the document allows, or what it does not."""

    @given(case=operation.as_strategy(generation_mode=sense))
    @bounded(max_examples=TRIES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    def each(case: Any) -> None:
        if sense is GenerationMode.POSITIVE:
            case.path_parameters.update({name: value for name, value in THERE.items() if name in case.path_parameters})
        case.call_and_validate(headers={"Authorization": THERE["Authorization"]}, checks=AS_THE_DOCUMENT_SAYS)

    # Where nothing is asked, nothing can be asked wrongly.
    with suppress(Unsatisfiable):
        each()
