"""What we compare ourselves with and do not depend on: installed when first asked for, into a cache folder, pinned."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

from benchmarks.listening import HOST, DidNotStart, listening

UMADB = "0.7.8"
EMMETT = "0.42.0"

INSTALL_WITHIN_SECONDS = 300


class NotMeasuredHere(Exception):
    """The reference cannot be had on this machine, so nothing is said about it."""


def umadb_python() -> Path:
    """The Python of a virtual environment that has UmaDB, its client and its server."""
    folder = _cache() / f"umadb-{UMADB}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed"
    if not done.exists():
        _install([sys.executable, "-m", "venv", "--clear", folder])
        _install([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"umadb=={UMADB}"])
        done.touch()
    return python


@contextmanager
def umadb_server() -> Iterator[str]:
    """UmaDB's server at work on a database of its own; the answer is its address."""
    python = umadb_python()
    serve = "from umadb.umadb_server_cli import main; main()"
    with TemporaryDirectory(prefix="leadledger-benchmark-") as folder, ExitStack() as stack:

        def command(port: int) -> list[str | Path]:
            return [python, "-c", serve, "--listen", f"{HOST}:{port}", "--db-path", f"{folder}/uma.db"]

        try:
            port = stack.enter_context(listening(command))
        except DidNotStart as trouble:
            raise NotMeasuredHere("its server does not start") from trouble
        yield f"http://{HOST}:{port}"


def emmett() -> tuple[str, Path]:
    """Node, and the folder where it finds Emmett."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise NotMeasuredHere("there is no Node.js with npm")
    folder = _cache() / f"emmett-{EMMETT}"
    done = folder / "installed"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        package = f"@event-driven-io/emmett-postgresql@{EMMETT}"
        _install([npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--loglevel=error", package])
        done.touch()
    return node, folder


def _cache() -> Path:
    return user_cache_path("leadledger-benchmarks", ensure_exists=True)


def _install(command: Sequence[str | Path]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_WITHIN_SECONDS)
    except subprocess.CalledProcessError as failure:
        raise NotMeasuredHere(f"it cannot be installed: {failure.stderr.strip().splitlines()[-1:]}") from failure
    except subprocess.TimeoutExpired as failure:
        raise NotMeasuredHere(f"it was not installed within {INSTALL_WITHIN_SECONDS} s") from failure
