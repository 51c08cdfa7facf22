"""A refusal tells a person what stands in the way."""

from domain.refusal import Refusal
from tests.support.story import NINE


class ShopIsClosed(Refusal):
    """The shop
    is closed until {opens_at}; {keeper} keeps it."""


class Wordless(Refusal):
    __doc__ = None


def test_a_refusal_reads_as_its_docstring_with_the_particulars_filled_in() -> None:
    refusal = ShopIsClosed(opens_at=NINE, keeper=7)
    assert refusal.sentence == "The shop is closed until 2026-03-02T09:00:00+00:00; 7 keeps it."
    assert str(refusal) == refusal.sentence
    assert refusal.name == "ShopIsClosed"
    assert refusal.about == {"opens_at": "2026-03-02T09:00:00+00:00", "keeper": "7"}


def test_what_is_not_known_is_said_to_be_unknown() -> None:
    refusal = ShopIsClosed(opens_at=NINE, keeper=None)
    assert refusal.about.keys() == {"opens_at"}
    assert refusal.sentence.endswith("; (unknown) keeps it.")


def test_a_refusal_without_words_says_its_name() -> None:
    assert Wordless().sentence == "Wordless"
