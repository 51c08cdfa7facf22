"""One good example of every event, used by all tests that need one."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal

from domain.business_time import Hours
from domain.calendar import CalendarSet, DaysExcepted, DaysRestored, ExceptedDay
from domain.event import Actor, Event, Sealed
from domain.identity import CalendarId, PersonId, PolicyId, SourceId, TeamId
from domain.lead.events import (
    BreachRetracted,
    ClaimLost,
    ClockBreached,
    ClockMoved,
    ClockStarted,
    ClockStopped,
    ConsentGiven,
    ConsentWithdrawn,
    ContactCorrected,
    EscalationAcknowledged,
    Evidence,
    FollowUpPromised,
    LeadAssigned,
    LeadContacted,
    LeadConverted,
    LeadCreated,
    LeadDisqualified,
    LeadEscalated,
    LeadFollowedUp,
    LeadLost,
    LeadMessagedAutomatically,
    LeadOffered,
    LeadReleased,
    LeadReopened,
    LeadReplied,
    LeadRouted,
    LeadSnoozed,
    LeadWoken,
    Money,
    OutreachBounced,
    ReceiptOwed,
    RungDue,
    RungPassed,
    SomebodyReminded,
    Step,
)
from domain.notice import (
    NoticeAddressed,
    NoticeDelivered,
    NoticeFailed,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
)
from domain.person import PersonHoursSet, PersonJoined, PersonLeft, PersonMoved, ProfileCorrected
from domain.policy import ClockRule, PolicySet, Rung
from domain.rulebook import Rule, RulesOrdered
from domain.seat import DeskEntrusted
from domain.source import SourceRegistered, SourceRetired
from domain.team import TeamEntrusted, TeamFormed, TeamPlaced

NINE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REP = PersonId("rep-7")
COLLEAGUE = PersonId("rep-8")
MANAGER = PersonId("manager-1")
NORTH = TeamId("north")
SALES = TeamId("sales")
WEBSITE = SourceId("website")
OFFICE = CalendarId("office")
QUICK, CALM = PolicyId("quick"), PolicyId("calm")
MORNING, AFTERNOON = Hours(8 * 60, 12 * 60), Hours(13 * 60 + 30, 18 * 60)
CHRISTMAS = (
    ExceptedDay(date(2026, 12, 24), (MORNING,), "christmas-eve"),
    ExceptedDay(date(2026, 12, 25), (), "christmas-day"),
    ExceptedDay(date(2026, 12, 26)),
)
LADDER = (
    Rung(-15, "business_minutes", "remind", "owner"),
    Rung(0, "business_minutes", "escalate", "accountable"),
    Rung(30, "business_minutes", "offer_to_team"),
    Rung(2880, "elapsed_minutes", "escalate", "seat", MANAGER),
    Rung(4320, "elapsed_minutes", "release"),
)
BY_REP = Actor(REP, "rep", "key:lk_3f9a1c")
BY_MANAGER = Actor(MANAGER, "manager", "key:lk_77b2d0")
BY_ADMIN = Actor("admin-1", "admin", "cli")
BY_TIMEKEEPER = Actor("timekeeper", "service", "timekeeper")
BY_NOTIFIER = Actor("notifier", "service", "notifier")
BY_MACHINE = Actor("mailer", "service", "key:lk_0c4e55")
CALL_LOG = Evidence("twilio", "CA53ac49bb")

LEAD = "5d0b8f5e-3c57-4f0e-9d0c-0a4f7b1f3e21"
NOTICE = "8a3f0c52-6c1e-5b7d-9e2f-0d4b6a8c1e35"
CONTACT = Sealed(LEAD, "0c0e6c43-9f51-43b7-8f0f-6f7f0d7f6f01", "a1" * 32)
NOTE = Sealed(LEAD, "f3a0b1c2-1d2e-4f50-8a9b-abcdefabcdef", "b2" * 32)
PROFILE = Sealed("b4c2a6d8-5e1f-5a3b-9c7d-123456789abc", "7a6b5c4d-3e2f-4a1b-8c9d-fedcbafedcba", "c3" * 32)

_EVENTS: tuple[Event, ...] = (
    LeadCreated(at=NINE, by=BY_MACHINE, source=WEBSITE, team=NORTH, contact=CONTACT, dated="day"),
    ContactCorrected(at=NINE, by=BY_REP, contact=CONTACT),
    LeadRouted(at=NINE, by=BY_MANAGER, team=NORTH),
    LeadAssigned(at=NINE, by=BY_MANAGER, to=REP, team=NORTH, previous=COLLEAGUE, because="by_hand"),
    ClaimLost(at=NINE, by=Actor(COLLEAGUE, "rep", "key:lk_5d1e0b"), who=COLLEAGUE, to=REP),
    LeadReleased(at=NINE, by=BY_REP, owner=REP, team=NORTH, reason="absence", note=NOTE, step=None),
    LeadContacted(
        at=NINE,
        by=BY_REP,
        made_by=REP,
        channel="call",
        outcome="reached",
        evidence=CALL_LOG,
        duration_seconds=95,
        note=NOTE,
    ),
    LeadFollowedUp(at=NINE, by=BY_REP, made_by=REP, channel="email", outcome="sent"),
    OutreachBounced(at=NINE, by=BY_REP, made_by=REP, channel="email", outcome="bounced", note=NOTE),
    LeadMessagedAutomatically(
        at=NINE, by=BY_MACHINE, channel="email", outcome="bounced", evidence=Evidence("ses", "010001")
    ),
    LeadReplied(at=NINE, by=BY_MACHINE, channel="email", evidence=Evidence("ses", "010002"), note=NOTE),
    FollowUpPromised(at=NINE, by=BY_REP, promised_by=REP, follow_up_by=NINE.replace(hour=15), note=NOTE),
    LeadConverted(at=NINE, by=BY_REP, owner=REP, value=Money(Decimal("1200.50"), "EUR")),
    LeadLost(at=NINE, by=BY_REP, owner=REP, reason="price", note=NOTE),
    LeadDisqualified(at=NINE, by=BY_REP, reason="duplicate", note=NOTE),
    LeadReopened(at=NINE, by=BY_MANAGER, reason="new_interest", note=NOTE),
    LeadEscalated(at=NINE, by=BY_REP, told=MANAGER, rung=1, reason="no_contact", note=NOTE),
    ClockStarted(
        at=NINE,
        by=BY_MACHINE,
        clock="follow_up",
        number=2,
        started_at=NINE,
        respond_by=NINE.replace(hour=15),
        rungs=(
            RungDue(NINE.replace(hour=14), "remind", "owner"),
            RungDue(NINE.replace(hour=15), "escalate", "seat", MANAGER),
        ),
        policy=QUICK,
        policy_version=3,
        calendar=OFFICE,
        calendar_version=5,
        promised_for=NINE.replace(hour=15),
        escalation=None,
        rulebook_version=2,
    ),
    ClockMoved(
        at=NINE,
        by=BY_REP,
        number=2,
        respond_by=NINE.replace(hour=16),
        rungs=(RungDue(NINE.replace(hour=15), "release"),),
    ),
    ClockStopped(at=NINE, by=BY_REP, number=2, stopped_at=NINE, because="answered"),
    ClockBreached(at=NINE, by=BY_TIMEKEEPER, number=2, due_at=NINE, owner=REP),
    BreachRetracted(at=NINE, by=BY_MACHINE, number=2, answered_at=NINE.replace(hour=8)),
    SomebodyReminded(at=NINE, by=BY_TIMEKEEPER, told=REP, step=Step(2, 1, NINE)),
    LeadOffered(at=NINE, by=BY_TIMEKEEPER, team=NORTH, step=Step(2, 3, NINE.replace(hour=8))),
    RungPassed(at=NINE, by=BY_TIMEKEEPER, step=Step(2, 4, NINE)),
    EscalationAcknowledged(at=NINE, by=BY_MANAGER, escalation=1, clock=2, act_by=NINE.replace(hour=11)),
    LeadSnoozed(at=NINE, by=BY_REP, until=NINE.replace(hour=12), reason="out_of_office", note=NOTE),
    LeadWoken(at=NINE, by=BY_REP),
    ReceiptOwed(at=NINE, by=BY_MACHINE, media=("email", "sms"), policy=QUICK, policy_version=3),
    ConsentGiven(at=NINE, by=BY_REP, medium="sms"),
    ConsentWithdrawn(at=NINE, by=BY_REP, medium="email"),
    NoticeAddressed(at=NINE, by=BY_NOTIFIER, cause=4, about="offer", to=(REP, COLLEAGUE)),
    NoticeSent(
        at=NINE, by=BY_NOTIFIER, notice=NOTICE, about="reminder", medium="sms", to=REP, tries=2, provider_id="SM53ac49"
    ),
    NoticeDelivered(at=NINE, by=BY_NOTIFIER, notice=NOTICE, about="receipt", medium="email", to=None),
    NoticeFailed(
        at=NINE,
        by=BY_NOTIFIER,
        notice=NOTICE,
        about="escalation",
        medium="email",
        to=MANAGER,
        reason="address_refused",
        tries=1,
        team=NORTH,
    ),
    NoticeSuppressed(at=NINE, by=BY_NOTIFIER, notice=NOTICE, about="reminder", medium="email", to=REP, reason="moot"),
    NoticeRetried(at=NINE, by=BY_MANAGER, notice=NOTICE, about="offer", medium="email", to=REP),
    PersonJoined(at=NINE, by=BY_ADMIN, person=REP, team=NORTH, profile=PROFILE),
    PersonMoved(at=NINE, by=BY_ADMIN, person=REP, team=SALES, previous=NORTH),
    PersonLeft(at=NINE, by=BY_ADMIN, person=REP),
    ProfileCorrected(at=NINE, by=BY_ADMIN, person=REP, profile=PROFILE),
    PersonHoursSet(at=NINE, by=BY_ADMIN, person=REP, calendar=OFFICE, previous=None),
    TeamFormed(at=NINE, by=BY_ADMIN, team=NORTH, above=SALES),
    TeamEntrusted(at=NINE, by=BY_ADMIN, team=NORTH, to=MANAGER, previous=REP),
    TeamPlaced(at=NINE, by=BY_ADMIN, team=NORTH, above=SALES),
    DeskEntrusted(at=NINE, by=BY_ADMIN, to=MANAGER, previous=REP),
    SourceRegistered(at=NINE, by=BY_ADMIN, source=WEBSITE, team=NORTH),
    SourceRetired(at=NINE, by=BY_ADMIN, source=WEBSITE),
    CalendarSet(
        at=NINE,
        by=BY_ADMIN,
        calendar=OFFICE,
        zone="Europe/Vienna",
        week=(*((MORNING, AFTERNOON),) * 4, (MORNING,), (), ()),
        effective_from=NINE,
    ),
    DaysExcepted(at=NINE, by=BY_ADMIN, calendar=OFFICE, days=CHRISTMAS),
    DaysRestored(at=NINE, by=BY_ADMIN, calendar=OFFICE, days=(date(2026, 12, 24),)),
    PolicySet(
        at=NINE,
        by=BY_ADMIN,
        policy=QUICK,
        calendar=OFFICE,
        clocks=(
            ClockRule("first_response", 60, "business_minutes", LADDER),
            ClockRule("acknowledgement", 30, "elapsed_minutes"),
        ),
        snooze_at_most_minutes=2880,
        effective_from=NINE,
        receipt=("email",),
    ),
    RulesOrdered(
        at=NINE,
        by=BY_ADMIN,
        rules=(Rule(QUICK, source=WEBSITE, team=NORTH, priority="high"), Rule(CALM)),
        effective_from=NINE,
    ),
)

EXAMPLES: Mapping[type[Event], Event] = {type(event): event for event in _EVENTS}
