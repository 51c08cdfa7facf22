"""A whole API over a real database: its projectors run beside it, and each kind of caller holds a key."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.vault import KeyFile
from services.settings import Settings
from tests.services.api.world import World, opened


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Settings:
    vault_key = tmp_path / "vault.key"
    KeyFile.create(vault_key, datetime.now(UTC))
    return Settings(home=tmp_path, dsn=database, vault_key_file=vault_key)


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with opened(settings) as world:
        yield world
