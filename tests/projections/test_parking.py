"""One event that cannot be folded stops its own stream, in sight, and nothing else."""

from domain.event import Actor, Recorded, Unreadable
from domain.identity import lead_stream
from domain.lead.events import LeadAssigned, LeadCreated, LeadReplied
from projections.projector import OneRow, parked, retry, status
from projections.projector.schema import connect
from projections.queues import PLATES, Plate, queues
from tests.projections.scripted_log import LEAD, OTHER, ScriptedLog, caught_up, minutes, rows_of
from tests.support.examples import BY_MACHINE, BY_MANAGER, NINE, NORTH, REP

ARRIVED = LeadCreated(at=NINE, by=BY_MACHINE, team=NORTH)
ASSIGNED = LeadAssigned(at=NINE + minutes(1), by=BY_MANAGER, to=REP, team=NORTH)
REPLIED = LeadReplied(at=NINE + minutes(2), by=BY_MACHINE, channel="email")
STRANGE = Unreadable(at=NINE, by=Actor("unknown", "service", "unknown"), topic="LeadSang.v7", problem="UnknownForm")


class FoldIsBroken(Exception):
    """The lead's name is Ada Lovelace: words that must not be repeated."""


def broken() -> OneRow[Plate]:
    """The queues, with a mistake in one function."""
    projection = OneRow(name="queues", version=1, table=PLATES, row=Plate)
    projection.functions.update(queues.functions)
    del projection.functions[LeadAssigned]

    @projection.when(LeadAssigned)
    def fail(row: Plate | None, recorded: Recorded[LeadAssigned]) -> Plate | None:
        if recorded.stream == lead_stream(LEAD):
            raise FoldIsBroken
        return row

    return projection


async def test_a_stream_that_cannot_be_folded_is_parked_and_the_others_go_on(database: str) -> None:
    log = ScriptedLog()
    log.tell(ARRIVED, ASSIGNED, REPLIED)
    log.tell(ARRIVED, ASSIGNED, of=OTHER)
    await caught_up(database, broken(), log)
    log.tell(REPLIED)
    await caught_up(database, broken(), log)
    async with await connect(database) as connection:
        [waiting] = await parked(connection, "queues")
        assert (waiting.stream, waiting.skipped) == (lead_stream(LEAD), 2)
        assert (waiting.trouble.event, waiting.trouble.error, waiting.trouble.position) == (
            "LeadAssigned",
            "FoldIsBroken",
            2,
        )
        assert [one.parked_streams for one in await status(connection, await log.head())] == [1]
    assert len(await rows_of(database, "queues")) == 2


async def test_a_mended_function_folds_the_parked_stream_from_its_beginning(database: str) -> None:
    log = ScriptedLog()
    log.tell(ARRIVED, ASSIGNED, REPLIED)
    await caught_up(database, broken(), log)
    async with await connect(database) as connection:
        assert not await retry(connection, broken(), lead_stream(LEAD), log)
        [waiting] = await parked(connection, "queues")
        assert waiting.skipped == 1
        assert await retry(connection, queues, lead_stream(LEAD), log)
        assert await parked(connection, "queues") == []
        # Asked again, there is nothing left to do.
        assert await retry(connection, queues, lead_stream(LEAD), log)
    mended = await rows_of(database, "queues")
    log.tell(REPLIED)
    await caught_up(database, queues, log)
    assert len(mended) == 1
    assert mended[0][2] == REP


async def test_an_event_that_cannot_be_read_parks_its_stream(database: str) -> None:
    log = ScriptedLog()
    log.tell(ARRIVED, STRANGE, ASSIGNED)
    await caught_up(database, queues, log)
    async with await connect(database) as connection:
        [waiting] = await parked(connection, "queues")
    assert (waiting.trouble.event, waiting.trouble.error, waiting.skipped) == ("LeadSang.v7", "CannotRead", 1)


async def test_a_row_that_postgresql_refuses_parks_its_stream_alone(database: str) -> None:
    projection = OneRow(name="queues", version=1, table=PLATES, row=Plate)
    projection.functions.update(queues.functions)
    del projection.functions[LeadReplied]

    @projection.when(LeadReplied)
    def overflow(row: Plate | None, recorded: Recorded[LeadReplied]) -> Plate | None:
        return row and row._replace(outreach_count=2**40 if recorded.stream == lead_stream(LEAD) else 7)

    log = ScriptedLog()
    log.tell(ARRIVED)
    log.tell(ARRIVED, of=OTHER)
    log.tell(REPLIED)
    log.tell(REPLIED, of=OTHER)
    await caught_up(database, projection, log)
    async with await connect(database) as connection:
        [waiting] = await parked(connection, "queues")
    assert waiting.stream == lead_stream(LEAD)
    assert sorted(row[8] for row in await rows_of(database, "queues")) == [0, 7]
