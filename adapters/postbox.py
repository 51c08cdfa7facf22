"""The postbox: of the notices to be sent, which are anybody's turn now, and whose turn it is."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from psycopg_pool import AsyncConnectionPool

from adapters.delivery import Refused, Trouble

MOST_TRIES = 10
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
COUNTED_FOR = timedelta(days=2)
"""So long it is known which addresses were written to."""
SPREAD = 0.2
"""By so much of itself a wait is shortened at most, so that what failed together does not come back together."""


class Claim(NamedTuple):
    """A notice that is ours to send until the lease runs out."""

    notice: UUID
    tries: int
    """This one included, and those during which a process died."""

    @property
    def is_one_too_many(self) -> bool:
        """It was tried as often as it may be, and whoever tried last did not live to say so: give it up."""
        return self.tries > MOST_TRIES

    @property
    def is_last(self) -> bool:
        """Where this one fails, too, it is given up."""
        return self.tries >= MOST_TRIES


def next_try(tries: int, notice: UUID) -> timedelta:
    """How long to wait after so many tries: 30 s, each time twice as long, at most an hour; a little less for some.

    After 10 tries, which take 3 hours, a notice is given up.
    """
    wait = min(FIRST_WAIT * (1 << min(max(tries, 1), MOST_TRIES) - 1), LONGEST_WAIT)
    return wait * (1 - SPREAD * (notice.int % 1000) / 1000)


class Postbox:
    """Who is sending which notice, and what is tried again when. Every instant is given by whoever asks."""

    def __init__(self, pool: AsyncConnectionPool) -> None:
        self._pool = pool

    async def claim(self, notices: Iterable[UUID], now: datetime, lease: timedelta) -> list[Claim]:
        """Of these, the ones that may be tried now and that nobody else has. Two who ask at once never get the same.

        Whoever has one must say within the lease what came of it, or somebody else gets it.
        """
        # In one order, so that two who ask for the same wait for each other one way only.
        asked = sorted(set(notices))
        async with self._pool.connection() as connection:
            claimed = await connection.execute(
                """
                INSERT INTO post.attempts AS a (notice, tries, next_try_at, claimed_at)
                SELECT notice, 1, %(until)s, %(now)s
                FROM unnest(%(asked)s::uuid[]) WITH ORDINALITY AS asked (notice, place)
                ORDER BY place
                ON CONFLICT (notice) DO UPDATE
                SET tries = a.tries + 1, next_try_at = %(until)s, claimed_at = %(now)s
                WHERE a.next_try_at <= %(now)s
                  AND a.settled_at IS NULL
                RETURNING notice, tries
                """,
                {"asked": asked, "now": now, "until": now + lease},
            )
            return [Claim(notice, tries) for notice, tries in await claimed.fetchall()]

    async def put_off(self, notice: UUID, until: datetime, trouble: Trouble | None) -> None:
        """Nobody tries it before then. Without trouble (outside office hours) it was not a try and does not count."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """
                UPDATE post.attempts
                SET next_try_at = %(until)s,
                    claimed_at = NULL,
                    last_trouble = coalesce(%(trouble)s, last_trouble),
                    tries = CASE WHEN %(trouble)s::text IS NULL THEN greatest(tries - 1, 0) ELSE tries END
                WHERE notice = %(notice)s
                  AND settled_at IS NULL
                """,
                {"notice": notice, "until": until, "trouble": trouble},
            )

    async def settle(self, notice: UUID, trouble: Trouble | Refused | None = None) -> None:
        """It was sent, or given up: nobody gets it again."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """
                INSERT INTO post.attempts AS a (notice, tries, next_try_at, last_trouble, settled_at)
                VALUES (%(notice)s, 0, clock_timestamp(), %(trouble)s, clock_timestamp())
                ON CONFLICT (notice) DO UPDATE
                SET claimed_at = NULL,
                    last_trouble = coalesce(%(trouble)s, a.last_trouble),
                    settled_at = coalesce(a.settled_at, clock_timestamp())
                """,
                {"notice": notice, "trouble": trouble},
            )

    async def reopen(self, notice: UUID) -> None:
        """Somebody wants it tried again, at once and as if for the first time; whoever is sending it still has it."""
        async with self._pool.connection() as connection:
            await connection.execute(
                """
                UPDATE post.attempts
                SET tries = 0,
                    settled_at = NULL,
                    next_try_at = CASE WHEN claimed_at IS NULL THEN to_timestamp(0) ELSE next_try_at END
                WHERE notice = %s
                """,
                [notice],
            )

    async def next_at(self, now: datetime) -> datetime | None:
        """When the first of those that are put off, or somebody's, may be tried; None where there is none."""
        async with self._pool.connection() as connection:
            found = await connection.execute(
                "SELECT min(next_try_at) FROM post.attempts WHERE settled_at IS NULL AND next_try_at > %s", [now]
            )
            row = await found.fetchone()
            return None if row is None else row[0]

    async def may_write_to(self, address: bytes, now: datetime, *, most: int, within: timedelta) -> bool:
        """Whether this address, as a keyed hash, may get one more message that nobody asked for; then it is counted."""
        async with self._pool.connection() as connection:
            counted = await connection.execute(
                """
                INSERT INTO post.receipts (address, sent_at)
                SELECT %(address)s, %(now)s
                WHERE (
                    SELECT count(*)
                    FROM post.receipts
                    WHERE address = %(address)s
                      AND sent_at > %(since)s
                ) < %(most)s
                """,
                {"address": address, "now": now, "since": now - within, "most": most},
            )
            return counted.rowcount == 1

    async def sweep(self, before: datetime) -> int:
        """Forget what was settled before then, and say how much that was.

        The read models must know by then that it was sent: an hour is plenty where they are behind by seconds.
        """
        async with self._pool.connection() as connection:
            await connection.execute("DELETE FROM post.receipts WHERE sent_at < %s", [before - COUNTED_FOR])
            swept = await connection.execute("DELETE FROM post.attempts WHERE settled_at < %s", [before])
            return swept.rowcount
