"""A policy with a ladder, and a lead whose clocks run by it: what the stories of clocks are told with."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.business_time import BusinessTime, Hours
from domain.event import Actor
from domain.identity import CalendarId, PersonId, PolicyId
from domain.lead.clocks import Governing, fire, follow
from domain.lead.events import LeadEvent
from domain.lead.state import Clock, Lead, evolve
from domain.policy import ClockRule, Rung, Terms
from tests.support.story import CARLA, DORA, NINE, on

BY_DORA = Actor(DORA, "manager", "key:dora")
TIMEKEEPER = Actor("timekeeper", "service", "timekeeper")
DAY = (Hours(9 * 60, 17 * 60),)
HOURS = BusinessTime("UTC", (DAY, DAY, DAY, DAY, DAY, (), ()))
LADDER = (CARLA, DORA)
MINUTE = timedelta(minutes=1)
SEATED = Rung(0, "business_minutes", "escalate", "seat", DORA)


def rung(offset: int, deed: Any, whom: Any = None, seat: PersonId | None = None) -> Rung:
    return Rung(offset, "business_minutes", deed, whom, seat)


TERMS = Terms(
    effective_from=NINE,
    version=3,
    calendar=CalendarId("office"),
    clocks=(
        ClockRule(
            "first_response",
            60,
            "business_minutes",
            (
                rung(-15, "remind", "owner"),
                rung(0, "escalate", "accountable"),
                rung(30, "offer_to_team"),
                rung(60, "release"),
                rung(90, "escalate", "above"),
            ),
        ),
        ClockRule("follow_up", 2 * 480, "business_minutes", (rung(-60, "remind", "owner"),)),
        ClockRule("reply", 120, "business_minutes", (rung(0, "remind", "seat", DORA),)),
        ClockRule("acknowledgement", 30, "business_minutes", (rung(0, "escalate", "above"),)),
    ),
    snooze_at_most_minutes=48 * 60,
)


GOVERNING = Governing(PolicyId("quick"), TERMS, HOURS, 5, 4)


@dataclass
class Always:
    """Policies that say the same of every lead, or nothing."""

    said: Governing | None = GOVERNING

    def governing(self, lead: Lead, since: datetime) -> Governing | None:
        assert lead.arrived_at
        assert since >= lead.arrived_at
        return self.said

    def of_clock(self, clock: Clock) -> Governing:
        assert clock.stopped_at is None
        assert self.said
        return self.said


class Told:
    """A lead with clocks, to which one thing after another happens."""

    def __init__(self, *events: LeadEvent, policies: Always | None = None) -> None:
        self.lead = Lead()
        self.policies = policies or Always()
        self.events: list[LeadEvent] = []
        for event in events:
            self.happens(event)

    def happens(self, *deeds: LeadEvent, now: datetime | None = None, history: bool = False) -> list[LeadEvent]:
        """What follows for the clocks; then it is so, and nothing follows again."""
        occasion = on(now or deeds[0].at, deeds[0].by, history=history)
        told = follow(self.lead, deeds, self.policies, occasion)
        assert told[: len(deeds)] == list(deeds)
        assert {event.by for event in told[len(deeds) :]} <= {occasion.by}
        for event in told:
            self.lead = evolve(self.lead, event)
        self.events += told
        assert follow(self.lead, (), self.policies, occasion) == []
        return told[len(deeds) :]

    def timekeeper_comes(
        self, at: datetime, ladder: Sequence[PersonId] = LADDER, seat: PersonId | None = None
    ) -> list[LeadEvent]:
        occasion = on(at, TIMEKEEPER)
        fired = fire(self.lead, ladder, occasion, seat=seat)
        assert {event.by for event in fired} <= {TIMEKEEPER}
        if fired:
            self.happens(*fired)
        assert fire(self.lead, ladder, occasion, seat=seat) == []
        return fired


def of(told: Sequence[LeadEvent], *kinds: type[LeadEvent]) -> list[Any]:
    return [event for event in told if isinstance(event, kinds)]
