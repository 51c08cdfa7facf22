"""How a lead ends, and how it is opened again."""

from decimal import Decimal

import pytest

from domain.lead.closing import LeadIsAlreadyConverted, convert, disqualify, lose, reopen
from domain.lead.events import LeadConverted, LeadDisqualified, LeadLost, LeadReopened, Money
from domain.lead.ownership import assign
from domain.lead.standing import LeadIsClosed, LeadIsUnassigned, LeadUnknown
from domain.occasion import BeforeTheLeadArrived, DatedBeforeALaterChange
from domain.person import Person, PersonHasLeft
from tests.domain.lead.told import (
    EUROS,
    NOTE,
    assigned,
    contacted,
    converted,
    created,
    disqualified,
    escalated,
    lost,
    promised,
    released,
    reopened,
)
from tests.support.story import (
    ANNA,
    BEN,
    BY_ANNA,
    BY_BEN,
    BY_MANAGER,
    BY_SERVICE,
    ELEVEN,
    NINE,
    ONE,
    TEN,
    TWELVE,
    TWO,
    given,
    on,
)


def test_a_lead_becomes_a_customer() -> None:
    state = given(created(), assigned(), contacted()).when(convert, EUROS, on(ONE)).then(converted())
    assert not state.open
    assert (state.ending, state.value, state.owner) == ("converted", EUROS, ANNA)


def test_what_it_is_worth_need_not_be_known() -> None:
    given(created(), assigned()).when(convert, None, on(ONE)).then(converted(value=None))


def test_converting_twice_is_converting_once() -> None:
    given(created(), assigned(), converted()).when(convert, EUROS, on(TWO)).then_nothing()
    the_same = Money(Decimal(1200), "EUR")
    given(created(), assigned(), converted()).when(convert, the_same, on(TWO)).then_nothing()


def test_a_lead_converts_once_and_for_one_value() -> None:
    dollars = Money(Decimal(1200), "USD")
    given(created(), assigned(), converted()).when(convert, dollars, on(TWO)).then_refused(
        LeadIsAlreadyConverted,
        "The lead was converted already, at 2026-03-02 13:00 UTC, for 1200.00 EUR; a lead converts once.",
    )
    given(created(), assigned(), converted(value=None)).when(convert, EUROS, on(TWO)).then_refused(
        LeadIsAlreadyConverted,
        "The lead was converted already, at 2026-03-02 13:00 UTC, for a value not told; a lead converts once.",
    )


def test_somebody_must_be_answerable_for_what_is_converted() -> None:
    sentence = "At 2026-03-02 13:00 UTC nobody was answerable for the lead; it must be claimed or assigned first."
    given(created()).when(convert, EUROS, on(ONE)).then_refused(LeadIsUnassigned, sentence)
    given(created(), assigned(), released()).when(convert, EUROS, on(ONE)).then_refused(LeadIsUnassigned, sentence)


def test_an_end_told_late_is_credited_to_whoever_had_the_lead_then() -> None:
    moved = given(created(), assigned(ANNA, TEN), assigned(BEN, TWELVE))
    moved.when(convert, EUROS, on(ELEVEN, BY_BEN)).then(LeadConverted(owner=ANNA, value=EUROS, at=ELEVEN, by=BY_BEN))
    moved.when(lose, "price", None, on(ELEVEN, BY_BEN)).then(LeadLost(owner=ANNA, reason="price", at=ELEVEN, by=BY_BEN))
    moved.when(convert, EUROS, on(NINE)).then_refused(LeadIsUnassigned)


def test_copied_history_may_know_a_conversion_before_the_arrival() -> None:
    given(created(at=TEN), assigned(at=TEN)).when(convert, None, on(NINE, BY_SERVICE, history=True)).then(
        LeadConverted(owner=ANNA, value=None, at=NINE, by=BY_SERVICE)
    )
    given(created(at=TEN), assigned(at=TEN)).when(convert, None, on(NINE)).then_refused(BeforeTheLeadArrived)
    given(created(at=TEN)).when(convert, None, on(NINE, history=True)).then_refused(LeadIsUnassigned)


def test_a_lead_is_lost() -> None:
    state = (
        given(created(), assigned())
        .when(lose, "no_need", NOTE, on(ONE))
        .then(LeadLost(owner=ANNA, reason="no_need", note=NOTE, at=ONE, by=BY_ANNA))
    )
    assert (state.ending, state.ended_because) == ("lost", "no_need")


def test_a_lead_can_be_lost_that_nobody_ever_took() -> None:
    given(created()).when(lose, "timing", None, on(ONE, BY_MANAGER)).then(
        LeadLost(owner=None, reason="timing", at=ONE, by=BY_MANAGER)
    )


def test_a_rep_does_not_lose_what_nobody_is_answerable_for() -> None:
    given(created()).when(lose, "timing", None, on(ONE, BY_ANNA)).then_refused(LeadIsUnassigned)


def test_what_never_was_a_lead_is_disqualified() -> None:
    state = (
        given(created(), assigned())
        .when(disqualify, "duplicate", NOTE, on(ONE))
        .then(LeadDisqualified(reason="duplicate", note=NOTE, at=ONE, by=BY_ANNA))
    )
    assert (state.ending, state.ended_because) == ("disqualified", "duplicate")


