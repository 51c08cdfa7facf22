"""A stream may have several rows: they come, change and go with its events, batch by batch."""

from typing import NamedTuple
from uuid import UUID

import pytest

from domain.event import Recorded
from domain.lead.events import LeadAssigned, LeadEscalated, LeadReleased
from projections.projector import SeveralRows, Table
from projections.projector.several_rows import Rows
from tests.projections.scripted_log import LEAD, OTHER, ScriptedLog, caught_up, minutes, rows_of
from tests.support.examples import BY_MANAGER, NINE, REP
from tests.support.story import CARLA


class Turn(NamedTuple):
    lead: UUID
    number: int
    who: str


COLUMNS = "\nlead uuid,\nnumber integer,\nwho text NOT NULL,\nPRIMARY KEY (lead, number)\n"


def turns() -> SeveralRows[Turn]:
    """Whose turn it was: another one with each assignment, another name with an escalation, none after a release."""
    table = Table("turns", COLUMNS, told_apart_by=2)
    projection = SeveralRows(name="turns", version=1, table=table, row=Turn)

    @projection.when(LeadAssigned)
    def another(rows: Rows[Turn], recorded: Recorded[LeadAssigned]) -> Rows[Turn]:
        return rows | {len(rows) + 1: Turn(recorded.stream, len(rows) + 1, recorded.event.to)}

    @projection.when(LeadEscalated)
    def rename(rows: Rows[Turn], recorded: Recorded[LeadEscalated]) -> Rows[Turn]:
        return rows | {1: rows[1]._replace(who=recorded.event.told or "")}

    @projection.when(LeadReleased)
    def none_left(rows: Rows[Turn], recorded: Recorded[LeadReleased]) -> Rows[Turn]:
        return {}

    return projection


def assigned(minute: int) -> LeadAssigned:
    return LeadAssigned(at=NINE + minutes(minute), by=BY_MANAGER, to=REP)


async def test_rows_come_change_and_go_whatever_the_batches(database: str) -> None:
    projection, log = turns(), ScriptedLog()
    log.tell(assigned(1), assigned(2))
    log.tell(assigned(3), of=OTHER)
    await caught_up(database, projection, log)
    one, other = UUID(LEAD), UUID(OTHER)
    assert await rows_of(database, "turns") == [(one, 1, REP), (one, 2, REP), (other, 1, REP)]
    log.tell(LeadEscalated(at=NINE + minutes(4), by=BY_MANAGER, told=CARLA, rung=1, reason="other"))
    log.tell(LeadReleased(at=NINE + minutes(4), by=BY_MANAGER, owner=REP, reason="other"), of=OTHER)
    await caught_up(database, projection, log)
    assert await rows_of(database, "turns") == [(one, 1, CARLA), (one, 2, REP)]
    log.tell(LeadReleased(at=NINE + minutes(5), by=BY_MANAGER, owner=REP, reason="other"), assigned(6))
    await caught_up(database, projection, log)
    assert await rows_of(database, "turns") == [(one, 1, REP)]


def test_a_table_says_that_two_columns_tell_its_rows_apart() -> None:
    with pytest.raises(TypeError, match="told apart by two columns"):
        SeveralRows(name="turns", version=1, table=Table("turns", "\nlead uuid,\nnumber integer,\nwho text"), row=Turn)
