"""The questions behind pages, asked one after another as one caller asks them, each time about somebody else."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Awaitable, Callable
from typing import Any

from psycopg import AsyncConnection

from benchmarks.contestants.answering import Figures, Wish, answer_async, in_tasks
from benchmarks.lives import REPS, TEAMS, rep, team_of
from domain.identity import LeadId, StreamId
from projections import queues, timeline

Question = Callable[[], Awaitable[object]]
PLACES = 500
"""So many leads are drawn at random; deep pages begin after one of them."""
SEED = 11

# Where fewer leads are left, a page is shorter and no measure of anything.
A_FULL_PAGE_FOLLOWS = """
SELECT lead, owner, team, tier, attention_at, arrived_at
FROM (
    SELECT *, row_number() OVER (PARTITION BY owner ORDER BY tier DESC, attention_at DESC, lead DESC) AS left_over
    FROM read.queues
    WHERE open
      AND owner IS NOT NULL
) AS queued
WHERE left_over > least(50, (SELECT count(*) FROM read.queues WHERE open AND owner IS NOT NULL) / 60)
"""


class Pages:
    """Pages of one database."""

    def __init__(self, connection: AsyncConnection[Any]) -> None:
        self._connection = connection
        self._chance = random.Random(SEED)
        self._cursors: list[queues.Cursor] = []
        self._owners: list[Any] = []
        self._teams: list[Any] = []
        self._stories: list[tuple[StreamId, timeline.Cursor]] = []
        self.questions: dict[str, Question] = {
            "my queue, first page": lambda: queues.plate_of(connection, rep(self._chance.randrange(REPS))),
            "my queue, deep page": self._deep_in_a_queue,
            "team queue, first page": lambda: queues.team_queue(connection, team_of(self._chance.randrange(TEAMS))),
            "team queue, deep page": self._deep_in_a_team_queue,
            "team's unassigned, first page": lambda: queues.team_queue(
                connection, team_of(self._chance.randrange(TEAMS)), unassigned_only=True
            ),
            "desk queue, first page": lambda: queues.desk_queue(connection),
            "timeline, first page": lambda: timeline.page(connection, self._story()[0]),
            "timeline, deep page": self._deep_in_a_story,
        }

    async def open(self) -> None:
        """Draw the places where pages begin, evenly over the whole of each table."""
        rows = await self._rows(A_FULL_PAGE_FOLLOWS)
        for lead, owner, team, tier, attention_at, arrived_at in self._chance.sample(rows, min(PLACES, len(rows))):
            self._cursors.append(queues.Cursor(tier, attention_at, arrived_at, LeadId(str(lead))))
            self._owners.append(owner)
            self._teams.append(team)
        rows = await self._rows("SELECT stream, at, version FROM read.timeline WHERE version = 2")
        for stream, at, version in self._chance.sample(rows, min(PLACES, len(rows))):
            self._stories.append((StreamId(stream), timeline.Cursor(at, version)))

    async def _rows(self, question: Any) -> list[tuple[Any, ...]]:
        return await (await self._connection.execute(question)).fetchall()

    async def _deep_in_a_queue(self) -> object:
        place = self._chance.randrange(len(self._cursors))
        return await queues.plate_of(self._connection, self._owners[place], after=self._cursors[place])

    async def _deep_in_a_team_queue(self) -> object:
        place = self._chance.randrange(len(self._cursors))
        return await queues.team_queue(self._connection, self._teams[place], after=self._cursors[place])

    async def _deep_in_a_story(self) -> object:
        stream, cursor = self._story()
        return await timeline.page(self._connection, stream, after=cursor)

    def _story(self) -> tuple[StreamId, timeline.Cursor]:
        return self._chance.choice(self._stories)


async def compete(dsn: str) -> None:
    """Ask until told to stop."""
    async with await AsyncConnection.connect(dsn, autocommit=True) as connection:
        pages = Pages(connection)
        await pages.open()

        async def run(wish: Wish) -> Figures:
            figures = await in_tasks(lambda: pages.questions[wish["question"]], {**wish, "in_flight": 1})
            return {name: figures[name] for name in ("p50_ms", "p99_ms", "per_second")}

        await answer_async(run)


if __name__ == "__main__":
    asyncio.run(compete(sys.argv[1]))
