"""A file of another system is copied row by row, as often as one likes, and whatever cannot be is told."""

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from commands.desk import Desk, Receipt
from domain.log import LogUnavailable
from services.importing import running
from tests.services.cli.conftest import Cli
from tests.support.eventually import eventually
from tests.support.ids import imported_as

LEADS = """\
id,arrived,origin,mail,phone,agent,state,closed,amount
7,2026-01-05 09:00,Paid Search,ada@example.com,+43 1 5550100,agent-1,Won,2026-01-09 12:00,1200.50
8,2026-01-06 10:30,website,,,agent-1,Lost,2026-02-01,
9,2026-01-07 11:00,,,,,Open,,
"""
HOW = [
    *("--as", "admin-1", "--system", "oldcrm", "--zone", "Europe/Vienna", "--register"),
    *("--map", "reference=id", "--map", "arrived_at=arrived", "--map", "source=origin", "--map", "email=mail"),
    *("--map", "phone=phone", "--map", "owner=agent", "--map", "outcome=state", "--map", "ended_at=closed"),
    *("--map", "value=amount", "--set", "currency=EUR"),
    *("--outcome", "Won=converted", "--outcome", "Lost=lost", "--outcome", "Open=open"),
    *("--source", "Paid Search=paid-search"),
]
SIMPLE = ("--as", "admin-1", "--system", "s", "--zone", "UTC", "--map", "reference=id", "--map", "arrived_at=at")


def write(content: str, name: str = "leads.csv") -> str:
    Path(name).write_text(content, encoding="utf-8")
    return name


def imported(cli: Cli, *words: str, code: int = 0) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(cli("import", "leads", *words, "--json", code=code).stdout)
    return told


def stored(database: str) -> list[tuple[str, bytes]]:
    with psycopg.connect(database) as connection:
        return connection.execute("SELECT topic, data FROM log.events ORDER BY position").fetchall()


def test_every_row_becomes_events_at_their_own_instants(cli: Cli) -> None:
    told = imported(cli, write(LEADS), *HOW)
    assert (told["rows"], told["leads"], told["rejected"]) == (3, {"created": 3}, [])
    assert told["registered"] == {"sources": 2, "people": 1}
    replay = cli("lead", "replay", imported_as("oldcrm", "7", Path("home/vault.key")), "--json")
    seven = json.loads(replay.stdout)
    assert [(one["event"], one["at"][:16]) for one in seven["events"]] == [
        ("LeadCreated", "2026-01-05T08:00"),
        ("LeadAssigned", "2026-01-05T08:00"),
        ("LeadConverted", "2026-01-09T11:00"),
    ]
    assert seven["state"]["value"] == "1200.50 EUR"
    assert seven["events"][0]["by"] == {"id": "admin-1", "role": "service", "via": "import"}


def test_a_second_run_doubles_nothing_and_adds_what_is_new(cli: Cli, database: str) -> None:
    imported(cli, write(LEADS), *HOW)
    before = stored(database)
    again = imported(cli, "leads.csv", *HOW)
    assert (again["leads"], again["events"]) == ({"unchanged": 3}, {})
    assert stored(database) == before

    write(LEADS.replace("9,2026-01-07 11:00,,,,,Open,,", "9,2026-01-07 11:00,,,,agent-2,Won,2026-02-02 08:00,"))
    later = imported(cli, "leads.csv", *HOW)
    assert later["leads"] == {"unchanged": 2, "continued": 1}
    assert later["events"] == {"LeadAssigned.v1": 1, "LeadConverted.v1": 1}


