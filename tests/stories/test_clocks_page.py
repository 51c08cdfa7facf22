"""What docs/clocks.md tells its reader to do is done here, line by line, with a product that really runs."""

import json
import re

import pytest

from tests.support.pages import blocks, followed
from tests.support.postgres import reachable_folder
from tests.support.product import ROOT, Product

PAGE = (ROOT / "docs" / "clocks.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def answers() -> list[str]:
    with reachable_folder() as folder, Product(folder / "home") as product:
        return followed(PAGE, product, folder)


def test_everything_is_put_on_record(answers: list[str]) -> None:
    assert re.findall(r'"events":\["(\w+)\.v1"\]', "".join(answers)) == [
        "CalendarSet",
        "DaysExcepted",
        "PolicySet",
        "RulesOrdered",
        "LeadAssigned",
    ]


def test_the_holidays_of_the_file_are_taken_once(answers: list[str]) -> None:
    taken, again = answers[3].splitlines()
    assert re.fullmatch(r"\d+ of \d+ days are new days off in calendar vienna; the others stay as they were\.", taken)
    assert not taken.startswith("0 ")
    assert json.loads(again)["events"] == []


def test_the_trial_answers_as_the_page_shows(answers: list[str]) -> None:
    [shown, _] = blocks(PAGE, "text")
    assert answers[5] == shown


def test_the_rules_hold(answers: list[str]) -> None:
    ordered, asked = answers[6].splitlines()
    assert json.loads(ordered)["events"] == ["RulesOrdered.v1"]
    assert [rule["team"] for rule in json.loads(asked)["in_force"]["rules"]] == [None, "north"]


def test_each_instant_is_somebodys_as_the_page_shows(answers: list[str]) -> None:
    [_, shown] = blocks(PAGE, "text")
    assert answers[7].endswith(f"\n{shown}")
    told = answers[8].splitlines()
    assert told[0].startswith("clock 1: first_response, due ")
    assert told[0].endswith("in business_minutes of calendar vienna, version 3")
    [together, elapsed] = re.findall(r"\d+\.\d{3}", told[3])
    assert together == elapsed
    rep, team = answers[8].split("\n[\n")
    assert re.search(r"^owner +rep-1 +north +first_response +business_minutes +1 ", rep, flags=re.MULTILINE)
    assert {one["holder"] for one in json.loads("[" + team)} == {"queue", "owner"}


def test_what_is_refused_names_the_field(answers: list[str]) -> None:
    refused = json.loads(answers[9])
    assert (refused["type"], refused["errors"][0]["path"]) == ("/problems/hours-overlap", "body.week.monday")


def test_the_command_line_tells_it_in_words(answers: list[str]) -> None:
    told = answers[10]
    assert "Europe/Vienna: Monday to Thursday 09:00-12:30 and 13:30-18:00; Friday 09:00-17:00" in told
    assert "2039-12-24 (christmas-eve) 09:00-12:00" in told
    assert re.search(r"^quick +version 1, in force from ", told, re.MULTILINE)
    assert "    escalate to who answers for the team when it is due" in told
    assert "  rule 2: policy quick for team north" in told
    assert told.endswith("No lead needs help.\n")
