"""Lives of leads as nobody would write them down: what happens is drawn, and the rules tell what comes of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from random import Random

from domain.business_time import BusinessTime, Hours
from domain.calendar import CalendarEvent, CalendarSet, DaysExcepted, ExceptedDay
from domain.event import Actor
from domain.identity import CalendarId, PolicyId, TeamId
from domain.lead import clocks
from domain.lead.clocks import Governing
from domain.lead.events import (
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadCreated,
    LeadEscalated,
    LeadEvent,
    LeadFollowedUp,
    LeadLost,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
)
from domain.lead.state import Clock, Lead, evolve
from domain.policy import EVERY_MINUTE, ClockName, ClockRule, Deed, Rung, Terms, Unit, Whom
from domain.refusal import Refusal
from tests.support.examples import BY_ADMIN, BY_MACHINE, BY_MANAGER, BY_REP
from tests.support.story import ANNA, BEN, CARLA, DORA, on

MINUTE = timedelta(minutes=1)
LADDER = (CARLA, DORA)
BY_CARLA = Actor(CARLA, "manager", "key:carla")
TEAMS = (TeamId("north"), TeamId("south"))
DAY = (Hours(9 * 60, 12 * 60), Hours(13 * 60, 17 * 60))
WEEKDAYS = (DAY, DAY, DAY, DAY, (Hours(9 * 60, 13 * 60),), (), ())
AROUND_THE_CLOCK = ((Hours(0, 24 * 60),),) * 7
HOURS = (
    BusinessTime("UTC", WEEKDAYS),
    BusinessTime("Europe/Vienna", AROUND_THE_CLOCK),
    BusinessTime("Europe/Vienna", WEEKDAYS, {date(2026, 3, 30): (), date(2026, 10, 26): (Hours(10 * 60, 11 * 60),)}),
    BusinessTime("America/New_York", ((Hours(20 * 60, 24 * 60),), *WEEKDAYS[:5], (Hours(0, 4 * 60),))),
    BusinessTime("Australia/Lord_Howe", AROUND_THE_CLOCK),
    BusinessTime("Asia/Kathmandu", WEEKDAYS),
)
CALENDARS = {CalendarId(f"calendar-{number}"): hours for number, hours in enumerate(HOURS)}
CITED_VERSION = 2
STARTS = tuple(
    datetime(2026, *day, tzinfo=UTC) for day in ((3, 2, 9), (3, 27, 15), (4, 3, 20), (10, 23, 14), (12, 31, 8))
)
"""A Monday, and evenings before the clocks are changed somewhere, or a year ends."""


@dataclass
class OfOneCalendar:
    """Policies that say the same of every lead."""

    said: Governing

    def governing(self, lead: Lead, since: datetime) -> Governing:
        return self.said

    def of_clock(self, clock: Clock) -> Governing:
        return self.said


@dataclass
class Life:
    """One lead, whatever happens to it."""

    dice: Random
    instant: timedelta = MINUTE
    """Everything happens at a multiple of this."""
    lead: Lead = field(default_factory=Lead)
    events: list[LeadEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        dice = self.dice
        self.calendar = dice.choice([None, *CALENDARS])
        self.now = dice.choice(STARTS) + dice.randrange(600) * MINUTE
        self.policies = OfOneCalendar(_governing(dice, self.calendar))

    @property
    def counted_in(self) -> BusinessTime:
        """The hours of the calendar that its clocks cite."""
        return EVERY_MINUTE if self.calendar is None else CALENDARS[self.calendar]

    def lived(self, steps: int) -> Iterator[None]:
        """One thing after the other."""
        self._happens([LeadCreated(at=self.now, by=BY_MACHINE, team=self.dice.choice([None, *TEAMS]))], self.now)
        yield
        for _ in range(steps):
            self.now += self._a_while(self.dice.choice([30, 120, 3000]))
            deeds = self._deeds()
            self._happens(deeds, deeds[0].at if deeds else self.now)
            yield

    def _happens(self, deeds: list[LeadEvent], at: datetime) -> None:
        for event in clocks.follow(self.lead, deeds, self.policies, on(at, BY_MACHINE, now=self.now)):
            self.lead = evolve(self.lead, event)
            self.events.append(event)

    def _a_while(self, most_minutes: int) -> timedelta:
        return self.dice.randrange(1, most_minutes * MINUTE // self.instant + 1) * self.instant

    def _deeds(self) -> list[LeadEvent]:
        """Somebody does something, sometimes telling it late, or the timekeeper comes."""
        lead, dice, now = self.lead, self.dice, self.now
        if not lead.open:
            return [LeadReopened(at=now, by=BY_MANAGER, reason="other")]
        assert lead.arrived_at
        late = max(now - self._a_while(300), lead.arrived_at)
        drawn = dice.random()
        try:
            if drawn < 0.3:
                return clocks.fire(lead, LADDER[: dice.choice([0, 1, 2, 2])], on(now, BY_MACHINE, now=now))
            if drawn < 0.36:
                return clocks.acknowledge(lead, now + self._a_while(300), on(now, BY_CARLA, now=now))
            if drawn < 0.46:
                at = dice.choice([now, max(late, lead.stage_since or late)])
                until = at + self._a_while(300)
                return clocks.snooze(lead, until, "other", None, self.policies.said, on(at, BY_REP, now=now))
            if drawn < 0.5:
                return clocks.wake(lead, on(now, BY_REP, now=now))
        except Refusal:
            return []
        return [dice.choice(self._somebodys(late))]

    def _somebodys(self, late: datetime) -> list[LeadEvent]:
        lead, dice, now = self.lead, self.dice, self.now
        team, who = dice.choice(TEAMS), dice.choice([ANNA, BEN, CARLA])
        made = LeadFollowedUp if lead.contacted else LeadContacted
        told: list[LeadEvent] = [
            LeadAssigned(at=now, by=dice.choice([BY_MANAGER, BY_CARLA]), to=who, team=dice.choice([None, team])),
            LeadAssigned(at=now, by=BY_REP, to=BEN, team=team, because="rescued"),
            LeadAssigned(at=late, by=BY_MACHINE, to=who, team=team, because="imported"),
            made(at=now, by=BY_REP, made_by=who, channel="call", outcome="reached"),
            made(at=late, by=BY_REP, made_by=who, channel="call", outcome="no_answer"),
            LeadReplied(at=dice.choice([now, late]), by=BY_MACHINE, channel="email"),
            FollowUpPromised(at=now, by=BY_REP, promised_by=who, follow_up_by=now + self._a_while(900)),
            LeadEscalated(at=now, by=BY_REP, told=dice.choice(LADDER), rung=1, reason="help_needed"),
            LeadLost(at=now, by=BY_REP, owner=lead.owner, reason="price"),
        ]
        if lead.owner is None:
            return [*told, LeadRouted(at=now, by=BY_MANAGER, team=team)]
        return [*told, LeadReleased(at=now, by=BY_REP, owner=lead.owner, team=lead.team, reason="workload")]


def the_calendars() -> Iterator[CalendarEvent]:
    """Each calendar in three versions: the second is cited, and the third says something else of the same days."""
    at = STARTS[0] - timedelta(days=30)
    for name, hours in CALENDARS.items():
        days = tuple(ExceptedDay(day, its) for day, its in hours.exceptions.items())
        first = CalendarSet(calendar=name, zone=hours.zone, week=hours.week, effective_from=at, at=at, by=BY_ADMIN)
        yield first
        yield DaysExcepted(calendar=name, days=days, at=at, by=BY_ADMIN)
        mornings = DAY[:1]
        yield replace(first, week=(mornings,) * 5 + ((), ()))


def _governing(dice: Random, calendar: CalendarId | None) -> Governing:
    hours = None if calendar is None else CALENDARS[calendar]
    units: list[Unit] = ["elapsed_minutes"] if hours is None else ["business_minutes", "elapsed_minutes"]

    def rule(clock: ClockName, target: int, *rungs: tuple[int, Deed, Whom | None]) -> ClockRule:
        unit = dice.choice(units)
        return ClockRule(clock, target, unit, tuple(Rung(after, unit, deed, whom) for after, deed, whom in rungs))

    ladder: tuple[tuple[int, Deed, Whom | None], ...] = (
        (0, "escalate", "accountable"),
        (30, "offer_to_team", None),
        (60, "release", None),
        (90, "escalate", "above"),
    )
    terms = Terms(
        effective_from=STARTS[0],
        version=1,
        calendar=calendar,
        clocks=(
            rule("first_response", 60, (-15, "remind", "owner"), *ladder),
            rule("follow_up", 300, *ladder[:1], *ladder[2:3]),
            rule("reply", 120, *ladder[:3]),
            rule("acknowledgement", 30, (0, "escalate", "above")),
        ),
        snooze_at_most_minutes=100_000,
    )
    return Governing(PolicyId("quick"), terms, hours, CITED_VERSION if calendar else None)
