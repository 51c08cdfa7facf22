"""How a lead arrives, how it is put right, and in whose queue it waits."""

from domain.event import Sealed
from domain.identity import TeamId
from domain.lead.arrival import LeadIsSomebodys, correct_contact, create, route
from domain.lead.events import ContactCorrected, LeadCreated
from domain.lead.standing import LeadExistsAlready, LeadIsClosed, LeadUnknown
from domain.occasion import BeforeTheLeadArrived, DatedBeforeALaterChange
from domain.source import Source
from tests.domain.lead.told import (
    CONTACT,
    NORTH,
    SOUTH,
    WEBSITE,
    assigned,
    created,
    lost,
    released,
    reopened,
    routed,
)
from tests.support.story import (
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

WEB = Source(id=WEBSITE, team=NORTH)
RIGHT = Sealed(subject="lead", ref="9d5f4a3e-0000-4000-8000-000000000009", sha256="d" * 64)


def test_a_lead_waits_in_the_queue_of_its_sources_team() -> None:
    given().when(create, source=WEB, team=None, contact=CONTACT, dated="instant", on=on(NINE, BY_SERVICE)).then(
        created()
    )


def test_its_priority_is_on_record() -> None:
    given().when(
        create, source=None, team=NORTH, contact=None, priority="high", dated="instant", on=on(NINE, BY_SERVICE)
    ).then(LeadCreated(team=NORTH, priority="high", at=NINE, by=BY_SERVICE))


def test_a_lead_waits_in_the_queue_of_the_team_that_was_named() -> None:
    given().when(create, source=WEB, team=SOUTH, contact=None, dated="day", on=on(NINE, BY_SERVICE)).then(
        LeadCreated(source=WEBSITE, team=SOUTH, contact=None, dated="day", at=NINE, by=BY_SERVICE)
    )


def test_a_lead_of_no_source_and_no_team_is_the_whole_desks() -> None:
    given().when(create, source=None, team=None, contact=None, dated="instant", on=on(NINE, BY_SERVICE)).then(
        LeadCreated(at=NINE, by=BY_SERVICE)
    )


def test_a_lead_arrives_once() -> None:
    sentence = "This lead has been created already, at 2026-03-02 09:00 UTC."
    again = given(created()).when
    again(create, source=WEB, team=SOUTH, contact=None, dated="day", on=on(NINE)).then_nothing()
    again(create, source=WEB, team=None, contact=CONTACT, dated="instant", on=on(TEN)).then_refused(
        LeadExistsAlready, sentence
    )
    again(create, source=None, team=None, contact=CONTACT, dated="instant", on=on(NINE)).then_refused(
        LeadExistsAlready, sentence
    )


def test_how_to_reach_the_lead_is_put_right() -> None:
    corrected = ContactCorrected(contact=RIGHT, at=TEN, by=BY_MANAGER)
    state = given(created()).when(correct_contact, RIGHT, on(TEN, BY_MANAGER)).then(corrected)
    assert state.contact == RIGHT


def test_what_is_right_already_stays() -> None:
    given(created()).when(correct_contact, CONTACT, on(TEN)).then_nothing()


def test_also_a_closed_lead_is_put_right() -> None:
    given(created(), lost(at=TEN)).when(correct_contact, RIGHT, on(ELEVEN, BY_MANAGER)).then(
        ContactCorrected(contact=RIGHT, at=ELEVEN, by=BY_MANAGER)
    )


def test_only_a_lead_that_exists_is_put_right() -> None:
    given().when(correct_contact, RIGHT, on(TEN)).then_refused(
        LeadUnknown, "There is no such lead, or none that you may see."
    )
    given(created(at=TEN)).when(correct_contact, RIGHT, on(NINE)).then_refused(
        BeforeTheLeadArrived,
        "The deed is dated 2026-03-02 09:00 UTC, before the lead arrived at 2026-03-02 10:00 UTC; correct the instant.",
    )


def test_a_lead_that_waits_goes_to_another_queue() -> None:
    state = given(created()).when(route, SOUTH, on(TEN, BY_MANAGER)).then(routed())
    assert state.team == SOUTH
    assert state.owner is None


def test_a_lead_in_that_queue_already_stays() -> None:
    given(created()).when(route, NORTH, on(TEN)).then_nothing()


def test_a_lead_given_back_goes_to_another_queue() -> None:
    given(created(), assigned(), released(at=TWELVE)).when(route, SOUTH, on(TWELVE, BY_MANAGER)).then(routed(at=TWELVE))


def test_somebodys_lead_is_not_routed() -> None:
    given(created(), assigned()).when(route, SOUTH, on(ELEVEN)).then_refused(
        LeadIsSomebodys,
        "The lead is anna's; it goes to another queue when it is released, or to another person when it is assigned.",
    )


def test_a_closed_lead_is_not_routed() -> None:
    given(created(), lost(at=TEN)).when(route, SOUTH, on(ELEVEN)).then_refused(LeadIsClosed)


def test_the_queue_of_a_moment_is_not_changed_afterwards() -> None:
    west = TeamId("west")
    given(created(), routed(at=TWELVE)).when(route, west, on(ELEVEN)).then_refused(DatedBeforeALaterChange)
    given(created(), assigned(), released(at=TWELVE)).when(route, west, on(ELEVEN)).then_refused(
        DatedBeforeALaterChange
    )
    given(created(), lost(at=TEN), reopened(at=TWO)).when(route, west, on(ONE)).then_refused(DatedBeforeALaterChange)
