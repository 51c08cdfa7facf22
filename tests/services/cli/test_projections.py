"""The read models on the command line: how far each is, building one anew, and taking up what was set aside."""

import asyncio
import json

import pytest

from commands.lead import AssignLead, CreateLead
from domain.access import Principal
from domain.event import Recorded
from domain.identity import LeadId, PersonId, lead_stream
from domain.lead.events import LeadAssigned
from projections.queues import Plate, queues
from services.cli.projections import ROLE
from services.settings import as_role
from services.wiring import open_log
from tests.projections.scripted_log import caught_up
from tests.services.cli.conftest import Cli, add_people, put_on_record

LEAD = LeadId("9d5f4a3e-0000-4000-8000-000000000001")
CRM = Principal(id="crm", role="service", via="key:lk_1", scopes=frozenset({"lead.create", "lead.assign"}))


class FoldIsBroken(Exception):
    """The lead's name is Ada Canary: words that must not be repeated."""


def fail(row: Plate | None, recorded: Recorded[LeadAssigned]) -> Plate | None:
    raise FoldIsBroken


def project(database: str) -> None:
    async def fold() -> None:
        async with open_log(database, ROLE) as log:
            await caught_up(as_role(database, ROLE), queues, log)

    asyncio.run(fold())


@pytest.fixture
def told(cli: Cli) -> None:
    """A person, a lead, and that it is theirs: three events."""
    add_people("ben")
    wishes = (CreateLead(), AssignLead(to=PersonId("ben")))
    put_on_record(*((lead_stream(LEAD), wish) for wish in wishes), by=CRM)


@pytest.mark.usefixtures("told")
def test_where_no_projector_ever_was_there_is_no_status(cli: Cli) -> None:
    assert "No projector has started on this database yet" in cli("projections", "status", code=1).stderr
    assert json.loads(cli("projections", "status", "--json").stdout) == {"log_head": 3, "projections": []}


@pytest.mark.usefixtures("told")
def test_the_status_tells_how_far_each_is_and_who_keeps_it(cli: Cli, database: str) -> None:
    project(database)
    put_on_record((lead_stream(LeadId("9d5f4a3e-0000-4000-8000-000000000002")), CreateLead()), by=CRM)
    head, queue = cli("projections", "status").stdout.splitlines()
    assert head == "log head 4"
    assert queue.split() == (
        f"queues v{queues.version} at 3 1 events behind, kept by nobody, 0 streams set aside".split()
    )
    [one] = json.loads(cli("projections", "status", "--json").stdout)["projections"]
    assert (one["projection"], one["position"], one["lag_events"], one["parked"]) == ("queues", 3, 1, [])


@pytest.mark.usefixtures("told")
def test_a_rebuild_shows_how_far_it_is_and_says_when_it_is_done(cli: Cli, database: str) -> None:
    project(database)
    answer = cli("projections", "rebuild", "queues")
    assert answer.stdout == ""
    assert "3/3" in answer.stderr
    assert answer.stderr.endswith("queues is rebuilt and in use.\n")


@pytest.mark.usefixtures("told")
def test_what_was_set_aside_is_told_and_taken_up_once_it_is_put_right(
    cli: Cli, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setitem(queues.functions, LeadAssigned, fail)
        project(database)
        status = cli("projections", "status")
        assert f"    {LEAD}: FoldIsBroken at its event 2, LeadAssigned" in status.stdout.splitlines()
        [one] = json.loads(cli("projections", "status", "--json").stdout)["projections"]
        assert [each["stream"] for each in one["parked"]] == [LEAD]
        again = cli("projections", "retry", "queues", code=1)
        assert "0 of 1 streams go on." in again.stderr
        assert "1 were stopped again; see `./leadledger projections status`" in again.stderr
        assert "Canary" not in status.output + again.output

    assert "1 of 1 streams go on." in cli("projections", "retry", "queues").stderr
    assert "1 streams set aside" not in cli("projections", "status").stdout
    assert "queues has set nothing aside." in cli("projections", "retry", "queues").stderr


@pytest.mark.parametrize("act", ["rebuild", "retry"])
def test_a_read_model_that_there_is_not_is_told_with_those_there_are(cli: Cli, act: str) -> None:
    answer = cli("projections", act, "cues", code=2)
    there_are = (
        "calendars, deadlines, desk, leads, ledger, notices, people, policies, queues, rulebook, sources, teams, "
        "timeline"
    )
    assert answer.stderr == f"There is no read model cues; there are {there_are}.\n"
