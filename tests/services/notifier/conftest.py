"""Every story here happens in one scene."""

from collections.abc import AsyncIterator

import pytest

from services.settings import Settings
from tests.services.notifier.scene import Scene, the_scene


@pytest.fixture
async def scene(settings: Settings) -> AsyncIterator[Scene]:
    async with the_scene(settings) as scene:
        yield scene