def test_ending_again_in_the_same_way_is_already_so() -> None:
    given(created(), lost()).when(lose, "price", NOTE, on(TWO)).then_nothing()
    given(created(), disqualified()).when(disqualify, "spam", NOTE, on(TWO)).then_nothing()


def test_another_reason_needs_the_lead_to_be_opened_first() -> None:
    sentence = (
        "The lead is closed: it was {} at 2026-03-02 13:00 UTC. Reopen it first if there is something left to do."
    )
    given(created(), lost()).when(lose, "other", None, on(TWO)).then_refused(LeadIsClosed, sentence.format("lost"))
    given(created(), disqualified()).when(disqualify, "other", None, on(TWO)).then_refused(
        LeadIsClosed, sentence.format("disqualified")
    )


def test_a_lead_ends_in_one_way() -> None:
    # `other` is a reason of both ways to end.
    lost_for_another = LeadLost(owner=ANNA, reason="other", at=ONE, by=BY_ANNA)
    disqualified_for_another = LeadDisqualified(reason="other", at=ONE, by=BY_ANNA)
    given(created(), assigned(), lost()).when(convert, EUROS, on(TWO)).then_refused(LeadIsClosed)
    given(created(), assigned(), lost()).when(convert, None, on(TWO)).then_refused(LeadIsClosed)
    given(created(), lost_for_another).when(disqualify, "other", None, on(TWO)).then_refused(LeadIsClosed)
    given(created(), disqualified_for_another).when(lose, "other", None, on(TWO)).then_refused(LeadIsClosed)
    given(created(), assigned(), converted()).when(lose, "price", None, on(TWO)).then_refused(LeadIsClosed)
    given(created(), assigned(), converted()).when(disqualify, "spam", None, on(TWO)).then_refused(LeadIsClosed)


def test_only_a_lead_that_exists_ends() -> None:
    given().when(convert, EUROS, on(ONE)).then_refused(LeadUnknown)
    given().when(lose, "price", None, on(ONE)).then_refused(LeadUnknown)
    given().when(disqualify, "spam", None, on(ONE)).then_refused(LeadUnknown)
    given().when(reopen, "other", None, on(ONE)).then_refused(
        LeadUnknown, "There is no such lead, or none that you may see."
    )


def test_a_closed_lead_is_opened_again_and_is_its_former_owners() -> None:
    state = (
        given(created(), assigned(), converted())
        .when(reopen, "closed_by_mistake", NOTE, on(TWO))
        .then(LeadReopened(reason="closed_by_mistake", note=NOTE, at=TWO, by=BY_ANNA))
    )
    assert state.open
    assert (state.owner, state.ending, state.value) == (ANNA, None, None)


def test_a_lead_opened_again_is_even_theirs_who_left_until_it_is_assigned_anew() -> None:
    """The queues show it; a person who is away cannot be assigned, and so nobody is surprised."""
    again = given(created(), assigned(), lost(), reopened())
    assert again.state.owner == ANNA
    again.when(assign, Person(id=ANNA, here=False), ANNA, "by_hand", on(TWO)).then_refused(PersonHasLeft)
    assert (
        again.when(assign, Person(id=BEN, here=True), BEN, "by_hand", on(TWO, BY_MANAGER))
        .then(assigned(BEN, TWO, previous=ANNA, team=None))
        .owner
        == BEN
    )


def test_an_open_lead_is_open_already() -> None:
    given(created()).when(reopen, "other", None, on(TEN)).then_nothing()


def test_a_lead_is_not_opened_before_it_ended() -> None:
    given(created(), lost(at=TWELVE)).when(reopen, "other", None, on(ELEVEN)).then_refused(
        DatedBeforeALaterChange,
        "The deed is dated 2026-03-02 11:00 UTC, but what it would change changed at "
        "2026-03-02 12:00 UTC already; correct the instant.",
    )
    given(created(), lost(at=TWELVE)).when(reopen, "new_interest", None, on(TWELVE)).then(reopened(at=TWELVE))


def test_a_lead_does_not_end_before_it_was_opened_again() -> None:
    again = given(created(), assigned(), lost(at=TWELVE), reopened(at=TWO))
    again.when(convert, EUROS, on(ONE)).then_refused(DatedBeforeALaterChange)
    again.when(lose, "price", None, on(ONE)).then_refused(DatedBeforeALaterChange)
    again.when(disqualify, "spam", None, on(ONE)).then_refused(DatedBeforeALaterChange)
    again.when(convert, EUROS, on(TWO)).then(converted(at=TWO))
    again.when(convert, EUROS, on(ONE, history=True)).then(converted(at=ONE))


def test_a_lead_opened_again_may_be_lost_again_for_the_same_reason() -> None:
    given(created(), assigned(), lost(), reopened()).when(lose, "price", None, on(TWO)).then(lost(at=TWO))
    given(created(), assigned(), converted(), reopened()).when(convert, EUROS, on(TWO)).then(converted(at=TWO))


@pytest.mark.parametrize("end", [converted(), lost(), disqualified()])
def test_an_end_settles_what_was_owed_and_who_was_told(end: LeadConverted | LeadLost | LeadDisqualified) -> None:
    state = given(created(), assigned(), promised(), escalated(), end, reopened()).state
    assert state.promise is None
    assert state.rungs == frozenset()
