"""The API and the projector as processes of their own."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from services.settings import Settings
from services.wiring import open_office
from tests.architecture.checkout import ROOT
from tests.support.eventually import eventually


@contextmanager
def a_process(
    settings: Settings, *, said: Path | None = None, **more: str
) -> Iterator[tuple[subprocess.Popen[str], httpx.Client]]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    more = {"LEADLEDGER_PORT": str(port)} | more
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10)
    with client, _started("services.api", settings, more, said) as process:
        eventually(lambda: process.poll() is not None or answers(client), within_seconds=30)
        yield process, client


@contextmanager
def a_projector(settings: Settings, *, said: Path | None = None, **more: str) -> Iterator[subprocess.Popen[str]]:
    with _started("services.projector", settings, more, said) as process:
        yield process


@contextmanager
def _started(
    module: str, settings: Settings, more: dict[str, str], said: Path | None
) -> Iterator[subprocess.Popen[str]]:
    """`said` is a file for all that the process says; without one, its errors can be read from the process."""
    environment = os.environ | {
        "LEADLEDGER_DSN": settings.dsn or "",
        "LEADLEDGER_HOME": str(settings.home),
        "LEADLEDGER_VAULT_KEY_FILE": str(settings.vault_key),
        **more,
    }
    command = [sys.executable, "-m", module]
    with ExitStack() as stack:
        out = None if said is None else stack.enter_context(said.open("ab"))
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=out, stderr=out or subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()


def answers(client: httpx.Client, path: str = "/health") -> bool:
    try:
        return client.get(path).status_code == 200
    except httpx.TransportError:
        return False


async def a_key(settings: Settings, *scopes: str) -> str:
    async with open_office(settings) as office:
        _, key = await office.credentials.create("form", "service", scopes=scopes, created_by="test", expires_at=None)
        return key