def test_a_row_that_has_changed_is_told_and_the_record_stays(cli: Cli, database: str) -> None:
    imported(cli, write(LEADS), *HOW)
    before = stored(database)
    write(LEADS.replace("2026-01-06 10:30,website", "2026-01-06 10:31,referral").replace("ada@", "eve@"))
    told = imported(cli, "leads.csv", *HOW, code=1)
    assert told["leads"] == {"differs": 2, "unchanged": 1}
    [mail, moved] = told["differences"]
    assert (mail["line"], mail["reference"]) == (2, "7")
    assert "something personal or a value is not what was imported before" in mail["reason"]
    assert moved["line"] == 3
    assert "arrived_at is 2026-01-06T09:30:00+00:00 on record, 2026-01-06T09:31:00+00:00 in the file" in moved["reason"]
    assert "source is website on record, referral in the file" in moved["reason"]
    assert [topic for topic, _ in stored(database)] == [*(topic for topic, _ in before), "SourceRegistered.v1"]


@pytest.mark.parametrize(
    ("row", "field", "why"),
    [
        (",2026-01-05 09:00,,,,,,,", "reference (id)", "is empty"),
        ("1,,,,,,,,", "arrived_at (arrived)", "is empty; a lead needs an arrival"),
        ("1,05/01/2026,,,,,,,", "arrived_at (arrived)", "can be read two ways"),
        ("1,2150-01-01,,,,,,,", "arrived_at (arrived)", "is in the future"),
        ("1,2026-01-05,,not an address,,,,,", "email (mail)", "not a valid email address"),
        ("1,2026-01-05,,,call me,,,,", "phone", "should match pattern"),
        ("1,2026-01-05,,,,,Sold,2026-01-06,", "outcome (state)", "nobody said what 'Sold' means; say --outcome"),
        ("1,2026-01-05,,,,agent-1,Won,,", "ended_at (closed)", "is empty, but the outcome is 'Won'"),
        ("1,2026-01-05,,,,,Won,2026-01-06,", "owner (agent)", "somebody must be answerable for a lead that was won"),
        ("1,2026-01-05,,,,agent-1,Won,2026-01-06,a lot", "value (amount)", "valid decimal"),
        ("7,2026-01-05,,,,,,,", "reference (id)", "the same as in line 2, which was taken"),
        ("1,2026-01-05,,", "", "has 4 fields where the header names 9 columns"),
    ],
)
def test_a_row_that_is_wrong_is_told_and_nothing_of_it_is_recorded(
    cli: Cli, database: str, row: str, field: str, why: str
) -> None:
    told = imported(cli, write(f"{LEADS}{row}\n"), *HOW, code=1)
    [rejected] = told["rejected"]
    assert (rejected["line"], rejected["field"]) == (5, field)
    assert why in rejected["reason"]
    assert sum(topic == "LeadCreated.v1" for topic, _ in stored(database)) == 3


@pytest.mark.parametrize(("words", "doing"), [((), "Importing"), (("--dry-run",), "Checking")])
def test_a_bar_shows_how_far_it_is_and_leaves_stdout_to_the_answer(
    cli: Cli, words: tuple[str, ...], doing: str
) -> None:
    answer = cli("import", "leads", write(LEADS), *HOW, *words)
    assert re.search(rf"^{doing} \S+ 3/3 ", answer.stderr, flags=re.MULTILINE)
    assert answer.stdout.startswith("3 rows read, 0 rejected.\n")
    assert "3/3" not in answer.stdout


def test_what_is_rejected_can_be_written_to_a_file(cli: Cli) -> None:
    answer = cli("import", "leads", write(LEADS + "1,soon,,,,,,,\n"), *HOW, "--rejects", "rejects.csv", code=1)
    assert "4 rows read, 1 rejected." in answer.stdout
    assert "line 5, arrived_at (arrived): 'soon' is no date; it is read as year-month-day." in answer.stdout
    with Path("rejects.csv").open(encoding="utf-8") as file:
        [one] = csv.DictReader(file)
    assert (one["line"], one["field"], one["reference"]) == ("5", "arrived_at (arrived)", "1")


def test_where_rejects_cannot_be_written_nothing_is_imported(cli: Cli, database: str) -> None:
    words = ("import", "leads", write("id,at\n1,2026-01-05\n"), *SIMPLE, "--rejects", "none/there.csv")
    assert "--rejects none/there.csv cannot be written: No such file" in cli(*words, code=1).stderr
    assert stored(database) == []


