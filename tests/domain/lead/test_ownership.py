"""Exactly one person is answerable for a lead, or nobody yet."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from domain.event import Actor, Role
from domain.identity import PersonId, PolicyId
from domain.lead.events import (
    ClaimLost,
    ClockStarted,
    LeadAssigned,
    LeadIsAlreadyClaimed,
    LeadOffered,
    LeadReleased,
    Step,
)
from domain.lead.ownership import (
    HadItBefore,
    LeadIsNotOnOffer,
    NotYourLead,
    SpeaksForAnother,
    assign,
    claim,
    held_by,
    release,
)
from domain.lead.standing import LeadIsClosed, LeadIsUnassigned, LeadUnknown
from domain.lead.state import evolve, replay
from domain.occasion import DatedBeforeALaterChange
from domain.person import Person, PersonHasLeft, PersonUnknown
from tests.domain.lead.told import NORTH, NOTE, SOUTH, assigned, created, escalated, lost, released, reopened
from tests.support.story import (
    ANNA,
    BEN,
    BY_ANNA,
    BY_BEN,
    BY_MANAGER,
    BY_SERVICE,
    CARLA,
    ELEVEN,
    NINE,
    ONE,
    TEN,
    TWELVE,
    TWO,
    given,
    on,
)

ANNA_HERE, BEN_HERE = Person(id=ANNA, team=NORTH, here=True), Person(id=BEN, team=SOUTH, here=True)


def test_one_person_becomes_answerable() -> None:
    state = given(created()).when(assign, ANNA_HERE, ANNA, "by_hand", on(TEN, BY_MANAGER)).then(assigned())
    assert (state.owner, state.team) == (ANNA, NORTH)


def test_assigning_to_the_owner_is_already_so() -> None:
    given(created(), assigned()).when(assign, ANNA_HERE, ANNA, "imported", on(ELEVEN, BY_MANAGER)).then_nothing()


def test_assigning_to_another_moves_the_lead_to_that_persons_team() -> None:
    state = (
        given(created(), assigned())
        .when(assign, BEN_HERE, BEN, "by_hand", on(ELEVEN, BY_MANAGER))
        .then(LeadAssigned(to=BEN, team=SOUTH, previous=ANNA, because="by_hand", at=ELEVEN, by=BY_MANAGER))
    )
    assert (state.owner, state.team) == (BEN, SOUTH)


def test_a_person_in_no_team_leaves_the_lead_with_its_team() -> None:
    state = (
        given(created())
        .when(assign, Person(id=BEN, here=True), BEN, "imported", on(TEN, BY_MANAGER))
        .then(LeadAssigned(to=BEN, team=None, because="imported", at=TEN, by=BY_MANAGER))
    )
    assert state.team == NORTH


def test_only_somebody_who_is_here_becomes_answerable() -> None:
    given(created()).when(assign, Person(), ANNA, "by_hand", on(TEN)).then_refused(
        PersonUnknown, "Nobody called anna is on record; register the person first with POST /people."
    )
    given(created()).when(assign, Person(id=ANNA), ANNA, "by_hand", on(TEN)).then_refused(
        PersonHasLeft, "anna has left and cannot take part; name somebody who is here."
    )


def test_only_an_open_lead_is_assigned() -> None:
    given().when(assign, ANNA_HERE, ANNA, "by_hand", on(TEN)).then_refused(
        LeadUnknown, "There is no such lead, or none that you may see."
    )
    given(created(), lost(at=TEN)).when(assign, ANNA_HERE, ANNA, "by_hand", on(ELEVEN)).then_refused(
        LeadIsClosed,
        "The lead is closed: it was lost at 2026-03-02 10:00 UTC. Reopen it first if there is something left to do.",
    )


def test_who_was_answerable_at_a_moment_is_not_changed_afterwards() -> None:
    sentence = (
        "The deed is dated 2026-03-02 10:00 UTC, but what it would change changed at "
        "2026-03-02 11:00 UTC already; correct the instant."
    )
    held = given(created(), assigned(at=ELEVEN))
    held.when(assign, BEN_HERE, BEN, "by_hand", on(TEN)).then_refused(DatedBeforeALaterChange, sentence)
    held.when(release, "workload", None, on(TEN)).then_refused(DatedBeforeALaterChange, sentence)
    held.when(assign, BEN_HERE, BEN, "imported", on(TEN, history=True)).then_refused(DatedBeforeALaterChange, sentence)


def test_nobody_is_assigned_to_a_time_before_the_lead_was_opened_again() -> None:
    again = given(created(), lost(at=TEN), reopened(at=TWO))
    again.when(assign, ANNA_HERE, ANNA, "by_hand", on(ONE)).then_refused(DatedBeforeALaterChange)
    again.when(assign, ANNA_HERE, ANNA, "by_hand", on(TWO, BY_MANAGER)).then(assigned(at=TWO))


def test_history_may_know_an_owner_before_the_lead_arrived() -> None:
    given(created(at=TEN)).when(assign, ANNA_HERE, ANNA, "imported", on(NINE, BY_MANAGER, history=True)).then(
        LeadAssigned(to=ANNA, team=NORTH, because="imported", at=NINE, by=BY_MANAGER)
    )


def test_the_first_claim_wins() -> None:
    given(created()).when(claim, ANNA_HERE, ANNA, on(TEN, BY_ANNA)).then(
        LeadAssigned(to=ANNA, team=NORTH, because="claimed", at=TEN, by=BY_ANNA)
    )


CLAIMED = LeadAssigned(to=ANNA, team=NORTH, because="claimed", at=TEN, by=BY_ANNA)
HALF_AN_HOUR = timedelta(minutes=30)


def lost_by_ben(at: datetime) -> ClaimLost:
    return ClaimLost(who=BEN, to=ANNA, at=at, by=BY_BEN)


@pytest.mark.parametrize("at", [TEN, TEN + HALF_AN_HOUR])
def test_a_claim_that_comes_a_little_late_is_told_who_was_first_on_record_and_once(at: datetime) -> None:
    given(created(), CLAIMED).when(claim, BEN_HERE, BEN, on(at, BY_BEN)).then_refused(
        LeadIsAlreadyClaimed, "Somebody was first: the lead is anna's.", on_record=lost_by_ben(at)
    )


@pytest.mark.parametrize("at", [TEN - timedelta(microseconds=1), TEN + HALF_AN_HOUR + timedelta(microseconds=1)])
def test_who_does_not_claim_within_half_an_hour_of_the_first_has_lost_no_race(at: datetime) -> None:
    given(created(), CLAIMED).when(claim, BEN_HERE, BEN, on(at, BY_BEN)).then_refused(LeadIsNotOnOffer)


def test_a_lead_that_was_given_to_somebody_is_lost_by_nobody() -> None:
    by_hand = given(created(), CLAIMED, assigned(CARLA, ELEVEN, previous=ANNA))
    by_hand.when(claim, BEN_HERE, BEN, on(ELEVEN, BY_BEN)).then_refused(LeadIsNotOnOffer)


def test_who_could_not_have_had_it_has_lost_nothing() -> None:
    taken = LeadReleased(owner=BEN, team=NORTH, reason="not_attended", at=NINE, by=BY_MANAGER)
    excluded = given(created(), assigned(BEN, NINE), taken, CLAIMED)
    excluded.when(claim, BEN_HERE, BEN, on(TEN, BY_BEN)).then_refused(LeadIsAlreadyClaimed)
    gone = given(created(), CLAIMED).when(claim, Person(id=BEN), BEN, on(TEN, BY_BEN))
    gone.then_refused(LeadIsAlreadyClaimed)


def test_everybody_who_came_too_late_is_on_record_and_to_whoever_has_it_then() -> None:
    carla = Person(id=CARLA, team=NORTH, here=True)
    lead = given(created(), CLAIMED, lost_by_ben(TEN))
    lead.when(claim, carla, CARLA, on(ELEVEN - HALF_AN_HOUR, BY_MANAGER)).then_refused(
        LeadIsAlreadyClaimed, on_record=ClaimLost(who=CARLA, to=ANNA, at=ELEVEN - HALF_AN_HOUR, by=BY_MANAGER)
    )
    taken_again = LeadAssigned(to=CARLA, team=NORTH, because="claimed", at=ELEVEN, by=BY_MANAGER)
    given(created(), CLAIMED, lost_by_ben(TEN), released(at=ELEVEN), taken_again).when(
        claim, BEN_HERE, BEN, on(ELEVEN, BY_BEN)
    ).then_refused(LeadIsAlreadyClaimed, on_record=ClaimLost(who=BEN, to=CARLA, at=ELEVEN, by=BY_BEN))


def test_a_lost_claim_is_no_act_of_whoever_lost_it() -> None:
    before = given(created(), CLAIMED, escalated(at=TEN)).state
    after = evolve(before, ClaimLost(who=CARLA, to=ANNA, at=ELEVEN, by=BY_MANAGER))
    assert after == before._replace(lost_claims=frozenset({CARLA}))


OFFERED = LeadOffered(team=NORTH, step=Step(1, 1, ELEVEN), at=ELEVEN, by=BY_MANAGER)
CLOCK = ClockStarted(
    clock="first_response",
    number=1,
    started_at=NINE,
    respond_by=TEN,
    rungs=(),
    policy=PolicyId("quick"),
    policy_version=1,
    at=NINE,
    by=BY_MANAGER,
)


def test_what_was_offered_may_be_claimed_over_its_owners_head_by_a_team_mate() -> None:
    offered = given(created(), CLOCK, assigned(), OFFERED)
    mate = replace(BEN_HERE, team=NORTH)
    rescued = LeadAssigned(to=BEN, team=NORTH, previous=ANNA, because="rescued", at=TWELVE, by=BY_BEN)
    state = offered.when(claim, mate, BEN, on(TWELVE, BY_BEN)).then(rescued)
    assert not state.offered
    given(created(), CLOCK, assigned(), OFFERED, rescued).when(claim, ANNA_HERE, ANNA, on(TWELVE)).then_refused(
        LeadIsAlreadyClaimed, on_record=ClaimLost(who=ANNA, to=BEN, at=TWELVE, by=BY_ANNA)
    )
    offered.when(claim, BEN_HERE, BEN, on(TWELVE, BY_BEN)).then_refused(LeadIsNotOnOffer)


def test_what_is_somebodys_and_was_not_offered_is_not_claimed_and_nobody_was_first() -> None:
    """Whose it is, not everybody may know."""
    mate = replace(BEN_HERE, team=NORTH)
    given(created(), assigned()).when(claim, mate, BEN, on(TWELVE, BY_BEN)).then_refused(
        LeadIsNotOnOffer,
        "The lead is somebody's and is not on offer to you; ask whoever answers for its team to assign it to you.",
    )


def test_who_lost_a_lead_by_doing_nothing_leaves_it_to_somebody_else() -> None:
    taken = LeadReleased(owner=ANNA, team=NORTH, reason="not_attended", at=ELEVEN, by=BY_MANAGER)
    given(created(), assigned(), taken).when(claim, ANNA_HERE, ANNA, on(TWELVE)).then_refused(
        HadItBefore,
        "anna had this lead and did not act in time; somebody else may claim it, or a manager assign it.",
    )


def test_claiming_ones_own_lead_is_already_so() -> None:
    given(created(), assigned()).when(claim, ANNA_HERE, ANNA, on(ELEVEN)).then_nothing()


def test_a_closed_lead_is_not_claimed() -> None:
    given(created(), lost(at=TEN)).when(claim, ANNA_HERE, ANNA, on(ELEVEN)).then_refused(LeadIsClosed)


def test_the_owner_gives_the_lead_back_to_its_teams_queue() -> None:
    state = (
        given(created(), assigned())
        .when(release, "absence", NOTE, on(TWELVE, BY_ANNA))
        .then(LeadReleased(owner=ANNA, team=NORTH, reason="absence", note=NOTE, at=TWELVE, by=BY_ANNA))
    )
    assert (state.owner, state.team) == (None, NORTH)


def test_a_lead_that_is_nobodys_cannot_be_given_back() -> None:
    given(created()).when(release, "workload", None, on(TEN)).then_nothing()


def test_a_manager_takes_the_lead_from_its_owner() -> None:
    given(created(), assigned()).when(release, "absence", None, on(TWELVE, BY_MANAGER)).then(
        LeadReleased(owner=ANNA, team=NORTH, reason="absence", at=TWELVE, by=BY_MANAGER)
    )


def test_another_rep_does_not_give_the_lead_back() -> None:
    given(created(), assigned()).when(release, "workload", None, on(TWELVE, BY_BEN)).then_refused(
        NotYourLead, "The lead is anna's, not ben's; ask the person who answers for the team to assign it."
    )


def test_a_closed_lead_is_not_given_back() -> None:
    given(created(), assigned(), lost(at=ELEVEN)).when(release, "workload", None, on(TWELVE)).then_refused(LeadIsClosed)


# Anna had the lead from ten to twelve, nobody until one, and Ben has had it since.
ONE_AFTER_ANOTHER = replay([created(), assigned(ANNA, TEN), released(ANNA, TWELVE), assigned(BEN, ONE)])


@pytest.mark.parametrize(("at", "owner"), [(NINE, None), (TEN, ANNA), (ELEVEN, ANNA), (TWELVE, None), (ONE, BEN)])
def test_a_deed_is_whose_the_lead_was_then(at: object, owner: PersonId | None) -> None:
    assert ONE_AFTER_ANOTHER.owner_at(at) == owner  # type: ignore[arg-type]


def test_a_former_owner_may_still_tell_what_they_did() -> None:
    assert held_by(ONE_AFTER_ANOTHER, ANNA, on(ELEVEN, BY_ANNA)) == ANNA


def test_a_rep_may_not_tell_of_a_time_when_the_lead_was_anothers() -> None:
    with pytest.raises(NotYourLead) as refused:
        held_by(ONE_AFTER_ANOTHER, BEN, on(ELEVEN, BY_BEN))
    assert refused.value.about == {"owner": "anna", "person": "ben"}


def test_a_rep_may_not_tell_of_a_time_when_the_lead_was_nobodys() -> None:
    with pytest.raises(LeadIsUnassigned) as refused:
        held_by(ONE_AFTER_ANOTHER, BEN, on(TWELVE, BY_BEN))
    assert refused.value.sentence == (
        "At 2026-03-02 12:00 UTC nobody was answerable for the lead; it must be claimed or assigned first."
    )


def test_a_rep_speaks_for_nobody_else() -> None:
    with pytest.raises(SpeaksForAnother) as refused:
        held_by(ONE_AFTER_ANOTHER, ANNA, on(ELEVEN, BY_BEN))
    assert refused.value.sentence == "Only anna, a manager or a service can put on record what anna did; ben cannot."


@pytest.mark.parametrize("by", [BY_MANAGER, BY_SERVICE])
def test_managers_and_services_tell_what_the_owner_did(by: Actor) -> None:
    assert held_by(ONE_AFTER_ANOTHER, ANNA, on(ELEVEN, by)) == ANNA
    with pytest.raises(NotYourLead):
        held_by(ONE_AFTER_ANOTHER, BEN, on(ELEVEN, by))


def test_a_manager_may_act_for_the_owner_or_where_nobody_is() -> None:
    assert held_by(ONE_AFTER_ANOTHER, CARLA, on(ELEVEN, BY_MANAGER)) == CARLA
    assert held_by(ONE_AFTER_ANOTHER, CARLA, on(TWELVE, BY_MANAGER)) == CARLA


@pytest.mark.parametrize("role", ["service", "admin", "auditor"])
def test_what_a_machine_does_by_itself_is_no_persons_deed(role: Role) -> None:
    with pytest.raises(NotYourLead):
        held_by(ONE_AFTER_ANOTHER, PersonId("dialer"), on(ELEVEN, Actor("dialer", role, "key:dialer")))


@pytest.mark.parametrize("by", [BY_SERVICE, BY_BEN])
def test_copied_history_is_taken_as_it_says(by: Actor) -> None:
    assert held_by(ONE_AFTER_ANOTHER, CARLA, on(NINE, by, history=True)) == CARLA
