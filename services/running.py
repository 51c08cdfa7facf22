"""Where a running `leadledger up` is: it leaves a note in its home folder, so that other commands find it."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

NOTE = "running.json"


@dataclass(frozen=True)
class Running:
    """What `up` tells other commands of the same user."""

    pid: int
    url: str
    dsn: str
    """PostgreSQL for the desk."""
    projector_dsn: str
    vault_key_file: str


class NotYours(Exception):
    """The product runs as somebody else."""


def leave_note(home: Path, running: Running) -> None:
    """Only the user who started the product can read it."""
    write_private(home / NOTE, json.dumps(asdict(running), indent=2) + "\n")


def read_note(home: Path) -> Running | None:
    """The note of the product that runs now, if one does. Raises NotYours."""
    try:
        running = Running(**json.loads((home / NOTE).read_text(encoding="utf-8")))
    except PermissionError:
        raise NotYours(f"Leadledger's folder {home} belongs to somebody else; run this as that user.") from None
    except (OSError, ValueError, TypeError):
        return None
    return running if _is_alive(running.pid) else None


def take_note_back(home: Path) -> None:
    """The product has stopped."""
    (home / NOTE).unlink(missing_ok=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads, whole or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
