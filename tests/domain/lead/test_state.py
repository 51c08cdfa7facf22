"""What each event makes of a lead."""

from dataclasses import replace

from domain.event import Sealed
from domain.identity import PolicyId
from domain.lead.events import (
    ContactCorrected,
    LeadAssigned,
    LeadFollowedUp,
    LeadMessagedAutomatically,
    LeadReplied,
    OutreachBounced,
    Step,
)
from domain.lead.state import Clock, Escalation, Lead, Promise, Tenure, Trace, evolve, replay, trace
from tests.domain.lead.told import (
    CALL_ID,
    CONTACT,
    EUROS,
    NORTH,
    SOUTH,
    WEBSITE,
    assigned,
    contacted,
    converted,
    created,
    disqualified,
    escalated,
    followed_up,
    lost,
    promised,
    released,
    reopened,
    replied,
    routed,
)
from tests.support.story import ANNA, BEN, BY_ANNA, BY_MANAGER, CARLA, ELEVEN, NINE, ONE, TEN, TOMORROW, TWELVE, TWO

WAITING = Lead(arrived_at=NINE, source=WEBSITE, team=NORTH, contact=CONTACT, stage_since=NINE)
HELD = WAITING._replace(owner=ANNA, tenures=(Tenure(TEN, ANNA),))
CALLED = Trace(ELEVEN, "call", ANNA, "no_answer", None)


def test_before_anything_happened_there_is_no_lead() -> None:
    assert replay([]) == Lead()
    assert not Lead().exists
    assert not Lead().open
    assert Lead().owner_at(NINE) is None
    assert Lead().held_since is None
    assert Lead().promise is None


def test_a_lead_that_arrived_is_open_and_nobodys() -> None:
    state = replay([created()])
    assert state == WAITING
    assert state.exists
    assert state.open


def test_routed() -> None:
    assert evolve(WAITING, routed()) == WAITING._replace(team=SOUTH, tenures=(Tenure(TEN, None),))


def test_contact_corrected() -> None:
    right = Sealed(subject="lead", ref="9d5f4a3e-0000-4000-8000-000000000009", sha256="d" * 64)
    corrected = ContactCorrected(contact=right, at=TEN, by=BY_ANNA)
    assert evolve(WAITING, corrected) == WAITING._replace(contact=right)


def test_assigned() -> None:
    assert evolve(WAITING, assigned()) == HELD
    moved = evolve(HELD, assigned(BEN, ELEVEN, previous=ANNA, team=SOUTH))
    assert moved == HELD._replace(owner=BEN, team=SOUTH, tenures=(Tenure(TEN, ANNA), Tenure(ELEVEN, BEN)))
    assert moved.held_since == ELEVEN
    teamless = LeadAssigned(to=ANNA, at=TEN, by=BY_MANAGER)
    assert evolve(WAITING, teamless) == HELD


def test_released() -> None:
    state = evolve(HELD, released())
    assert state == HELD._replace(owner=None, tenures=(Tenure(TEN, ANNA), Tenure(TWELVE, None)))
    assert (state.owner_at(ELEVEN), state.owner_at(TWELVE)) == (ANNA, None)
    assert evolve(HELD._replace(team=SOUTH), released()).team == NORTH


def test_contacted_and_followed_up() -> None:
    once = evolve(HELD, contacted())
    assert once == HELD._replace(contacted=True, outreach=frozenset({CALLED}))
    twice = evolve(once, followed_up())
    assert twice == once._replace(outreach=once.outreach | {CALLED._replace(at=TWELVE)})
    imported = LeadFollowedUp(made_by=BEN, channel="sms", outcome="sent", evidence=CALL_ID, at=TEN, by=BY_MANAGER)
    assert evolve(HELD, imported).contacted
    assert trace(imported) == Trace(TEN, "sms", BEN, "sent", CALL_ID)


def test_bounced() -> None:
    bounced = OutreachBounced(made_by=ANNA, channel="email", outcome="bounced", at=ELEVEN, by=BY_ANNA)
    state = evolve(HELD, bounced)
    assert state == HELD._replace(bounced=frozenset({Trace(ELEVEN, "email", ANNA, "bounced", None)}))
    assert not state.contacted


