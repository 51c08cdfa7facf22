"""The ledger on the command line: whose the minutes were, of a lead, a person and a team."""

import asyncio
import json

import pytest

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from commands.lead import AssignLead, CreateLead, LoseLead
from commands.people import AddPerson
from commands.policies import OrderRules, SetPolicy
from commands.teams import FormTeam
from domain.access import Principal
from domain.identity import CalendarId, LeadId, PersonId, PolicyId, TeamId, lead_stream
from projections.leads import leads
from projections.ledger import ledger
from projections.organisation import people, teams
from services.cli import asking
from services.cli.projections import ROLE
from services.settings import as_role
from services.wiring import open_log
from tests.projections.scripted_log import caught_up
from tests.services.cli.conftest import Cli, put_on_record
from tests.support.story import NINE, ONE, TEN, TWELVE

LEAD = LeadId("9d5f4a3e-0000-4000-8000-000000000001")
CRM = Principal(id="crm", role="service", via="key:lk_1", scopes=frozenset({"lead.create", "lead.assign", "lead.lose"}))
BEN, NORTH, OFFICE, QUICK = PersonId("ben"), TeamId("north"), CalendarId("office"), PolicyId("quick")
MONDAY = WeekGiven(monday=(HoursGiven(opens="09:00", closes="12:30"),))
PERIOD = ("--from", "2026-03-02T00:00:00Z", "--to", "2026-03-03T00:00:00+01:00")


def project(database: str) -> None:
    async def fold() -> None:
        async with open_log(database, ROLE) as log:
            for projection in (people, teams, leads, ledger):
                await caught_up(as_role(database, ROLE), projection, log)

    asyncio.run(fold())


@pytest.fixture
def told(cli: Cli, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Arrived at nine, Ben's from ten, lost at one; due at eleven, in an office that closes at half past twelve."""
    monkeypatch.setattr(asking, "PROJECTOR_WAIT_SECONDS", 0.0)
    clocks = {"first_response": {"target_minutes": 120, "unit": "business_minutes"}}
    policy = {"policy": QUICK, "calendar": OFFICE, "clocks": clocks, "effective_from": NINE}
    settings = (
        SetCalendar(calendar=OFFICE, zone="UTC", week=MONDAY, effective_from=NINE),
        SetPolicy.model_validate(policy),
        OrderRules.model_validate({"rules": [{"policy": "quick"}], "effective_from": NINE}),
        FormTeam(team=NORTH),
        AddPerson(person=BEN, team=NORTH),
    )
    put_on_record(*((wish.stream, wish) for wish in settings))
    wishes = (CreateLead(at=NINE, team=NORTH), AssignLead(to=BEN, at=TEN), LoseLead(reason="price", at=ONE))
    put_on_record(*((lead_stream(LEAD), wish) for wish in wishes), by=CRM)
    project(database)


@pytest.mark.usefixtures("told")
def test_of_a_lead_each_clock_is_told_with_whose_it_was(cli: Cli) -> None:
    said = cli("ledger", "lead", LEAD).stdout.splitlines()
    assert [" ".join(line.split()) for line in said] == [
        "clock 1: first_response, due 2026-03-02 11:00:00Z, in business_minutes of calendar office, version 1",
        "2026-03-02 09:00:00Z 2026-03-02 10:00:00Z queue - north 60.000",
        "2026-03-02 10:00:00Z 2026-03-02 13:00:00Z owner ben north 150.000 90.000 late",
        "together 210.000 of the 210.000 minutes that elapsed",
    ]
    [queue, owner] = json.loads(cli("ledger", "lead", LEAD, "--json").stdout)
    assert (queue["holder"], queue["minutes"], queue["running"]) == ("queue", 60.0, False)
    assert (owner["person"], owner["late_minutes"], owner["ends_at"]) == ("ben", 90.0, "2026-03-02T13:00:00Z")
    part = cli("ledger", "lead", LEAD, "--to", TWELVE.isoformat()).stdout
    assert "together 180.000 of the 180.000 minutes" in part
    before = cli("ledger", "lead", LEAD, "--to", NINE.isoformat()).stdout
    assert before == "No clock of this lead ran in this period.\n"


@pytest.mark.usefixtures("told")
def test_of_a_person_and_a_team_the_sums_are_told(cli: Cli) -> None:
    headings = "holder person team clock unit leads minutes late"
    owner = "owner ben north first_response business_minutes 1 150.000 90.000"
    queue = "queue - north first_response business_minutes 1 60.000 0.000"
    for words, rows in ((("person", "ben"), [owner]), (("team", "north"), [queue, owner])):
        said = cli("ledger", *words, *PERIOD).stdout.splitlines()
        assert [" ".join(line.split()) for line in said] == [
            "from 2026-03-02 00:00:00Z to 2026-03-02 23:00:00Z",
            headings,
            *rows,
        ]
        assert len({len(line) for line in said[1:]}) == 1
    [told] = json.loads(cli("ledger", "person", "ben", *PERIOD, "--json").stdout)
    assert (told["holder"], told["minutes"], told["late_minutes"], told["leads"]) == ("owner", 150.0, 90.0, 1)
    nothing = cli("ledger", "team", "north", "--to", "2026-03-02T09:00:00Z").stdout
    assert nothing.splitlines()[0] == "from 2026-01-31 09:00:00Z to 2026-03-02 09:00:00Z"
    assert nothing.splitlines()[-1] == "Nothing was booked in this period."


@pytest.mark.usefixtures("told")
def test_what_is_not_on_record_is_told(cli: Cli) -> None:
    for words, said in (
        (("lead", "9d5f4a3e-0000-4000-8000-000000000002"), "There is no such lead"),
        (("person", "nobody"), "Nobody called nobody is on record."),
        (("team", "nowhere"), "No team called nowhere is on record."),
    ):
        assert said in cli("ledger", *words, code=1).stderr


@pytest.mark.usefixtures("told")
def test_what_the_projector_has_not_told_yet_is_said_to_lack(cli: Cli) -> None:
    put_on_record((FormTeam(team=TeamId("south")).stream, FormTeam(team=TeamId("south"))))
    assert "Read model ledger is 1 event behind the log" in cli("ledger", "team", "north").stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("person", "ben", "--from", "2026-03-02T09:00:00Z", "--to", "2026-03-02T08:00:00Z"), "ends before it begins"),
        (("team", "north", "--from", "yesterday"), "--from: 'yesterday' is no instant"),
        (("lead", LEAD, "--to", "2026-03-02T09:00:00"), "--to: '2026-03-02T09:00:00' lacks an offset from UTC"),
        (("person", "Ben Example"), "'Ben Example' is no name that can stand on record"),
        (("lead", "7"), "'7' is no lead's id"),
    ],
)
def test_what_is_wrong_is_told(cli: Cli, words: tuple[str, ...], why: str) -> None:
    assert why in cli("ledger", *words, code=2).stderr