def test_trying_it_out_records_nothing(cli: Cli, database: str) -> None:
    told = imported(cli, write(LEADS), *HOW, "--dry-run")
    assert (told["registered"], told["leads"], stored(database)) == ({"sources": 2, "people": 1}, {}, [])


def test_unknown_sources_and_people_are_rejected_unless_they_may_be_registered(cli: Cli, database: str) -> None:
    how = [word for word in HOW if word != "--register"]
    told = imported(cli, write(LEADS), *how, code=1)
    assert [(one["line"], one["field"]) for one in told["rejected"]] == [
        (2, "source (origin)"),
        (2, "owner (agent)"),
        (3, "source (origin)"),
        (3, "owner (agent)"),
    ]
    assert "no source paid-search is on record" in told["rejected"][0]["reason"]
    assert [topic for topic, _ in stored(database)] == ["LeadCreated.v1"]


@pytest.mark.parametrize(
    "name",
    ["Mabel Quint", "mabel", "mabel.quint84", "mabel-quint1990", "mquint2", "mabel@example.com", "4915112345678"],
)
def test_a_name_never_becomes_part_of_an_event(cli: Cli, database: str, name: str) -> None:
    imported(cli, write(LEADS.replace("agent-1", name)), *HOW)
    everything = b"".join(data for _, data in stored(database))
    for personal in (name.encode(), b"abel", b"uint", b"ada@example.com", b"5550100"):
        assert personal not in everything
    assert b'"to":"p-' in everything


def test_owners_that_are_pseudonyms_already_stay_what_they_are(cli: Cli, database: str) -> None:
    told = imported(cli, write(LEADS), *HOW, "--owners-are-pseudonyms")
    assert told["registered"] == {"sources": 2, "people": 1}
    assert b'"to":"agent-1"' in b"".join(data for _, data in stored(database))


@pytest.mark.parametrize("name", ["Mabel Quint", "mabel@example.com", "4915112345678", "0151.123-456"])
def test_what_can_be_no_pseudonym_is_not_taken_for_one(cli: Cli, database: str, name: str) -> None:
    told = imported(cli, write(LEADS.replace("agent-1", name)), *HOW, "--owners-are-pseudonyms", code=1)
    assert [(one["line"], one["field"]) for one in told["rejected"]] == [(2, "owner (agent)"), (3, "owner (agent)")]
    assert "is no pseudonym" in told["rejected"][0]["reason"]
    assert [topic for topic, _ in stored(database)] == ["LeadCreated.v1"]


def test_no_owner_is_put_on_record_who_is_called_like_a_service(cli: Cli) -> None:
    cli("keys", "create", "telephony", "--role", "service", "--scope", "lead.see", "--as", "admin-1")
    for name in ("telephony", "timekeeper"):
        told = imported(cli, write(LEADS.replace("agent-1", name)), *HOW, "--owners-are-pseudonyms", code=1)
        assert told["rejected"][0]["reason"] == "is what a service is called, and no person"
        assert told["registered"].get("people") is None


@pytest.mark.parametrize(
    "source", ["Referred by Mabel Quint", "Mabel Quint", "mabel@example.com", "4915112345678", "展示会", "x" * 65]
)
def test_what_may_be_a_person_does_not_become_a_source(cli: Cli, database: str, source: str) -> None:
    told = imported(cli, write(LEADS.replace("website", source)), *HOW, code=1)
    [rejected] = told["rejected"]
    assert (rejected["line"], rejected["field"]) == (3, "source (origin)")
    assert f"say what it is called here: --source '{source}'=NAME" in rejected["reason"]
    assert told["registered"] == {"sources": 1, "people": 1}

    again = imported(cli, "leads.csv", *HOW, "--source", f"{source}=referral")
    assert again["leads"] == {"unchanged": 2, "created": 1}
    everything = b"".join(data for _, data in stored(database)).lower()
    assert b'"source":"referral"' in everything
    assert b"abel" not in everything


