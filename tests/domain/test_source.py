"""A source is registered before its leads count, and may be retired."""

import pytest

from domain.identity import NameIsUnfit, SourceId, TeamId
from domain.occasion import DatedBeforeALaterChange
from domain.source import (
    Source,
    SourceIsRetired,
    SourceRegistered,
    SourceRetired,
    SourceUnknown,
    bringing_leads,
    known,
    register,
    replay,
    retire,
)
from tests.support.story import BY_ADMIN, ELEVEN, NINE, TEN, given_source, on

WEBSITE, NORTH, SOUTH = SourceId("website"), TeamId("north"), TeamId("south")
REGISTERED = SourceRegistered(source=WEBSITE, team=NORTH, at=NINE, by=BY_ADMIN)
RETIRED = SourceRetired(source=WEBSITE, at=TEN, by=BY_ADMIN)


def test_a_source_is_registered() -> None:
    given_source().when(register, WEBSITE, NORTH, on(NINE, BY_ADMIN)).then(REGISTERED)


def test_registering_a_source_twice_is_registering_it_once() -> None:
    given_source(REGISTERED).when(register, WEBSITE, NORTH, on(TEN, BY_ADMIN)).then_nothing()


def test_registering_again_sends_later_leads_to_another_team() -> None:
    given_source(REGISTERED).when(register, WEBSITE, SOUTH, on(TEN, BY_ADMIN)).then(
        SourceRegistered(source=WEBSITE, team=SOUTH, at=TEN, by=BY_ADMIN)
    )


def test_a_retired_source_is_registered_again() -> None:
    again = SourceRegistered(source=WEBSITE, team=NORTH, at=ELEVEN, by=BY_ADMIN)
    state = given_source(REGISTERED, RETIRED).when(register, WEBSITE, NORTH, on(ELEVEN, BY_ADMIN)).then(again)
    assert state == Source(id=WEBSITE, team=NORTH, retired=False, changed_at=ELEVEN)


def test_a_source_without_a_team_is_registered_too() -> None:
    given_source().when(register, WEBSITE, None, on(NINE, BY_ADMIN)).then(
        SourceRegistered(source=WEBSITE, at=NINE, by=BY_ADMIN)
    )


def test_a_source_has_a_name_fit_for_the_record() -> None:
    given_source().when(register, SourceId("Our Website"), None, on(NINE, BY_ADMIN)).then_refused(NameIsUnfit)


def test_a_source_is_retired_once() -> None:
    given_source(REGISTERED).when(retire, WEBSITE, on(TEN, BY_ADMIN)).then(RETIRED)
    given_source(REGISTERED, RETIRED).when(retire, WEBSITE, on(ELEVEN, BY_ADMIN)).then_nothing()


def test_what_is_not_on_record_cannot_be_retired() -> None:
    given_source().when(retire, WEBSITE, on(TEN, BY_ADMIN)).then_refused(
        SourceUnknown, "No source called website is on record; register it first with POST /sources."
    )


def test_nothing_is_slipped_in_before_the_latest_change() -> None:
    moved = SourceRegistered(source=WEBSITE, team=SOUTH, at=TEN, by=BY_ADMIN)
    given_source(REGISTERED, moved).when(retire, WEBSITE, on(NINE, BY_ADMIN)).then_refused(DatedBeforeALaterChange)
    given_source(moved).when(register, WEBSITE, NORTH, on(NINE, BY_ADMIN)).then_refused(DatedBeforeALaterChange)


def test_a_source_is_known_also_when_it_is_retired() -> None:
    assert known(replay([REGISTERED, RETIRED]), WEBSITE) == WEBSITE
    with pytest.raises(SourceUnknown):
        known(Source(), WEBSITE)


def test_leads_come_from_a_source_that_is_registered_and_not_retired() -> None:
    assert bringing_leads(replay([REGISTERED]), WEBSITE) == Source(id=WEBSITE, team=NORTH, changed_at=NINE)
    with pytest.raises(SourceUnknown) as unknown:
        bringing_leads(Source(), WEBSITE)
    assert unknown.value.about == {"source": "website"}
    with pytest.raises(SourceIsRetired) as retired:
        bringing_leads(replay([REGISTERED, RETIRED]), WEBSITE)
    assert retired.value.sentence == "Source website is retired and brings no new leads."


def test_the_record_of_a_source_is_replayed_from_the_first_event_to_the_last() -> None:
    assert replay([]) == Source()
    assert replay([REGISTERED, RETIRED]) == Source(id=WEBSITE, team=NORTH, retired=True, changed_at=TEN)
