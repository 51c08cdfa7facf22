"""Policies and rules on the command line: told in words, set from a file, and tried out before."""

import json
from pathlib import Path
from typing import Any

import pytest

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from domain.identity import CalendarId
from tests.services.cli.conftest import Cli, add_people, put_on_record, read_models_follow

DAY = (HoursGiven(opens="09:00", closes="17:00"),)
OFFICE = SetCalendar(
    calendar=CalendarId("office"),
    zone="Europe/Vienna",
    week=WeekGiven(monday=DAY, tuesday=DAY, wednesday=DAY, thursday=DAY, friday=DAY),
)
LADDER = [
    {"offset_minutes": -15, "deed": "remind", "whom": "owner"},
    {"offset_minutes": 0, "deed": "escalate", "whom": "seat", "seat": "maria"},
]
QUICK: dict[str, Any] = {
    "calendar": "office",
    "clocks": {"first_response": {"target_minutes": 60, "unit": "business_minutes", "rungs": LADDER}},
    "snooze_at_most_minutes": 30,
    "effective_from": "2026-01-01T08:00:00Z",
}
# A Friday, ten minutes before the office closes.
LATER = "2040-01-13T15:50:00Z"


@pytest.fixture
def cli(cli: Cli) -> Cli:
    add_people("maria")
    put_on_record((OFFICE.stream, OFFICE))
    return cli


def written(name: str, told: object) -> str:
    Path(name).write_text(json.dumps(told), encoding="utf-8")
    return name


def test_a_policy_is_set_from_a_file_and_told_in_words(cli: Cli) -> None:
    file = written("quick.json", QUICK)
    said = "Policy quick is at version 1, which holds from 2026-01-01 08:00:00Z on.\n"
    assert cli("policy", "set", "quick", file, "--as", "ann").stdout == said
    again = cli("policy", "set", "quick", file, "--as", "ann").stdout
    assert again == "Policy quick says so already; nothing was put on record.\n"
    for snooze in (5, 6):
        later = written("later.json", {"clocks": {}, "snooze_at_most_minutes": snooze, "effective_from": LATER})
        cli("policy", "set", "quick", later, "--as", "bob")
    assert cli("policy", "show", "quick").stdout.splitlines() == [
        "quick, version 1: in force from 2026-01-01 08:00:00Z, set by ann",
        "  by calendar office",
        "  first response within 60 business minutes",
        "    remind the owner 15 business minutes before",
        "    escalate to maria when it is due",
        "  snoozed for at most 30 minutes",
        "quick, version 2: taken back; was scheduled from 2040-01-13 15:50:00Z, set by bob",
        "  snoozed for at most 5 minutes",
        "quick, version 3: scheduled from 2040-01-13 15:50:00Z, set by bob",
        "  snoozed for at most 6 minutes",
    ]
    told = json.loads(cli("policy", "show", "quick", "--json").stdout)
    assert [(one["version"], one["standing"], one["set_by"]) for one in told] == [
        (1, "in_force", "ann"),
        (2, "superseded", "bob"),
        (3, "scheduled", "bob"),
    ]
    assert told[0]["clocks"]["first_response"]["rungs"][1] == "escalate to maria when it is due"
    read_models_follow()
    listed = "quick                    version 1, in force from 2026-01-01 08:00:00Z, set by ann\n"
    assert cli("policy", "list").stdout == listed
    assert json.loads(cli("policy", "list", "--json").stdout)[0]["standing"] == "in_force"


def test_a_policy_is_tried_out_without_being_set(cli: Cli) -> None:
    file = written("quick.json", QUICK | {"effective_from": LATER})
    assert cli("policy", "set", "quick", file, "--try", "--as", "ann").stdout.splitlines() == [
        "Nothing was put on record. A clock of policy quick that starts at 2040-01-13 15:50:00Z would be due:",
        "  Mon 2040-01-16 09:50 (Europe/Vienna)  first response",
        "  Mon 2040-01-16 09:35 (Europe/Vienna)    remind the owner 15 business minutes before",
        "  Mon 2040-01-16 09:50 (Europe/Vienna)    escalate to maria when it is due",
    ]
    assert "No policy called quick is on record" in cli("policy", "show", "quick", code=1).stderr
    elapsed = written("slow.json", {"clocks": {"reply": {"target_minutes": 90, "unit": "elapsed_minutes"}}})
    assert "(UTC)  answer to a reply" in cli("policy", "set", "slow", elapsed, "--try", "--as", "ann").stdout


@pytest.mark.parametrize("words", [(), ("--try",)])
def test_what_could_not_be_kept_is_refused_in_words(cli: Cli, words: tuple[str, ...]) -> None:
    clock = QUICK["clocks"]["first_response"]
    for told, said, code in (
        ({"calendar": "moon"}, "No calendar called moon is on record", 1),
        ({"calendar": None}, "The first_response clock counts business minutes, so the policy needs a calendar", 1),
        ({"clocks": {"first_response": clock | {"target_minutes": 0}}}, "has a target of 0 minutes; a target is", 1),
        ({"clocks": {"first_response": clock | {"rungs": LADDER[::-1]}}}, "Rung 2 of the first_response clock", 1),
        ({"clocks": {"first_response": clock | {"unit": "days"}}}, "quick.json: clocks.first_response.unit: Input", 2),
    ):
        file = written("quick.json", QUICK | told)
        assert said in cli("policy", "set", "quick", file, *words, "--as", "ann", code=code).stderr


def test_rules_are_put_in_order_and_told_by_their_numbers(cli: Cli) -> None:
    assert cli("policy", "rules").stdout == "No rules hold now, so no policy applies to any lead.\n"
    cli("policy", "set", "quick", written("quick.json", QUICK), "--as", "ann")
    file = written("rules.json", {"rules": [{"policy": "quick", "priority": "high"}, {"policy": "quick"}]})
    told = cli("policy", "rules", file, "--as", "ann").stdout
    assert told.startswith("The rulebook is at version 1, which holds from 20")
    again = cli("policy", "rules", file, "--as", "ann").stdout
    assert again == "The rules stand in this order already; nothing was put on record.\n"
    cli("policy", "rules", written("none.json", {"rules": [], "effective_from": LATER}), "--as", "ann")
    shown = cli("policy", "rules").stdout.splitlines()
    assert shown[0].startswith("Rulebook, version 1: in force from 20")
    assert shown[1:] == [
        "  rule 1: policy quick for high priority",
        "  rule 2: policy quick for every other lead",
        "Rulebook, version 2: scheduled from 2040-01-13 15:50:00Z",
        "  no policy applies to any lead",
    ]
    first, later = json.loads(cli("policy", "rules", "--json").stdout)
    assert (first["standing"], first["rules"][0]) == ("in_force", "policy quick for high priority")
    assert (later["standing"], later["rules"]) == ("scheduled", [])


def test_who_changes_the_rules_says_who_they_are(cli: Cli) -> None:
    file = written("rules.json", {"rules": [{"policy": "moon"}]})
    assert "--as: say who you are" in cli("policy", "rules", file, code=2).stderr
    assert "No policy called moon is on record" in cli("policy", "rules", file, "--as", "ann", code=1).stderr
