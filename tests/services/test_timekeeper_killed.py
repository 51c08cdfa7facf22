"""Whoever is killed: no timer is lost, none comes twice, none too soon, and none for a lead that was answered."""

import os
from pathlib import Path

from tests.support.timers_campaign import Plan, campaign

FULL = bool(os.environ.get("LEADLEDGER_FULL"))
PLAN = Plan(timers=100_000, kills=60, seconds=480.0) if FULL else Plan(timers=2_000, kills=8, seconds=15.0)


async def test_no_timer_is_lost_nor_fired_twice_too_soon_or_for_nothing(server_folder: Path) -> None:
    outcome = await campaign(PLAN, server_folder)
    verdict = outcome.verdict
    assert verdict.faults == {"lost": 0, "twice": 0, "early": 0, "for cancelled": 0}
    assert verdict.clocks == PLAN.timers
    assert verdict.cancelled == PLAN.timers // 2
    assert set(outcome.killed) == {"postgresql", "projector", "timekeeper-1", "timekeeper-2"}
    assert sum(outcome.killed.values()) == PLAN.kills
    # About as many as there are, or the timers were not armed for the time of the campaign.
    assert len(verdict.firings) > PLAN.timers
