"""The API as a process of its own: it serves, it counts over several workers, and SIGTERM lets it finish."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

import httpx
import pytest

from services.api.receiving import MOST_BYTES
from services.settings import NoDatabase, Settings
from services.wiring import open_office
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
        with _a_post_begun(client, key, "Content-Length: 2") as slow:
            slow.sendall(b"{")
            eventually(lambda: answers(client))
            process.send_signal(signal.SIGTERM)
            eventually(lambda: not answers(client))
            slow.sendall(b"}")
            assert slow.recv(1000).startswith(b"HTTP/1.1 201 ")
        process.communicate(timeout=20)
    assert await _head(settings) == 1


@pytest.mark.parametrize("declared", [True, False])
async def test_a_large_body_is_refused_on_the_wire_before_the_rest_of_it_comes(
    settings: Settings, declared: bool
) -> None:
    key = await a_key(settings, "lead.create", "lead.see")
    with a_process(settings) as (_, client):
        length = "Content-Length: 10000000" if declared else "Transfer-Encoding: chunked"
        with _a_post_begun(client, key, length) as slow:
            if not declared:
                # One byte more than may come, and no word of an end.
                slow.sendall(b"%x\r\n" % (MOST_BYTES + 1) + b"[" + b" " * MOST_BYTES)
            assert slow.recv(1000).startswith(b"HTTP/1.1 413 ")
        assert client.get("/health").status_code == 200
    assert await _head(settings) == 0


async def test_ten_megabytes_put_nothing_on_record(settings: Settings) -> None:
    key = await a_key(settings, "lead.create", "lead.see")
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    large = b'{"contact": {"message": "' + b"x" * 10_000_000 + b'"}}'
    with a_process(settings) as (_, client):
        for content in (large, iter([large])):
            # Where it hangs up while we are still talking, its answer may be lost on the way.
            with suppress(httpx.TransportError):
                assert client.post("/leads", content=content, headers=headers).status_code == 413
        assert client.get("/health").status_code == 200
    assert await _head(settings) == 0


def _a_post_begun(client: httpx.Client, key: str, length: str) -> socket.socket:
    assert client.base_url.port is not None
    begun = socket.create_connection(("127.0.0.1", client.base_url.port), timeout=20)
    head = ("POST /leads HTTP/1.1", "Host: x", f"Authorization: Bearer {key}", "Content-Type: application/json", length)
    begun.sendall("\r\n".join((*head, "", "")).encode())
    return begun


async def _head(settings: Settings) -> int:
    async with open_office(settings) as office:
        return await office.log.head()


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
