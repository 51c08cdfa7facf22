"""Holidays are taken from a file on the command line."""

import json
from datetime import UTC, datetime
from pathlib import Path

import psycopg

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from domain.identity import CalendarId
from tests.services.cli.conftest import Cli, put_on_record

YEAR = datetime.now(UTC).year + 1
OFFICE = SetCalendar(
    calendar=CalendarId("office"),
    zone="Europe/Vienna",
    week=WeekGiven(monday=(HoursGiven(opens="09:00", closes="17:00"),)),
)
FILE = f"""BEGIN:VCALENDAR
BEGIN:VEVENT
DTSTART;VALUE=DATE:{YEAR}1225
DTEND;VALUE=DATE:{YEAR}1227
SUMMARY:Christmas
END:VEVENT
END:VCALENDAR
"""


def test_the_holidays_of_a_file_are_days_off(cli: Cli, database: str) -> None:
    put_on_record((OFFICE.stream, OFFICE))
    Path("holidays.ics").write_text(FILE, encoding="utf-8")
    told = cli("calendar", "import", "office", "holidays.ics", "--as", "ann").stdout
    assert told.splitlines() == [
        f"{YEAR}-12-25  christmas",
        f"{YEAR}-12-26  christmas",
        "2 of 2 days are new days off in calendar office; the others stay as they were.",
    ]
    again = json.loads(cli("calendar", "import", "office", "holidays.ics", "--as", "ann", "--json").stdout)
    assert again == {"calendar": "office", "version": 2, "read": 2, "taken": []}
    with psycopg.connect(database) as connection:
        (stored,) = connection.execute("SELECT data FROM log.events WHERE topic = 'DaysExcepted.v1'").fetchall()
    assert json.loads(stored[0])["by"] == {"id": "ann", "role": "service", "via": "cli"}


def test_what_cannot_be_taken_is_told_in_words(cli: Cli) -> None:
    put_on_record((OFFICE.stream, OFFICE))
    Path("holidays.ics").write_text(FILE, encoding="utf-8")
    Path("broken.ics").write_text(FILE.replace("DTEND", "nonsense\nDTEND"), encoding="utf-8")
    Path("large.ics").write_bytes(b"x" * 1_000_001)
    for words, said in (
        (("moon", "holidays.ics"), "No calendar called moon is on record; set one up first with POST /calendars."),
        (("office", "broken.ics"), "The iCal file cannot be taken: it is no iCalendar (line 4)."),
        (("office", "large.ics"), "and at most 1,000,000 are read"),
        (("office", "nowhere.ics"), "nowhere.ics cannot be read: No such file or directory."),
        (("office", "."), "cannot be read: Is a directory."),
    ):
        assert said in cli("calendar", "import", *words, "--as", "ann", code=1).stderr
    assert "is no name of a calendar" in cli("calendar", "import", "My Office", "x", "--as", "ann", code=2).stderr
