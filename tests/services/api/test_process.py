"""The API as a process of its own: it serves, it counts over several workers, and SIGTERM lets it finish."""

import asyncio
import os
import signal
import socket
import subprocess
import sys

import httpx
import pytest

from services.settings import NoDatabase, Settings
from tests.architecture.checkout import ROOT
from tests.services.api.processes import a_key, a_process, answers
from tests.services.api.world import projectors
from tests.support.eventually import eventually


def _once(client: httpx.Client, path: str) -> int:
    return httpx.get(client.base_url.join(path)).status_code


async def test_it_serves_until_sigterm_and_says_nothing_of_anybody(settings: Settings) -> None:
    key = await a_key(settings, "lead.create", "lead.see")
    async with projectors(settings):
        with a_process(settings) as (process, client):
            answers = {"Authorization": f"Bearer {key}"}
            body = {"contact": {"name": "Zdenka"}}
            # In a thread of its own: the projectors run in this one.
            created = await asyncio.to_thread(client.post, "/leads", json=body, headers=answers)
            assert created.status_code == 201
            here, fresh = created.headers["location"], {"after": created.json()["position"]}
            found = await asyncio.to_thread(client.get, here, params=fresh, headers=answers)
            assert (found.status_code, found.headers["etag"]) == (200, '"1"')
            assert "server" not in found.headers
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=20)
            assert process.returncode in (0, -signal.SIGTERM)
    assert created.json()["lead"] not in said
    assert "Zdenka" not in said
    assert "Finished server process" in said


async def test_a_request_under_way_is_answered_before_it_ends(settings: Settings) -> None:
    key = await a_key(settings, "lead.create", "lead.see")
    with a_process(settings) as (process, client):
        port = client.base_url.port
        assert port is not None
        with socket.create_connection(("127.0.0.1", port), timeout=20) as slow:
            head = (
                f"POST /leads HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
            )
            slow.sendall(f"{head}Content-Length: 2\r\n\r\n{{".encode())
            eventually(lambda: answers(client))
            process.send_signal(signal.SIGTERM)
            eventually(lambda: not answers(client))
            slow.sendall(b"}")
            assert slow.recv(1000).startswith(b"HTTP/1.1 ")
            process.communicate(timeout=20)


@pytest.mark.parametrize("declared", [True, False])
async def test_ten_megabytes_are_refused_on_the_wire_too(settings: Settings, declared: bool) -> None:
    key = await a_key(settings, "lead.create", "lead.see")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    large = b"[" + b" " * 10_000_000
    with a_process(settings) as (_, client):
        try:
            answer = client.post("/leads", content=large if declared else iter([large]), headers=headers)
            assert answer.status_code == 413
        except httpx.TransportError:
            # It hung up while we were still talking; the answer was lost on the way, and so was the body.
            assert declared in (True, False)
        assert client.get("/health").status_code == 200


async def test_two_workers_are_counted_together(settings: Settings) -> None:
    with a_process(settings, LEADLEDGER_WORKERS="2") as (process, client):
        for _ in range(40):
            # A connection of its own, so that both workers get some.
            assert _once(client, "/nowhere") == 404

        def counted() -> bool:
            return (
                'leadledger_requests_total{method="GET",route="(none)",status="404"} 40.0'
                in client.get("/metrics").text
            )

        eventually(counted)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=20)


def test_without_a_database_named_it_says_so() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "LEADLEDGER_DSN"}
    command = [sys.executable, "-m", "services.api"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr == f"{NoDatabase.__doc__}\n"
