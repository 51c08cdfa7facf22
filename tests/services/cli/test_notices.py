"""What failed is seen on the command line, and tried again."""

import asyncio
import json
from uuid import UUID, uuid4

from commands.lead import CreateLead
from commands.notices import SettleNotice
from domain.access import Principal
from domain.identity import PersonId, StreamId
from projections.notices import notices
from projections.projector import Projector
from services.settings import Settings
from services.wiring import open_log
from tests.projections.scripted_log import reached
from tests.services.cli.conftest import Cli, put_on_record

NOTICE = UUID(int=7)
BY_ALL = Principal(id="test", role="service", via="test", scopes=frozenset({"lead.create", "lead.notify"}))


def failed_notice(lead: StreamId) -> None:
    settle = SettleNotice(
        notice=NOTICE, about="reminder", medium="sms", to=PersonId("rep-1"), became="failed", why_failed="gave_up"
    )
    put_on_record((lead, CreateLead()), (lead, settle), by=BY_ALL)


def projected(dsn: str) -> None:
    async def follow() -> None:
        async with open_log(Settings().dsn, "leadledger_projector") as log:
            task = asyncio.create_task(Projector(dsn, notices, log, holder="test").run())
            await reached(dsn, notices, await log.head())
            task.cancel()

    asyncio.run(follow())


def test_what_failed_is_listed_and_tried_again(cli: Cli, database: str) -> None:
    lead = StreamId(uuid4())
    failed_notice(lead)
    projected(database)
    told = cli("notices", "failed").stdout
    assert f"reminder to rep-1 by sms: failed (gave_up)  lead {lead}  notice {NOTICE}" in told
    assert "Failed: 1." in told
    [one] = json.loads(cli("notices", "failed", "--json").stdout)
    assert (one["notice"], one["reason"]) == (str(NOTICE), "gave_up")
    assert "reminder to rep-1 by sms: failed (gave_up)" in cli("notices", "list", str(lead)).stdout
    assert "tried again" in cli("notices", "retry", str(lead), str(NOTICE), "--as", "ann").stdout
    projected(database)
    assert "Failed: 0." in cli("notices", "failed").stdout
    assert json.loads(cli("notices", "list", str(lead), "--json").stdout)[0]["standing"] == "to_send"


def test_what_cannot_be_tried_again_is_told_in_words(cli: Cli, database: str) -> None:
    lead = StreamId(uuid4())
    put_on_record((lead, CreateLead()), by=BY_ALL)
    projected(database)
    assert "has not failed" in cli("notices", "retry", str(lead), str(NOTICE), "--as", "ann", code=1).stderr
    assert "is no id" in cli("notices", "retry", "moon", str(NOTICE), "--as", "ann", code=2).stderr
    assert "There is no such lead" in cli("notices", "list", str(uuid4()), code=1).stderr
