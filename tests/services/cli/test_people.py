"""How and when people are reached, who has the desk's seat, and what a lead allows, said on the command line."""

import asyncio
import json
from pathlib import Path
from uuid import uuid4

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from commands.command import LEAD, PERSON, SEAT
from commands.lead import CreateLead
from domain.access import Principal
from domain.identity import DESK, CalendarId, PersonId, StreamId, person_stream
from services.settings import Settings
from services.wiring import open_office
from tests.services.cli.conftest import Cli, add_people, put_on_record

DAY = (HoursGiven(opens="09:00", closes="17:00"),)
OFFICE = SetCalendar(calendar=CalendarId("office"), zone="Europe/Vienna", week=WeekGiven(monday=DAY))
FORM = Principal(id="website-form", role="service", via="test", scopes=frozenset({"lead.create"}))


def state(kind: object, stream: StreamId) -> object:
    async def ask() -> object:
        async with open_office(Settings()) as office:
            return (await office.desk.state(kind, stream))[0]  # type: ignore[arg-type]

    return asyncio.run(ask())


def test_how_and_when_somebody_is_reached_is_said(cli: Cli) -> None:
    add_people("rep-1")
    put_on_record((OFFICE.stream, OFFICE))
    assert cli("person", "hours", "rep-1", "office", "--as", "ann").stdout == "rep-1 works by calendar office.\n"
    assert "so already" in cli("person", "hours", "rep-1", "office", "--as", "ann").stdout
    Path("ines.json").write_text(json.dumps({"profile": {"name": "Ines", "email": "ines@office.example"}}))
    told = cli("person", "profile", "rep-1", "ines.json", "--as", "ann").stdout
    assert told == "How to reach rep-1 was put right.\n"
    person = state(PERSON, person_stream(PersonId("rep-1")))
    assert (person.calendar, person.profile is not None) == ("office", True)  # type: ignore[attr-defined]


def test_the_desks_seat_is_entrusted(cli: Cli) -> None:
    add_people("mgr-1")
    assert cli("desk", "entrust", "mgr-1", "--as", "ann").stdout == "mgr-1 answers for the whole desk.\n"
    assert state(SEAT, DESK).accountable == "mgr-1"  # type: ignore[attr-defined]


def test_what_a_lead_allows_is_said(cli: Cli) -> None:
    lead = StreamId(uuid4())
    put_on_record((lead, CreateLead()), by=FORM)
    assert "may write" in cli("lead", "consent", str(lead), "sms", "--as", "ann").stdout
    assert state(LEAD, lead).said_of("sms") is True  # type: ignore[attr-defined]
    assert "any more" in cli("lead", "consent", str(lead), "sms", "--withdraw", "--as", "ann").stdout
    assert state(LEAD, lead).said_of("sms") is False  # type: ignore[attr-defined]


def test_what_cannot_be_is_told_in_words(cli: Cli) -> None:
    assert "one of email, sms" in cli("lead", "consent", str(uuid4()), "pigeon", "--as", "ann", code=2).stderr
    assert "no such lead" in cli("lead", "consent", str(uuid4()), "sms", "--as", "ann", code=1).stderr
    assert "Nobody called rep-9" in cli("desk", "entrust", "rep-9", "--as", "ann", code=1).stderr
    Path("broken.json").write_text("{")
    assert "no JSON" in cli("person", "profile", "rep-1", "broken.json", "--as", "ann", code=2).stderr
    Path("reserved.json").write_text(json.dumps({"profile": {"name": "Ines", "email": "ines@team.test"}}))
    refused = cli("person", "profile", "rep-1", "reserved.json", "--as", "ann", code=2).stderr
    assert refused.startswith("reserved.json: profile.email: ")
    assert not refused.endswith("..\n")
