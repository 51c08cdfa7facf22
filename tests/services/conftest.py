"""A whole API over a real database: its projectors run beside it, and each kind of caller holds a key."""

from collections.abc import AsyncIterator

import pytest

from services.settings import Settings
from tests.services.api.world import World, opened


@pytest.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    async with opened(settings) as world:
        yield world
