"""Adding business minutes: do ten years of them take longer than an hour?"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from benchmarks.contestant import Figures
from benchmarks.ground import Ground
from benchmarks.results import Row, Target
from benchmarks.rounds import Pace, Side, race
from domain.business_time import BusinessTime, Hours

AN_HOUR, TEN_YEARS = "an hour", "ten years"
DAY = (Hours(9 * 60, 12 * 60 + 30), Hours(13 * 60 + 30, 18 * 60))
WEEK = (DAY, DAY, DAY, DAY, DAY, (), ())
MINUTES = {AN_HOUR: 60, TEN_YEARS: 10 * 52 * 5 * 8 * 60}
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
STARTS = 500


def measure(ground: Ground, pace: Pace) -> list[Row]:
    """With a calendar that has been counted with, as the desk remembers it; and with one that nobody has looked at."""
    chance = random.Random(7)
    starts = [YEAR + timedelta(minutes=chance.randrange(365 * 24 * 60)) for _ in range(STARTS)]
    known = _a_calendar()
    for start in starts:
        known.deadline(start, MINUTES[TEN_YEARS])
    rows = []
    for name, calendar, target in (
        ("add ten years of business minutes", lambda: known, Target(at_most=3)),
        ("add ten years of business minutes, new calendar", _a_calendar, None),
    ):
        sides = {what: _adding(calendar, MINUTES[what], starts) for what in MINUTES}
        done = race(name, sides, pace)
        rows.append(done.compare(name, AN_HOUR, target=target, figure="us_each", ours=TEN_YEARS))
    return rows


def _a_calendar() -> BusinessTime:
    return BusinessTime("Europe/Vienna", WEEK)


def _adding(calendar: Callable[[], BusinessTime], minutes: int, starts: list[datetime]) -> Side:
    def run(seconds: float) -> Figures:
        added, began = 0, time.perf_counter()
        while (spent := time.perf_counter() - began) < seconds:
            calendar().deadline(starts[added % STARTS], minutes)
            added += 1
        return {"us_each": 1e6 * spent / added}

    return run
