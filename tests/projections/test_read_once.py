"""Several projections in one process read the log once."""

import asyncio
from collections.abc import Sequence

import pytest

from domain.event import Event, Recorded
from domain.identity import Position
from domain.lead.events import LeadReplied
from domain.log import LogUnavailable
from projections.projector import ReadOnce
from tests.projections.scripted_log import ScriptedLog, minutes
from tests.support.examples import BY_MACHINE, NINE


class CountingLog(ScriptedLog):
    def __init__(self) -> None:
        super().__init__()
        self.reads = 0
        self.down = False

    async def read(self, after: Position, limit: int) -> Sequence[Recorded[Event]]:
        self.reads += 1
        await asyncio.sleep(0)
        if self.down:
            raise LogUnavailable
        return await super().read(after, limit)


def with_events(count: int) -> CountingLog:
    log = CountingLog()
    log.tell(*(LeadReplied(at=NINE + minutes(number), by=BY_MACHINE, channel="sms") for number in range(count)))
    return log


async def test_who_stands_in_the_same_place_gets_the_same_page() -> None:
    log = with_events(10)
    once = ReadOnce(log)
    pages = await asyncio.gather(*(once.read(Position(2), 5) for _ in range(3)))
    assert [len(page) for page in pages] == [5, 5, 5]
    assert log.reads == 1


async def test_an_empty_page_is_read_again() -> None:
    log = with_events(0)
    once = ReadOnce(log)
    assert await once.read(Position(0), 5) == []
    log.tell(LeadReplied(at=NINE, by=BY_MACHINE, channel="sms"))
    assert len(await once.read(Position(0), 5)) == 1
    assert await once.wait(Position(0), 1)
    assert (await once.head(), list(await once.load([(log.events[0].stream, 0)]))) == (1, [log.events[0].stream])


async def test_a_page_that_failed_is_read_again() -> None:
    log = with_events(1)
    once = ReadOnce(log)
    log.down = True
    with pytest.raises(LogUnavailable):
        await once.read(Position(0), 5)
    log.down = False
    assert len(await once.read(Position(0), 5)) == 1


async def test_who_gives_up_waiting_takes_the_page_from_nobody() -> None:
    once = ReadOnce(with_events(3))
    hasty = asyncio.create_task(once.read(Position(0), 5))
    patient = asyncio.create_task(once.read(Position(0), 5))
    await asyncio.sleep(0)
    hasty.cancel()
    assert len(await patient) == 3


async def test_old_pages_are_let_go() -> None:
    log = with_events(20)
    once = ReadOnce(log)
    for after in (*range(10), 0):
        await once.read(Position(after), 1)
    assert log.reads == 11
