"""Laws that hold for every rule, whatever people ask in whatever order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event as note_that
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.event import Actor, Role, Sealed
from domain.identity import PersonId, SourceId, TeamId
from domain.lead import arrival, closing, contact, escalation, ownership
from domain.lead.contact import grade
from domain.lead.events import (
    ClaimLost,
    ContactCorrected,
    LeadAssigned,
    LeadContacted,
    LeadEvent,
    LeadFollowedUp,
    LeadMessagedAutomatically,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    Money,
    Outreach,
)
from domain.lead.state import Lead, evolve, replay
from domain.occasion import Occasion
from domain.person import Person
from domain.refusal import Refusal
from domain.source import Source
from tests.support.story import NINE

# Few names and few instants, so that the same is asked again and again, late and early.
PEOPLE = [PersonId("anna"), PersonId("ben"), PersonId("carla")]
TEAMS = [TeamId("north"), TeamId("south")]
NOW = NINE + timedelta(hours=12)
SEALED = [Sealed("lead", f"00000000-0000-4000-8000-{number:012}", "a" * 64) for number in range(2)]
LADDER = (PEOPLE[2], PersonId("dora"))

people = st.sampled_from(PEOPLE)
persons = st.builds(Person, id=people, team=st.sampled_from([None, *TEAMS]), here=st.just(True))
notes = st.sampled_from([None, *SEALED])
channels = st.sampled_from(["call", "email"])
outcomes = st.sampled_from(["reached", "no_answer"])
evidence = st.none()
values = st.sampled_from([None, Money(Decimal(10), "EUR"), Money(Decimal(20), "EUR")])
later = st.builds(lambda hours: NINE + timedelta(hours=hours), st.integers(6, 24))
ROLES: list[Role] = ["rep", "rep", "manager", "service"]


Rule = Callable[..., Sequence[LeadEvent]]


@dataclass
class Wish:
    """A rule, what it is asked for, and the occasion."""

    rule: Rule
    on: Occasion
    particulars: dict[str, Any] = field(default_factory=dict)

    def decide(self, lead: Lead) -> list[LeadEvent]:
        return list(self.rule(lead, on=self.on, **self.particulars))


def assign(lead: Lead, to: Person, on: Occasion) -> list[LeadEvent]:
    assert to.id
    return ownership.assign(lead, to, to.id, "imported" if on.history else "by_hand", on)


def claim(lead: Lead, who: Person, on: Occasion) -> list[LeadEvent]:
    assert who.id
    return ownership.claim(lead, who, who.id, on)


RULES: dict[Rule, dict[str, st.SearchStrategy[Any]]] = {
    arrival.create: {
        "source": st.sampled_from([None, Source(SourceId("website"), TEAMS[0])]),
        "team": st.sampled_from([None, *TEAMS]),
        "contact": notes,
        "dated": st.sampled_from(["instant", "day"]),
    },
    arrival.correct_contact: {"contact": st.sampled_from(SEALED)},
    arrival.route: {"team": st.sampled_from(TEAMS)},
    assign: {"to": persons},
    claim: {"who": persons},
    ownership.release: {"reason": st.sampled_from(["workload", "absence"]), "note": notes},
    contact.reach_out: {
        "made_by": people,
        "channel": channels,
        "outcome": outcomes,
        "evidence": evidence,
        "duration_seconds": st.sampled_from([None, None, None, 0, 60, -1]),
        "note": notes,
    },
    contact.message_automatically: {"channel": channels, "outcome": outcomes, "evidence": evidence},
    contact.hear_from: {"channel": channels, "evidence": evidence, "note": notes},
    contact.promise: {"promised_by": people, "follow_up_by": later, "note": notes},
    closing.convert: {"value": values},
    closing.lose: {"reason": st.sampled_from(["price", "other"]), "note": notes},
    closing.disqualify: {"reason": st.sampled_from(["spam", "other"]), "note": notes},
    closing.reopen: {"reason": st.sampled_from(["new_interest", "other"]), "note": notes},
    escalation.escalate: {
        "ladder": st.sampled_from([LADDER, LADDER, LADDER[:1], ()]),
        "rung": st.integers(0, 3),
        "reason": st.sampled_from(["no_contact", "help_needed"]),
        "note": notes,
    },
}


HALF_AN_HOUR = timedelta(minutes=30)
BEGINNINGS: list[list[Rule]] = [[arrival.create, assign], [arrival.create, assign], [arrival.create], []]
OFTEN: list[Rule] = [assign, assign, contact.reach_out, contact.reach_out, contact.promise, closing.reopen]
"""What keeps a life going is asked more often than what ends it."""


@st.composite
def lives(draw: st.DrawFn, history: st.SearchStrategy[bool]) -> list[Wish]:
    """A lead arrives, and then every half hour somebody asks for something, often of an hour or two before."""
    life = []
    rules: list[Rule] = draw(st.lists(st.sampled_from([*RULES, *OFTEN]), min_size=8, max_size=22))
    for step, rule in enumerate([*draw(st.sampled_from(BEGINNINGS)), *rules], start=1):
        at = NINE + (step - draw(st.sampled_from([0, 0, 0, 1, 3]))) * HALF_AN_HOUR
        by = Actor(draw(people), draw(st.sampled_from(ROLES)), "key")
        particulars = {name: draw(strategy) for name, strategy in RULES[rule].items()}
        for name in ("made_by", "promised_by"):
            if name in particulars:
                particulars[name] = draw(st.sampled_from([by.id, particulars[name]]))
        life.append(Wish(rule, Occasion(by=by, now=NOW, at=at, history=draw(history)), particulars))
    return life


ANY = st.sampled_from([False, False, False, True])
"""One wish in four copies the record of another system."""
ORDINARY = st.just(False)


@dataclass
class Step:
    """What a wish came to."""

    before: Lead
    wish: Wish
    events: list[LeadEvent]
    refused: Refusal | None
    after: Lead


def live(life: list[Wish]) -> list[Step]:
    steps: list[Step] = []
    lead = Lead()
    for wish in life:
        before, refused = lead, None
        events: list[LeadEvent] = []
        try:
            events = wish.decide(lead)
        except Refusal as refusal:
            refused = refusal
            if isinstance(refusal.on_record, ClaimLost):
                events = [refusal.on_record]
        for event in events:
            lead = evolve(lead, event)
        note_that(f"{wish.rule.__name__}: {_outcome(events, refused)}")
        steps.append(Step(before, wish, events, refused, lead))
    return steps


def _outcome(events: list[LeadEvent], refused: Refusal | None) -> str:
    return refused.name if refused else type(events[0]).__name__ if events else "nothing"


@settings(deadline=None)
@given(lives(ANY))
def test_deciding_again_after_ones_own_events_yields_nothing(life: list[Wish]) -> None:
    for step in live(life):
        if step.refused is None:
            assert step.wish.decide(step.after) == []


@settings(deadline=None)
@given(lives(ANY))
def test_an_event_is_dated_as_asked_and_told_by_whoever_asked(life: list[Wish]) -> None:
    for step in live(life):
        for event in step.events:
            assert (event.at, event.by) == (step.wish.on.at, step.wish.on.by)


@settings(deadline=None)
@given(lives(ANY))
def test_every_decided_life_can_be_replayed_to_the_same_state(life: list[Wish]) -> None:
    steps = live(life)
    events = [event for step in steps for event in step.events]
    assert replay(events) == (steps[-1].after if steps else Lead())


@settings(deadline=None)
@given(lives(ANY))
def test_every_refusal_says_what_stands_in_the_way_and_changes_nothing(life: list[Wish]) -> None:
    for step in live(life):
        if step.refused is not None:
            assert "(unknown)" not in step.refused.sentence
            assert "None" not in step.refused.sentence
            assert step.after._replace(lost_claims=step.before.lost_claims) == step.before


@settings(deadline=None)
@given(lives(ANY))
def test_what_was_refused_on_record_is_refused_again_in_the_same_words_and_not_on_record(life: list[Wish]) -> None:
    for step in live(life):
        if step.refused is not None and step.refused.on_record is not None:
            with pytest.raises(type(step.refused), match=re.escape(step.refused.sentence)) as again:
                step.wish.decide(step.after)
            assert again.value.on_record is None


@settings(deadline=None)
@given(lives(ANY))
def test_a_lead_passes_from_one_person_to_the_next(life: list[Wish]) -> None:
    owner = None
    for step in live(life):
        for event in step.events:
            if isinstance(event, LeadAssigned):
                assert (event.previous, event.to != owner) == (owner, True)
                owner = event.to
            if isinstance(event, LeadReleased):
                assert event.owner == owner
                owner = None
        assert step.after.owner == owner


@settings(deadline=None)
@given(lives(ORDINARY))
def test_at_every_moment_a_lead_is_one_persons_or_nobodys(life: list[Wish]) -> None:
    """Hands change in the order of their dates, so that the past is never told anew."""
    steps = live(life)
    lead = steps[-1].after if steps else Lead()
    dates = [tenure.since for tenure in lead.tenures]
    assert dates == sorted(dates)
    assert lead.owner_at(NOW) == lead.owner
    for before, after in ((step.before, step.after) for step in steps if step.before.held_since):
        assert before.held_since
        a_moment_before = before.held_since - timedelta(microseconds=1)
        assert after.owner_at(a_moment_before) == before.owner_at(a_moment_before)


@settings(deadline=None)
@given(lives(ANY))
def test_nobody_works_on_a_closed_lead_until_it_is_opened_again(life: list[Wish]) -> None:
    not_work = LeadReplied | LeadMessagedAutomatically | ContactCorrected
    for step in live(life):
        if step.before.ended_at is None:
            continue
        for event in step.events:
            is_late_fact = isinstance(event, LeadContacted | LeadFollowedUp) and event.at <= step.before.ended_at
            assert is_late_fact or isinstance(event, LeadReopened | not_work)


@settings(deadline=None)
@given(lives(ORDINARY))
def test_nothing_happens_to_a_lead_before_it_arrived(life: list[Wish]) -> None:
    for step in live(life):
        for event in step.events:
            assert step.after.arrived_at is not None
            assert event.at >= step.after.arrived_at


@settings(deadline=None)
@given(lives(ORDINARY))
def test_a_human_outreach_is_a_managers_own_or_whose_the_lead_was_then(life: list[Wish]) -> None:
    """The first on record is the contact and each later one a follow-up; automation is neither."""
    outreach: list[Outreach] = []
    for step in live(life):
        for event in step.events:
            if isinstance(event, Outreach):
                assert isinstance(event, LeadFollowedUp if outreach else LeadContacted)
                is_the_managers_own = event.by.role == "manager" and event.by.id == event.made_by
                assert is_the_managers_own or step.before.owner_at(event.at) == event.made_by
                outreach.append(event)
        assert step.after.contacted == bool(outreach)


@settings(deadline=None)
@given(lives(ORDINARY), st.randoms(use_true_random=False))
def test_late_facts_count_as_if_they_had_been_told_in_time(life: list[Wish], random: Any) -> None:
    """In whatever order outreach, replies and promises become known, the lead comes to the same."""
    facts = (LeadContacted, LeadFollowedUp, LeadReplied, LeadMessagedAutomatically)
    events = [event for step in live(life) for event in step.events]
    late = [event for event in events if isinstance(event, facts)]
    random.shuffle(late)
    in_time = [event for event in events if not isinstance(event, facts)]
    told_late, told = replay([*in_time, *late]), replay(events)
    assert told_late == told
    assert told_late.promise == told.promise


@settings(deadline=None)
@given(lives(ANY))
def test_a_reply_never_takes_belief_away(life: list[Wish]) -> None:
    events = [event for step in live(life) for event in step.events]
    replies = [event for event in events if isinstance(event, LeadReplied)]
    order = ["claimed", "corroborated", "verified"]
    for outreach in (event for event in events if isinstance(event, Outreach)):
        assert order.index(grade(outreach, replies)) >= order.index(grade(outreach, replies[:-1]))
