"""Of two who look into the postbox at once, one gets each notice; and none is forgotten or tried for ever."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from adapters.postbox import LONGEST_WAIT, MOST_TRIES, Claim, Postbox, next_try
from tests.support.logs import as_desk

NINE = datetime(2026, 7, 31, 9, 0, tzinfo=UTC)
LEASE = timedelta(minutes=1)
FIVE_PAST = NINE + timedelta(minutes=5)
TEN = NINE + timedelta(hours=1)
NOTICE = UUID(int=7_000)


@pytest.fixture
async def postbox(database: str) -> AsyncIterator[Postbox]:
    kwargs = {"autocommit": True}
    async with AsyncConnectionPool(as_desk(database), min_size=2, max_size=4, kwargs=kwargs, open=False) as pool:
        yield Postbox(pool)


def trouble_noted(database: str) -> str | None:
    with psycopg.connect(database) as owner:
        row = owner.execute("SELECT last_trouble FROM post.attempts").fetchone()
    assert row is not None
    return row[0]  # type: ignore[no-any-return]


async def tries_of(postbox: Postbox, now: datetime) -> list[int]:
    return [claim.tries for claim in await postbox.claim([NOTICE], now, LEASE)]


async def test_who_asks_first_has_it_until_the_lease_is_over(postbox: Postbox) -> None:
    assert await postbox.claim([NOTICE, NOTICE], NINE, LEASE) == [Claim(NOTICE, 1)]
    assert await postbox.claim([NOTICE], NINE, LEASE) == []
    assert await postbox.claim([NOTICE], NINE + LEASE - timedelta(microseconds=1), LEASE) == []
    assert await postbox.claim([NOTICE], NINE + LEASE, LEASE) == [Claim(NOTICE, 2)]


async def test_nobody_asks_for_nothing(postbox: Postbox) -> None:
    assert await postbox.claim([], NINE, LEASE) == []


async def test_two_notifiers_who_ask_at_once_never_both_get_one(postbox: Postbox) -> None:
    for _ in range(5):
        notices = [uuid4() for _ in range(200)]
        # Each asks for all of them, in another order.
        got = await asyncio.gather(
            postbox.claim(notices, NINE, LEASE),
            postbox.claim(reversed(notices), NINE, LEASE),
            postbox.claim(sorted(notices), NINE, LEASE),
        )
        claimed = [claim.notice for claims in got for claim in claims]
        assert len(claimed) == len(set(claimed)) == 200


async def test_what_was_put_off_waits_until_then(postbox: Postbox, database: str) -> None:
    await postbox.claim([NOTICE], NINE, LEASE)
    await postbox.put_off(NOTICE, FIVE_PAST, "unreachable")
    assert await tries_of(postbox, FIVE_PAST - timedelta(microseconds=1)) == []
    assert await tries_of(postbox, FIVE_PAST) == [2]
    assert trouble_noted(database) == "unreachable"


async def test_waiting_for_the_morning_is_no_try_and_no_trouble(postbox: Postbox, database: str) -> None:
    await postbox.claim([NOTICE], NINE, LEASE)
    await postbox.put_off(NOTICE, FIVE_PAST, "timed_out")
    assert await tries_of(postbox, FIVE_PAST) == [2]
    await postbox.put_off(NOTICE, TEN, None)
    assert await tries_of(postbox, TEN) == [2]
    assert trouble_noted(database) == "timed_out"


async def test_what_is_settled_comes_never_again(postbox: Postbox) -> None:
    await postbox.claim([NOTICE], NINE, LEASE)
    await postbox.settle(NOTICE)
    # Somebody whose lease had run out says late that it did not work.
    await postbox.put_off(NOTICE, NINE, "timed_out")
    assert await tries_of(postbox, TEN) == []


async def test_what_nobody_had_claimed_can_be_settled(postbox: Postbox, database: str) -> None:
    await postbox.settle(NOTICE, "opted_out")
    assert await tries_of(postbox, TEN) == []
    assert trouble_noted(database) == "opted_out"


async def test_what_a_person_wants_tried_again_begins_anew(postbox: Postbox) -> None:
    await postbox.claim([NOTICE], NINE, LEASE)
    await postbox.put_off(NOTICE, TEN, "unreachable")
    await postbox.reopen(NOTICE)
    assert await tries_of(postbox, NINE) == [1]
    await postbox.settle(NOTICE)
    await postbox.reopen(NOTICE)
    assert await tries_of(postbox, NINE) == [1]


async def test_what_somebody_is_sending_stays_theirs_when_it_is_reopened(postbox: Postbox) -> None:
    await postbox.claim([NOTICE], NINE, LEASE)
    await postbox.reopen(NOTICE)
    assert await tries_of(postbox, NINE) == []
    assert await tries_of(postbox, NINE + LEASE) == [1]


async def test_when_the_next_one_may_be_tried_is_told(postbox: Postbox) -> None:
    sent, waiting, leased, ready = (UUID(int=number) for number in range(1, 5))
    await postbox.claim([sent, waiting, ready], NINE - LEASE, LEASE)
    await postbox.settle(sent)
    await postbox.put_off(waiting, FIVE_PAST, "unreachable")
    await postbox.claim([leased], NINE, LEASE)
    assert await postbox.next_at(NINE) == NINE + LEASE
    assert await postbox.next_at(FIVE_PAST) is None


async def test_one_address_gets_no_more_than_a_few_that_nobody_asked_for(postbox: Postbox) -> None:
    day = timedelta(days=1)

    async def may(address: bytes, at: datetime) -> bool:
        return await postbox.may_write_to(address, at, most=2, within=day)

    assert [await may(b"ada", NINE) for _ in range(3)] == [True, True, False]
    assert await may(b"bob", NINE)
    assert not await may(b"ada", NINE + day - timedelta(seconds=1))
    assert await may(b"ada", NINE + day)


async def test_only_what_was_settled_long_ago_is_forgotten(postbox: Postbox) -> None:
    other = UUID(int=2)
    await postbox.claim([NOTICE, other], NINE, LEASE)
    await postbox.settle(other)
    settled_by = datetime.now(UTC) + timedelta(minutes=1)
    assert await postbox.sweep(settled_by - timedelta(hours=1)) == 0
    assert await postbox.sweep(settled_by) == 1
    assert [claim.notice for claim in await postbox.claim([NOTICE, other], NINE, LEASE)] == [other]


async def test_a_process_that_dies_each_time_does_not_try_for_ever(postbox: Postbox) -> None:
    now, claims = NINE, list[Claim]()
    for _ in range(MOST_TRIES + 1):
        claims += await postbox.claim([NOTICE], now, LEASE)
        now += LEASE
    assert [claim.tries for claim in claims] == list(range(1, MOST_TRIES + 2))
    assert [claim.tries for claim in claims if claim.is_last] == [MOST_TRIES, MOST_TRIES + 1]
    assert [claim.tries for claim in claims if claim.is_one_too_many] == [MOST_TRIES + 1]


def test_each_wait_is_twice_the_one_before_and_at_most_an_hour() -> None:
    waits = [next_try(tries, UUID(int=0)).total_seconds() for tries in range(1, MOST_TRIES + 1)]
    assert waits == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert next_try(0, UUID(int=0)).total_seconds() == 30
    assert next_try(10_000, UUID(int=0)) == LONGEST_WAIT


def test_what_failed_together_does_not_come_back_together() -> None:
    waits = [next_try(1, uuid4()).total_seconds() for _ in range(200)]
    assert len(set(waits)) > 100
    assert 24 <= min(waits) < 26 < 28 < max(waits) <= 30
    assert next_try(3, NOTICE) == next_try(3, NOTICE)