def test_messaged_automatically() -> None:
    sent = LeadMessagedAutomatically(channel="email", outcome="sent", at=TEN, by=BY_ANNA)
    texted = LeadMessagedAutomatically(channel="sms", outcome="sent", at=TEN, by=BY_ANNA)
    both = frozenset({Trace(TEN, "email", None, "sent", None), Trace(TEN, "sms", None, "sent", None)})
    assert replay([created(), sent, texted]) == WAITING._replace(messages=both)


def test_replied() -> None:
    state = replay([created(), replied(at=TEN), LeadReplied(channel="sms", evidence=CALL_ID, at=ELEVEN, by=BY_ANNA)])
    both = frozenset({Trace(TEN, "email", None, None, None), Trace(ELEVEN, "sms", None, None, CALL_ID)})
    assert state == WAITING._replace(replies=both)


def test_promised() -> None:
    state = evolve(HELD, promised())
    assert state == HELD._replace(promises=(Promise(ELEVEN, ANNA, TOMORROW),))
    assert len(evolve(state, promised(at=TWELVE)).promises) == 2


def test_escalated() -> None:
    state = evolve(evolve(HELD, escalated(rung=1)), escalated(rung=2))
    told = (Escalation(1, TWELVE, CARLA, 1, None), Escalation(2, TWELVE, CARLA, 2, None))
    assert state == HELD._replace(rungs=frozenset({(1, "no_contact"), (2, "no_contact")}), escalations=told)


def test_whoever_acted_since_they_were_told_has_seen_to_it() -> None:
    told = escalated(at=TWELVE)
    by_carla = followed_up(TWELVE, CARLA, BY_MANAGER)
    assert [one.seen_to for one in evolve(evolve(HELD, told), by_carla).escalations] == [True]
    assert [one.seen_to for one in evolve(evolve(HELD, by_carla), told).escalations] == [True]
    for other in (followed_up(ELEVEN, CARLA, BY_MANAGER), followed_up(TWELVE), followed_up(ONE)):
        assert [one.seen_to for one in evolve(evolve(HELD, told), other).escalations] == [False]
        assert [one.seen_to for one in evolve(evolve(HELD, other), told).escalations] == [False]


def test_recording_what_the_lead_or_a_machine_did_is_no_act() -> None:
    told = evolve(HELD, escalated(at=TWELVE))
    heard = LeadReplied(channel="sms", at=ONE, by=BY_MANAGER)
    sent = LeadMessagedAutomatically(channel="sms", outcome="sent", at=ONE, by=BY_MANAGER)
    for event in (heard, sent):
        assert [one.seen_to for one in evolve(told, event).escalations] == [False]


def test_an_escalation_of_a_clock_is_on_no_rung_that_was_asked_for_by_hand() -> None:
    clock = Clock(1, "first_response", NINE, TEN, (), PolicyId("quick"), 1)
    by_clock = replace(escalated(), step=Step(1, 2, TEN))
    state = evolve(HELD._replace(clocks=(clock,)), by_clock)
    assert (state.rungs, state.clocks[0].fired) == (frozenset(), frozenset({2}))


def test_a_priority() -> None:
    assert replay([replace(created(), priority="high")]).priority == "high"


def test_converted() -> None:
    state = evolve(HELD, converted())
    assert state == HELD._replace(ending="converted", ended_at=ONE, stage_since=ONE, value=EUROS)
    assert state.exists
    assert not state.open


def test_lost() -> None:
    state = evolve(HELD, lost())
    assert state == HELD._replace(ending="lost", ended_because="price", ended_at=ONE, stage_since=ONE)


def test_disqualified() -> None:
    state = evolve(HELD, disqualified())
    assert state == HELD._replace(ending="disqualified", ended_because="spam", ended_at=ONE, stage_since=ONE)


def test_reopened() -> None:
    for end in (converted(), lost(), disqualified()):
        assert evolve(evolve(HELD, end), reopened()) == HELD._replace(stage_since=TWO)
