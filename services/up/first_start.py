"""What happens once: the vault's key is drawn, the example team moves in, and the first API keys are made."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from adapters.vault import KeyFile
from domain.event import Role
from services.example import team
from services.example.story import Story, tell
from services.running import write_private
from services.settings import Settings
from services.up.database import Database, DatabaseTrouble
from services.wiring import Office

KEYS = "first-keys.json"
EXAMPLE = "example.json"
WRAPPED_BEFORE = "SELECT EXISTS (SELECT FROM vault.data_keys)"


@dataclass(frozen=True)
class FirstKey:
    """An API key that `up` made, so that there is one to begin with."""

    holder: str
    role: Role
    key: str

    @property
    def id(self) -> str:
        """The part that is no secret."""
        return "_".join(self.key.split("_")[:2])


def draw_vault_key(settings: Settings, database: Database, say: Callable[[str], None]) -> None:
    """A new installation gets a key for its vault; one that has lost its key is not given another. Raises
    VaultKeyMissing."""
    path = settings.vault_key
    if not path.exists():
        with psycopg.connect(database.owner_dsn) as owner:
            [(used,)] = owner.execute(WRAPPED_BEFORE).fetchall()
        if not used:
            path.parent.mkdir(parents=True, exist_ok=True)
            KeyFile.create(path, datetime.now(UTC))
            say(f"Drew the vault's key: {path}")
            say("  Names, addresses and notes can be read with this file only. Keep a copy apart from the database.")
    KeyFile.read(path)


async def move_in(office: Office, home: Path, say: Callable[[str], None]) -> Story | None:
    """Tell the example's story into an empty log, or to its end if that was interrupted; else only remember it."""
    file = home / EXAMPLE
    begun = _read_json(file)
    if not begun or begun["done"]:
        if await office.log.head() > 0:
            return Story.begun(datetime.fromisoformat(begun["at"])) if begun else None
        begun = {"at": datetime.now(UTC).replace(second=0, microsecond=0).isoformat(), "done": False}
        write_private(file, json.dumps(begun) + "\n")
    say("Moving in the example: two teams, six people and their leads, all of them made up.")
    story = Story.begun(datetime.fromisoformat(begun["at"]))
    await tell(office.desk, story)
    write_private(file, json.dumps(begun | {"done": True}) + "\n")
    return story


async def first_keys(office: Office, home: Path, *, example: bool) -> list[FirstKey]:
    """The keys to begin with; what was revoked meanwhile is not made anew."""
    file = home / KEYS
    known = await office.credentials.all()
    there, revoked = {key.id for key in known}, {key.id for key in known if key.revoked_at is not None}
    kept = {told["holder"]: FirstKey(**told) for told in (_read_json(file) or {}).get("keys", [])}
    kept = {holder: first for holder, first in kept.items() if first.id in there}
    wanted: list[tuple[str, Role]] = [*team.KEY_HOLDERS] if example else []
    for holder, role in [*wanted, ("admin", "admin")]:
        if holder not in kept:
            _, key = await office.credentials.create(holder, role, scopes=(), created_by="up", expires_at=None)
            kept[holder] = FirstKey(holder, role, key)
            write_private(file, json.dumps({"keys": [vars(first) for first in kept.values()]}, indent=2) + "\n")
    return [first for first in kept.values() if first.id not in revoked]


def _read_json(file: Path) -> dict[str, Any] | None:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise DatabaseTrouble(f"{file} is damaged; remove it and start again.") from None
    return told if isinstance(told, dict) else None
