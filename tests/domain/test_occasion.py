"""Nothing is dated in the future, nor slipped in before what changed later."""

from datetime import timedelta

import pytest

from domain.occasion import AtIsInTheFuture, DatedBeforeALaterChange
from tests.support.story import NINE, TEN, on

A_MOMENT = timedelta(microseconds=1)


def test_a_deed_may_be_dated_now_or_before() -> None:
    assert on(NINE, now=NINE).at == NINE
    assert on(NINE, now=TEN).at == NINE
    assert on(NINE).history is False


def test_a_deed_is_never_dated_in_the_future() -> None:
    with pytest.raises(AtIsInTheFuture) as refused:
        on(TEN, now=NINE)
    assert refused.value.sentence == (
        "The deed is dated 2026-03-02 10:00 UTC, but it is only 2026-03-02 09:00 UTC; "
        "what has not happened yet cannot be recorded."
    )
    with pytest.raises(AtIsInTheFuture):
        on(NINE + A_MOMENT, now=NINE, history=True)


def test_nothing_is_slipped_in_before_a_later_change() -> None:
    on(NINE).not_before(None)
    on(NINE).not_before(NINE)
    with pytest.raises(DatedBeforeALaterChange) as refused:
        on(NINE).not_before(NINE + A_MOMENT)
    assert refused.value.sentence == (
        "The deed is dated 2026-03-02 09:00 UTC, but what it would change changed at "
        "2026-03-02 09:00:00 UTC already; correct the instant."
    )
