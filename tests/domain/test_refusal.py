"""A refusal tells a person what stands in the way."""

import time
from datetime import datetime, timedelta, timezone

import pytest

from domain.refusal import Refusal
from tests.support.story import NINE


class ShopIsClosed(Refusal):
    """The shop
    is closed until {opens_at}; {keeper} keeps it."""


class Wordless(Refusal):
    __doc__ = None


def test_a_refusal_reads_as_its_docstring_with_the_particulars_filled_in() -> None:
    refusal = ShopIsClosed(opens_at=NINE, keeper=7)
    assert refusal.sentence == "The shop is closed until 2026-03-02 09:00 UTC; 7 keeps it."
    assert str(refusal) == refusal.sentence
    assert refusal.name == "ShopIsClosed"
    assert refusal.about == {"opens_at": "2026-03-02T09:00:00+00:00", "keeper": "7"}


@pytest.mark.parametrize(
    ("opens_at", "read"),
    [
        (NINE + timedelta(seconds=7), "2026-03-02 09:00:07 UTC"),
        (NINE + timedelta(microseconds=1), "2026-03-02 09:00:00 UTC"),
        (NINE.astimezone(timezone(timedelta(hours=2))), "2026-03-02 09:00 UTC"),
    ],
)
def test_an_instant_is_told_as_a_person_reads_it(opens_at: datetime, read: str) -> None:
    assert ShopIsClosed(opens_at=opens_at, keeper=7).sentence == f"The shop is closed until {read}; 7 keeps it."


def test_an_instant_is_told_alike_wherever_the_machine_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert ShopIsClosed(opens_at=NINE, keeper=7).sentence.startswith(
            "The shop is closed until 2026-03-02 09:00 UTC"
        )
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    refusal = ShopIsClosed(opens_at=NINE, keeper=None)
    assert refusal.about.keys() == {"opens_at"}
    assert refusal.sentence.endswith("; (unknown) keeps it.")


def test_a_refusal_without_words_says_its_name() -> None:
    assert Wordless().sentence == "Wordless"
