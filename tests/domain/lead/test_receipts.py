"""A machine tells a new lead that we have what it wrote, if the policy of that moment says so."""

from dataclasses import dataclass

import pytest

from domain.identity import PolicyId
from domain.lead.clocks import Governing, follow
from domain.lead.events import ReceiptOwed
from domain.lead.state import Clock, Lead, replay
from domain.notice import Medium
from domain.policy import Terms
from tests.domain.lead.told import assigned, created
from tests.support.story import BY_MANAGER, BY_SERVICE, NINE, TEN, on


@dataclass
class Saying:
    """Policies without clocks, which say this about receipts; None is no policy at all."""

    media: tuple[Medium, ...] | None
    governs: bool = True

    def governing(self, lead: Lead, since: object) -> Governing | None:
        terms = Terms(NINE, 4, None, (), 0, self.media)
        return Governing(PolicyId("quick"), terms) if self.governs else None

    def of_clock(self, clock: Clock) -> Governing:
        raise AssertionError(f"there is no clock, so not this one either: {clock}")


def test_the_policy_tells_how() -> None:
    owed = ReceiptOwed(media=("email", "sms"), policy=PolicyId("quick"), policy_version=4, at=NINE, by=BY_SERVICE)
    arrived = follow(Lead(), [created()], Saying(("email", "sms")), on(NINE, BY_SERVICE))
    assert arrived == [created(), owed]
    later = [assigned()]
    assert follow(replay(arrived), later, Saying(("email", "sms")), on(TEN, BY_MANAGER)) == later


@pytest.mark.parametrize("says", [Saying(()), Saying(None), Saying(("email",), governs=False)])
def test_without_such_a_policy_no_machine_writes(says: Saying) -> None:
    assert follow(Lead(), [created()], says, on(NINE, BY_SERVICE)) == [created()]


def test_nor_to_a_lead_that_is_only_copied() -> None:
    assert follow(Lead(), [created()], Saying(("email",)), on(NINE, BY_SERVICE, history=True)) == [created()]