def test_a_source_that_is_on_record_is_found_however_it_is_written(cli: Cli) -> None:
    imported(cli, write(LEADS), *HOW)
    told = imported(
        cli, write(LEADS.replace("\n9,2026-01-07 11:00,,", "\n9,2026-01-07 11:00,Paid search,")), *HOW, code=1
    )
    assert told["leads"] == {"unchanged": 2, "differs": 1}
    assert "source is nothing on record, paid-search in the file" in told["differences"][0]["reason"]


def test_what_a_source_is_called_here_must_be_a_name(cli: Cli) -> None:
    answer = cli("import", "leads", write(LEADS), *HOW, "--source", "Fair=The Fair", code=1)
    assert "--source Fair=NAME: small letters" in answer.stderr


def test_somebody_already_on_record_is_found_by_the_name_used_there(cli: Cli) -> None:
    how = [word for word in HOW if word != "--register"]
    imported(cli, write(LEADS), *HOW, "--owners-are-pseudonyms")
    again = imported(cli, write(LEADS.replace("\n8,", "\n80,")), *how)
    assert again["leads"] == {"created": 1, "unchanged": 2}


def test_nobody_imports_anonymously(cli: Cli, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    anonymous = [word for word in HOW if word not in ("--as", "admin-1")]
    monkeypatch.setenv("TERM", "dumb")
    assert "'--as' (env var: 'LEADLEDGER_AS')" in cli("import", "leads", write(LEADS), *anonymous, code=2).stderr
    for name, why in (("import", "that is a part of Leadledger"), ("Ada Lovelace", "no name that can stand on record")):
        assert why in cli("import", "leads", "leads.csv", *anonymous, "--as", name, code=2).stderr
    assert stored(database) == []

    monkeypatch.setenv("LEADLEDGER_AS", "admin-1")
    imported(cli, "leads.csv", *anonymous)


def test_whoever_runs_it_again_doubles_nothing(cli: Cli, database: str) -> None:
    imported(cli, write(LEADS), *HOW)
    before = stored(database)
    again = imported(cli, "leads.csv", *HOW, "--as", "admin-2")
    assert again["leads"] == {"unchanged": 3}
    assert stored(database) == before


def test_traps_in_the_data_are_told(cli: Cli) -> None:
    told = imported(
        cli,
        write(
            "id,at,origin,agent,won\n"
            "1,2024-01-01,a,x-1,2023-12-30\n"
            "2,2022-01-01,A,,\n"
            "3,2022-03-01,,,\n"
            "4,2024-03-05,b,x-1,2024-03-06\n"
        ),
        *SIMPLE,
        *("--map", "source=origin", "--map", "owner=agent", "--map", "won_at=won", "--register"),
    )
    notes = {note["name"]: note for note in told["notes"]}
    assert notes["ended_before_arrival"]["lines"] == [2]
    assert notes["arrived_without_hour"]["count"] == 4
    assert notes["without_source"]["lines"] == [4]
    assert notes["owners_of_won_only"]["count"] == 2
    assert notes["endings_start_late"]["count"] == 728
    assert "'A', 'a' are all imported as the source a" in notes["sources_merged"]["sentence"]


def test_two_files_are_read_as_one_and_what_has_no_partner_is_told(cli: Cli) -> None:
    write("key,won,agent\n1,2026-01-09,x-1\n5,2026-01-10,x-1\n1,2026-01-11,x-2\n", "won.csv")
    told = imported(
        cli,
        write("key,at\n1,2026-01-05\n2,2026-01-06\n"),
        *("--as", "admin-1", "--system", "s", "--zone", "UTC", "--register"),
        *("--map", "reference=key", "--map", "arrived_at=at"),
        *("--join", "won.csv", "--on", "key", "--map", "won_at=won", "--map", "owner=agent"),
        code=1,
    )
    assert told["events"]["LeadConverted.v1"] == 1
    assert [note["lines"] for note in told["notes"] if note["name"] == "without_partner"] == [[3]]
    [twice] = told["rejected"]
    assert (twice["line"], twice["field"]) == (4, "key (second file)")


def test_an_ending_without_hour_on_the_day_of_arrival_is_not_before_it(cli: Cli) -> None:
    how = (*SIMPLE, "--map", "lost_at=lost")
    told = imported(cli, write("id,at,lost\n1,2026-01-05 14:00,2026-01-05\n"), *how)
    assert (told["events"]["LeadLost.v1"], told["notes"]) == (1, [])


@pytest.mark.parametrize(
    ("content", "words", "why"),
    [
        ("id,at\n", ("--map", "arrived_at=when"), "has no column 'when'; there are 'id', 'at'"),
        ("id,at\n", ("--map", "arival=at"), "There is no field arival; the fields are reference, arrived_at"),
        ("id,at\n", ("--map", "source"), "write it as NAME=VALUE"),
        ("id,at\n", ("--zone", "Mars/Olympus"), "there is no time zone 'Mars/Olympus'"),
        ("id,at\n", ("--encoding", "utf-99"), "there is no encoding 'utf-99'"),
        ("id,at\n", ("--dates", "ymd"), "dates:"),
        ("id,at\n", ("--mapping", "none.toml"), "There is no mapping file none.toml"),
        ("id,at\n", ("--join", "won.csv"), "say which column"),
        ("id,at\n", ("--system", "Old CRM"), "--system: a name of small letters"),
        ("id,at\n", ("--set", "outcome=Won"), "Say what the outcomes mean: --outcome Won=converted"),
        ("", (), "is empty"),
    ],
)
def test_a_mapping_or_a_file_that_cannot_be_used_says_why(
    cli: Cli, content: str, words: tuple[str, ...], why: str
) -> None:
    write("id,won\n", "won.csv")
    code = 2 if words == ("--map", "source") else 1
    answer = cli("import", "leads", write(content), *SIMPLE, *words, code=code)
    assert why.lower() in answer.stderr.lower()
    assert "value error" not in answer.stderr.lower()


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (LogUnavailable("gone"), "The log cannot be reached at the moment (gone). Nothing is half done"),
        (PoolTimeout("no connection"), "PostgreSQL cannot be used: no connection"),
    ],
)
def test_a_database_that_goes_away_meanwhile_is_told_once_and_in_words(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, trouble: Exception, told: str
) -> None:
    async def fail(*_: object, **__: object) -> Receipt:
        raise trouble

    monkeypatch.setattr(Desk, "handle", fail)
    monkeypatch.setattr(running, "RETRY_SECONDS", (0.0,))
    answer = cli("import", "leads", write("id,at\n1,2026-01-05\n2,2026-01-05\n"), *SIMPLE, code=1)
    assert answer.stderr.count(told) == 1


def test_after_a_kill_in_the_middle_the_same_command_completes_it(cli: Cli, database: str) -> None:
    rows = 4000
    write("id,at,mail\n" + "".join(f"{n},2026-01-05,lead{n}@example.com\n" for n in range(rows)))
    words = ["import", "leads", "leads.csv", *SIMPLE, "--map", "email=mail"]
    with subprocess.Popen([sys.executable, "-m", "services.cli", *words], stderr=subprocess.DEVNULL) as process:
        with psycopg.connect(database, autocommit=True) as connection:

            def some_are_there() -> bool:
                [(there,)] = connection.execute("SELECT count(*) FROM log.events").fetchall()
                return bool(there > 200)

            eventually(some_are_there)
        os.kill(process.pid, signal.SIGKILL)
    there = len(stored(database))
    assert 200 < there < rows
    told = imported(cli, *words[2:])
    assert told["leads"]["unchanged"] == there
    assert told["leads"]["created"] == rows - there
    assert len(stored(database)) == rows
