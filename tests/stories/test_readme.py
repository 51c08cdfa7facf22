"""What the README tells its reader to do is done here, line by line, with a product that really runs."""

import re

import pytest

from tests.support.pages import blocks, followed
from tests.support.postgres import reachable_folder
from tests.support.product import ROOT, Product

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def answers() -> list[str]:
    """What each block of the story answers, in order, all of them in one shell."""
    with reachable_folder() as folder, Product(folder / "home") as product:
        return followed(README, product, folder)


def test_every_act_of_the_story_is_put_on_record(answers: list[str]) -> None:
    assert re.findall(r'"events":\["(\w+)\.v1"', "".join(answers)) == [
        "LeadAssigned",
        "LeadContacted",
        "FollowUpPromised",
        "LeadFollowedUp",
        "LeadConverted",
    ]


def test_what_is_declined_says_why(answers: list[str]) -> None:
    assert any("a lead converts once" in answer for answer in answers)


def test_the_timeline_reads_as_the_readme_shows_it(answers: list[str]) -> None:
    [shown] = blocks(README, "text")
    told = [re.sub(r"^\S+ \S+  |  \[.*\]$", "", line) for line in answers[-2].splitlines() if line.endswith("]")]
    assert [at_some_time(line) for line in told] == [at_some_time(line) for line in shown.splitlines()]


def at_some_time(line: str) -> str:
    """A clock's deadline depends on when the story is told; what was promised does not."""
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "then", line) if line.startswith("Clock") else line


def test_the_replay_comes_to_a_customer(answers: list[str]) -> None:
    assert "stage          converted" in answers[-1]
    assert "Ferro" not in "".join(answers)


def test_every_file_that_the_readme_points_to_is_there() -> None:
    assert [link for link in re.findall(r"\]\(([^)]+)\)", README) if not (ROOT / link).exists()] == []
