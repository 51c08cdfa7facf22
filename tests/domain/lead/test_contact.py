"""Reaching out to a lead, hearing from it, and promising to get in touch again."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from domain.event import Actor, Sealed
from domain.identity import PersonId
from domain.lead.contact import (
    FollowUpIsInThePast,
    LastedLessThanNothing,
    grade,
    hear_from,
    message_automatically,
    promise,
    reach_out,
)
from domain.lead.events import (
    Channel,
    Evidence,
    FollowUpPromised,
    LeadContacted,
    LeadEvent,
    LeadFollowedUp,
    LeadMessagedAutomatically,
    LeadReplied,
    Outcome,
    OutreachBounced,
)
from domain.lead.ownership import NotYourLead
from domain.lead.standing import LeadIsClosed, LeadIsUnassigned, LeadUnknown
from domain.lead.state import Lead, Promise, replay
from domain.occasion import BeforeTheLeadArrived, DatedBeforeALaterChange
from tests.domain.lead.told import (
    CALL_ID,
    NOTE,
    assigned,
    contacted,
    converted,
    created,
    followed_up,
    lost,
    promised,
    released,
    reopened,
    replied,
)
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
    TOMORROW,
    TWELVE,
    TWO,
    given,
    on,
)

A_MOMENT = timedelta(microseconds=1)


def reaching_out(
    lead: Lead,
    at: datetime,
    by: Actor = BY_ANNA,
    made_by: PersonId | None = None,
    channel: Channel = "call",
    outcome: Outcome = "no_answer",
    evidence: Evidence | None = None,
    duration_seconds: int | None = None,
    note: Sealed | None = None,
    history: bool = False,
) -> list[LeadEvent]:
    return reach_out(
        lead,
        made_by=made_by or PersonId(by.id),
        channel=channel,
        outcome=outcome,
        evidence=evidence,
        duration_seconds=duration_seconds,
        note=note,
        on=on(at, by, history=history),
    )


def test_the_first_human_outreach_is_the_contact() -> None:
    state = given(created(), assigned()).when(reaching_out, ELEVEN).then(contacted())
    assert state.contacted


def test_each_later_outreach_is_a_follow_up() -> None:
    given(created(), assigned(), contacted()).when(reaching_out, TWELVE).then(followed_up())
    given(created(), assigned(), contacted(), followed_up()).when(reaching_out, ONE).then(followed_up(at=ONE))


def test_all_that_is_known_of_an_outreach_is_on_record() -> None:
    given(created(), assigned()).when(
        reaching_out, ELEVEN, channel="meeting", outcome="reached", evidence=CALL_ID, duration_seconds=0, note=NOTE
    ).then(
        LeadContacted(
            made_by=ANNA,
            channel="meeting",
            outcome="reached",
            evidence=CALL_ID,
            duration_seconds=0,
            note=NOTE,
            at=ELEVEN,
            by=BY_ANNA,
        )
    )


def test_the_same_outreach_told_twice_is_one() -> None:
    given(created(), assigned(), contacted()).when(reaching_out, ELEVEN, duration_seconds=20, note=NOTE).then_nothing()


@pytest.mark.parametrize("told", [{"outcome": "reached"}, {"evidence": CALL_ID}, {"made_by": CARLA, "history": True}])
def test_what_is_told_differently_is_another_outreach(told: dict[str, Any]) -> None:
    state = given(created(), assigned(), contacted()).state
    assert [type(event) for event in reaching_out(state, ELEVEN, **told)] == [LeadFollowedUp]


def test_an_outreach_that_bounced_is_on_record_and_no_contact() -> None:
    bounced = OutreachBounced(made_by=ANNA, channel="email", outcome="bounced", at=ELEVEN, by=BY_ANNA)
    first = given(created(), assigned()).when(reaching_out, ELEVEN, channel="email", outcome="bounced")
    assert not first.then(bounced).contacted
    told = given(created(), assigned(), contacted(TEN), promised(TEN), bounced)
    assert told.state.promise
    told.when(reaching_out, ELEVEN, channel="email", outcome="bounced").then_nothing()
    told.when(reaching_out, TWELVE, channel="email", outcome="bounced").then(replace(bounced, at=TWELVE))


def test_another_channel_at_the_same_moment_is_another_outreach() -> None:
    given(created(), assigned(), contacted()).when(reaching_out, ELEVEN, channel="email").then(
        followed_up(at=ELEVEN, channel="email")
    )


def test_an_outreach_logged_late_is_on_record_at_its_own_instant() -> None:
    given(created(), assigned(), contacted(at=TWELVE)).when(reaching_out, ELEVEN).then(followed_up(at=ELEVEN))


def test_a_former_owner_may_log_late_what_they_did() -> None:
    moved = given(created(), assigned(ANNA, TEN), assigned(BEN, TWELVE))
    moved.when(reaching_out, ELEVEN, BY_ANNA).then(contacted(at=ELEVEN))
    moved.when(reaching_out, ONE, BY_ANNA).then_refused(
        NotYourLead, "The lead is ben's, not anna's; ask the person who answers for the team to assign it."
    )
    moved.when(reaching_out, ELEVEN, BY_BEN).then_refused(
        NotYourLead, "The lead is anna's, not ben's; ask the person who answers for the team to assign it."
    )


def test_nobody_reaches_out_to_a_lead_that_is_nobodys() -> None:
    given(created()).when(reaching_out, TEN).then_refused(LeadIsUnassigned)
    given(created(), assigned(), released()).when(reaching_out, ONE).then_refused(LeadIsUnassigned)


def test_a_manager_may_step_in() -> None:
    given(created()).when(reaching_out, TEN, BY_MANAGER).then(contacted(at=TEN, made_by=CARLA, by=BY_MANAGER))


def test_a_telephony_system_tells_what_the_owner_did() -> None:
    given(created(), assigned()).when(reaching_out, ELEVEN, BY_SERVICE, made_by=ANNA).then(contacted(by=BY_SERVICE))


def test_what_a_machine_does_is_no_contact() -> None:
    given(created(), assigned()).when(reaching_out, ELEVEN, BY_SERVICE).then_refused(NotYourLead)


def test_no_outreach_lasts_less_than_nothing() -> None:
    given(created(), assigned()).when(reaching_out, ELEVEN, duration_seconds=-1).then_refused(
        LastedLessThanNothing, "No outreach lasts -1 seconds; leave the duration out where it is not known."
    )


def test_an_outreach_before_the_end_may_be_told_after_it() -> None:
    over = given(created(), assigned(), contacted(), converted(at=ONE))
    over.when(reaching_out, TWELVE).then(followed_up())
    over.when(reaching_out, ONE).then(followed_up(at=ONE))
    over.when(reaching_out, ONE + A_MOMENT).then_refused(
        LeadIsClosed,
        "The lead is closed: it was converted at 2026-03-02 13:00 UTC. "
        "Reopen it first if there is something left to do.",
    )


def test_the_call_that_led_to_the_reopening_may_be_told_after_it() -> None:
    given(created(), assigned(), contacted(), lost(at=TWELVE), reopened(at=TWO)).when(reaching_out, ONE).then(
        followed_up(at=ONE)
    )


def test_nobody_reaches_out_before_there_is_a_lead() -> None:
    given().when(reaching_out, TEN).then_refused(LeadUnknown)
    given(created(at=TEN)).when(reaching_out, NINE).then_refused(BeforeTheLeadArrived)


def test_copied_history_may_know_an_outreach_before_the_arrival() -> None:
    given(created(at=TEN)).when(reaching_out, NINE, BY_SERVICE, made_by=BEN, history=True).then(
        contacted(at=NINE, made_by=BEN, by=BY_SERVICE)
    )


def test_automation_never_counts_as_contact() -> None:
    state = (
        given(created(), assigned())
        .when(message_automatically, "email", "sent", CALL_ID, on(ELEVEN, BY_SERVICE))
        .then(
            LeadMessagedAutomatically(channel="email", outcome="sent", evidence=CALL_ID, at=ELEVEN, by=BY_SERVICE),
        )
    )
    assert not state.contacted
    assert state.outreach == frozenset()


def test_the_same_automatic_message_told_twice_is_one() -> None:
    sent = LeadMessagedAutomatically(channel="email", outcome="sent", at=TEN, by=BY_SERVICE)
    texted = LeadMessagedAutomatically(channel="sms", outcome="sent", at=TEN, by=BY_SERVICE)
    given(created(), sent).when(message_automatically, "email", "sent", None, on(TEN, BY_SERVICE)).then_nothing()
    given(created(), sent).when(message_automatically, "email", "bounced", None, on(TEN, BY_SERVICE)).then(
        replace(sent, outcome="bounced")
    )
    given(created(), sent).when(message_automatically, "sms", "sent", None, on(TEN, BY_SERVICE)).then(texted)


def test_what_a_machine_writes_to_a_closed_lead_is_on_record_too() -> None:
    given(created(), lost(at=TWELVE)).when(message_automatically, "email", "sent", None, on(ONE, BY_SERVICE)).then(
        LeadMessagedAutomatically(channel="email", outcome="sent", at=ONE, by=BY_SERVICE)
    )


def test_a_lead_may_write_before_anybody_reached_out() -> None:
    state = (
        given(created())
        .when(hear_from, "email", CALL_ID, NOTE, on(TEN, BY_SERVICE))
        .then(LeadReplied(channel="email", evidence=CALL_ID, note=NOTE, at=TEN, by=BY_SERVICE))
    )
    assert not state.contacted


def test_the_same_reply_told_twice_is_one() -> None:
    given(created(), replied()).when(hear_from, "email", None, NOTE, on(TWELVE)).then_nothing()
    given(created(), replied()).when(hear_from, "email", CALL_ID, None, on(TWELVE, BY_SERVICE)).then(
        LeadReplied(channel="email", evidence=CALL_ID, at=TWELVE, by=BY_SERVICE)
    )
    given(created(), replied()).when(hear_from, "sms", None, None, on(TWELVE, BY_SERVICE)).then(
        LeadReplied(channel="sms", at=TWELVE, by=BY_SERVICE)
    )


def test_a_lead_may_write_again_after_it_was_lost_and_stays_lost() -> None:
    over = given(created(), lost(at=ONE))
    over.when(hear_from, "email", None, None, on(TWELVE, BY_SERVICE)).then(replied())
    state = over.when(hear_from, "email", None, None, on(TWO, BY_SERVICE)).then(replied(at=TWO))
    assert state.ending == "lost"


def test_the_owner_promises_to_get_in_touch_again() -> None:
    state = (
        given(created(), assigned())
        .when(promise, ANNA, TOMORROW, NOTE, on(ELEVEN))
        .then(FollowUpPromised(promised_by=ANNA, follow_up_by=TOMORROW, note=NOTE, at=ELEVEN, by=BY_ANNA))
    )
    assert state.promise == Promise(ELEVEN, ANNA, TOMORROW)


def test_the_same_promise_made_again_is_already_so() -> None:
    given(created(), assigned(), promised()).when(promise, ANNA, TOMORROW, NOTE, on(TWELVE)).then_nothing()


def test_a_later_promise_takes_the_place_of_an_earlier_one() -> None:
    later = TOMORROW + timedelta(days=1)
    state = (
        given(created(), assigned(), promised())
        .when(promise, ANNA, later, None, on(TWELVE))
        .then(promised(at=TWELVE, follow_up_by=later))
    )
    assert state.promise == Promise(TWELVE, ANNA, later)


def test_a_promise_told_late_does_not_take_the_place_of_a_later_one() -> None:
    sooner = TOMORROW - timedelta(hours=1)
    state = (
        given(created(), assigned(), promised(at=TWELVE))
        .when(promise, ANNA, sooner, None, on(ELEVEN))
        .then(promised(at=ELEVEN, follow_up_by=sooner))
    )
    assert state.promise == Promise(TWELVE, ANNA, TOMORROW)


def test_of_two_promises_at_one_moment_the_one_told_last_stands() -> None:
    state = replay([created(), assigned(), promised(follow_up_by=TWO), promised(follow_up_by=TOMORROW)])
    assert state.promise == Promise(ELEVEN, ANNA, TOMORROW)


def test_a_promise_is_kept_by_the_next_outreach() -> None:
    assert replay([created(), assigned(), promised(), contacted(at=TWELVE)]).promise is None


def test_a_promise_is_not_kept_by_the_call_in_which_it_was_made() -> None:
    owed = Promise(ELEVEN, ANNA, TOMORROW)
    assert replay([created(), assigned(), contacted(), promised()]).promise == owed
    assert replay([created(), assigned(), promised(), contacted()]).promise == owed


def test_a_promise_is_not_kept_by_an_outreach_before_it_that_is_told_late() -> None:
    state = replay([created(), assigned(), promised(at=TWELVE), contacted(at=ELEVEN)])
    assert state.promise == Promise(TWELVE, ANNA, TOMORROW)


def test_a_promise_told_late_may_have_been_kept_already() -> None:
    state = (
        given(created(), assigned(), contacted(at=TWELVE))
        .when(promise, ANNA, TOMORROW, None, on(ELEVEN))
        .then(promised(at=ELEVEN))
    )
    assert state.promise is None


def test_a_kept_promise_may_be_made_again() -> None:
    given(created(), assigned(), promised(), contacted(at=TWELVE)).when(promise, ANNA, TOMORROW, None, on(ONE)).then(
        promised(at=ONE)
    )


def test_a_promise_goes_with_the_lead_to_its_next_owner() -> None:
    moved = given(created(), assigned(), promised(), assigned(BEN, TWELVE))
    assert moved.state.promise == Promise(ELEVEN, ANNA, TOMORROW)
    state = moved.when(promise, BEN, TOMORROW, None, on(ONE, BY_BEN)).then(promised(at=ONE, by=BY_BEN))
    assert state.promise == Promise(ONE, BEN, TOMORROW)


def test_whoever_gives_a_lead_back_owes_it_nothing() -> None:
    assert replay([created(), assigned(), promised(), released()]).promise is None
    assert replay([created(), assigned(), promised(at=TWELVE), released(at=TWELVE)]).promise is None
    again = replay([created(), assigned(), released(), assigned(at=ONE), promised(at=ONE)])
    assert again.promise == Promise(ONE, ANNA, TOMORROW)


def test_a_promise_told_after_the_lead_was_given_back_is_owed_by_nobody() -> None:
    state = (
        given(created(), assigned(), released())
        .when(promise, ANNA, TOMORROW, None, on(ELEVEN))
        .then(promised(at=ELEVEN))
    )
    assert state.promise is None


@pytest.mark.parametrize("follow_up_by", [ELEVEN, TEN])
def test_a_follow_up_is_promised_for_later(follow_up_by: datetime) -> None:
    given(created(), assigned()).when(promise, ANNA, follow_up_by, None, on(ELEVEN)).then_refused(
        FollowUpIsInThePast,
        "A follow-up can only be promised for later than 2026-03-02 11:00 UTC; "
        f"{follow_up_by:%Y-%m-%d %H:%M} UTC is not.",
    )


def test_a_promise_of_yesterday_for_this_morning_may_be_told_at_noon() -> None:
    given(created(), assigned()).when(promise, ANNA, ELEVEN, None, on(TEN, now=TWELVE)).then(
        promised(at=TEN, follow_up_by=ELEVEN)
    )


def test_only_the_owner_promises() -> None:
    given(created()).when(promise, ANNA, TOMORROW, None, on(TEN)).then_refused(LeadIsUnassigned)
    given(created(), assigned()).when(promise, BEN, TOMORROW, None, on(ELEVEN, BY_BEN)).then_refused(NotYourLead)


def test_a_closed_lead_is_promised_nothing() -> None:
    given(created(), assigned(), lost(at=ONE)).when(promise, ANNA, TOMORROW, None, on(TWELVE)).then_refused(
        LeadIsClosed
    )
    given(created(), assigned(), lost(at=ONE), reopened(at=TWO)).when(
        promise, ANNA, TOMORROW, None, on(TWELVE)
    ).then_refused(DatedBeforeALaterChange)


def test_an_outreach_is_believed_as_far_as_its_evidence_goes() -> None:
    verified = LeadFollowedUp(made_by=ANNA, channel="call", outcome="reached", evidence=CALL_ID, at=TEN, by=BY_ANNA)
    assert grade(verified, []) == "verified"
    assert grade(verified, [replied()]) == "verified"
    written = followed_up(at=ELEVEN, channel="email")
    assert grade(written, [replied(at=TEN), replied(at=TWELVE)]) == "corroborated"
    assert grade(written, [replied(at=TEN), replied(at=ELEVEN)]) == "claimed"
    assert grade(followed_up(at=ELEVEN, channel="call"), [replied(at=TWELVE)]) == "claimed"
    assert grade(written, []) == "claimed"
