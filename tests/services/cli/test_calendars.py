"""Holidays are taken from a file on the command line."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg

from commands.calendars import ExceptDays, ExceptedDayGiven, HoursGiven, SetCalendar, WeekGiven
from domain.identity import CalendarId
from tests.services.cli.conftest import Cli, put_on_record, read_models_follow

YEAR = datetime.now(UTC).year + 1
OFFICE = SetCalendar(
    calendar=CalendarId("office"),
    zone="Europe/Vienna",
    week=WeekGiven(monday=(HoursGiven(opens="09:00", closes="17:00"),)),
)
LATER = "2126-01-01T00:00:00Z"
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


WEEK = {"monday": [{"opens": "09:00", "closes": "12:30"}, {"opens": "13:30", "closes": "18:00"}]}


def written(name: str, told: object) -> str:
    Path(name).write_text(json.dumps(told), encoding="utf-8")
    return name


def test_a_calendar_is_set_from_a_file_and_told_in_words(cli: Cli) -> None:
    file = written("vienna.json", {"zone": "Europe/Vienna", "week": WEEK, "effective_from": "2026-01-01T08:00:00Z"})
    said = "Calendar vienna is at version 1; these hours hold from 2026-01-01 08:00:00Z on.\n"
    assert cli("calendar", "set", "vienna", file, "--as", "ann").stdout == said
    again = cli("calendar", "set", "vienna", file, "--as", "ann").stdout
    assert again == "Calendar vienna says so already; nothing was put on record.\n"
    later = written("later.json", {"calendar": "vienna", "zone": "UTC", "week": WEEK, "effective_from": LATER})
    cli("calendar", "set", "vienna", later, "--as", "ann")
    except_eve = ExceptDays(calendar=CalendarId("vienna"), days=(ExceptedDayGiven(day=date(2126, 12, 24)),))
    put_on_record((except_eve.stream, except_eve))
    assert cli("calendar", "show", "vienna").stdout.splitlines() == [
        "Calendar vienna, version 3",
        "  in force from 2026-01-01 08:00:00Z, Europe/Vienna: Monday 09:00-12:30 and 13:30-18:00",
        "  scheduled from 2126-01-01 00:00:00Z, UTC: Monday 09:00-12:30 and 13:30-18:00",
        "  2126-12-24 closed",
    ]
    told = json.loads(cli("calendar", "show", "vienna", "--json").stdout)
    assert [one["standing"] for one in told["settings"]] == ["in_force", "scheduled"]
    assert told["days"] == ["2126-12-24 closed"]
    read_models_follow()
    assert cli("calendar", "list").stdout == (
        "vienna                   version 3, Europe/Vienna: Monday 09:00-12:30 and 13:30-18:00\n"
    )
    assert json.loads(cli("calendar", "list", "--json").stdout) == [{"calendar": "vienna", "version": 3}]


def test_a_calendar_that_cannot_be_set_is_refused_in_words(cli: Cli) -> None:
    overlapping = {"monday": [{"opens": "09:00", "closes": "17:00"}, {"opens": "16:00", "closes": "20:00"}]}
    for told, said, code in (
        ({"zone": "Europe/Atlantis", "week": WEEK}, "There is no time zone called Europe/Atlantis; take a name", 1),
        ({"zone": "UTC", "week": overlapping}, "Monday has hours that overlap, or are not in their order: 16:00", 1),
        ({"zone": "UTC", "week": {}}, "The week of calendar vienna is empty; give at least one day", 1),
        ({"zone": "UTC", "week": {"moonday": []}}, "vienna.json: week.moonday: Extra inputs are not permitted.", 2),
        ({"zone": "UTC"}, "vienna.json: week: Field required.", 2),
        ({"calendar": "moon", "zone": "UTC", "week": WEEK}, "is about calendar 'moon', and not about vienna.", 2),
        ([], "vienna.json is no JSON object.", 2),
    ):
        answer = cli("calendar", "set", "vienna", written("vienna.json", told), "--as", "ann", code=code)
        assert said in answer.stderr
    Path("vienna.json").write_text("{", encoding="utf-8")
    assert "vienna.json is no JSON: " in cli("calendar", "set", "vienna", "vienna.json", "--as", "ann", code=2).stderr
    missing = cli("calendar", "set", "vienna", "nowhere.json", "--as", "ann", code=1)
    assert missing.stderr == "nowhere.json cannot be read: No such file or directory.\n"
    assert "No calendar called vienna is on record" in cli("calendar", "show", "vienna", code=1).stderr


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
