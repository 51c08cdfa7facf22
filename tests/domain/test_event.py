"""What cannot be read is never passed over."""

from collections.abc import Callable
from typing import Any

import pytest

from domain import person, source, team
from domain.event import Unreadable
from domain.lead import state as lead
from tests.support.story import BY_SERVICE, NINE

UNREADABLE = Unreadable(topic="LeadAbducted.v1", problem="no such event", at=NINE, by=BY_SERVICE)


@pytest.mark.parametrize("replay", [lead.replay, person.replay, team.replay, source.replay])
def test_no_state_is_told_from_a_record_that_cannot_be_read(replay: Callable[[Any], object]) -> None:
    with pytest.raises(AssertionError, match="Unreadable"):
        replay([UNREADABLE])
