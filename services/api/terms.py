"""What callers are told about calendars, policies and rules, in the same words in which these are set."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field

from commands.calendars import ExceptedDayGiven, HoursGiven, WeekGiven
from commands.policies import ClockGiven, ClocksGiven, RuleGiven, RungGiven
from domain.business_time import BusinessTime, Day, Week
from domain.calendar import Calendar, Setting, on_the_wall
from domain.identity import CalendarId, PersonId, PolicyId
from domain.notice import Medium
from domain.policy import EVERY_MINUTE, ClockName, ClockRule, Deed, Rung, Terms, Unit, Whom, deadlines
from domain.schedule import Standing, stands
from projections.policies import PolicyVersion, Rules
from services.api.answers import Answer, PageOf
from services.counted import there

ON_THE_WALL = "By the clock on the wall of the calendar's zone; UTC where no calendar counts."


StandingTold = Annotated[
    Standing,
    Field(
        description="At the instant that was asked about; now, if none was. `past` held until another took its place, "
        "`superseded` was taken back before it ever held."
    ),
]


class SettingLine(BaseModel):
    """The hours that hold from an instant on."""

    standing: StandingTold
    effective_from: datetime
    zone: str
    week: WeekGiven


class CalendarLine(BaseModel):
    """A calendar, with all hours that ever held or shall hold."""

    calendar: CalendarId
    version: int = Field(description="What a deadline cites.")
    settings: list[SettingLine] = Field(description="In the order in which they were told.")


class Calendars(PageOf):
    """Calendars by name."""

    items: list[CalendarLine]


class CalendarTold(CalendarLine, Answer):
    """One calendar, and the days on which other hours hold than in other weeks."""

    days: list[ExceptedDayGiven]


class TermsLine(BaseModel):
    """What a policy says from an instant on."""

    policy: PolicyId
    version: int
    effective_from: datetime
    standing: StandingTold
    calendar: CalendarId | None
    clocks: ClocksGiven
    snooze_at_most_minutes: int
    receipt: tuple[Medium, ...] | None = Field(description="How a machine answers a new lead; null: not at all.")
    set_at: datetime
    set_by: str = Field(description="A person's pseudonym, or the name of a service.")


class Policies(PageOf):
    """Policies by name, each as it holds; or, where it does not hold yet, as it will first."""

    items: list[TermsLine]


class PolicyTold(Answer):
    """One policy in all its versions, the first one first."""

    policy: PolicyId
    versions: list[TermsLine]


class RulesLine(BaseModel):
    """The rules that hold from an instant on; the first one that covers a lead tells its policy."""

    version: int
    effective_from: datetime
    rules: list[RuleGiven]
    set_at: datetime
    set_by: str = Field(description="A person's pseudonym, or the name of a service.")


class RulebookTold(Answer):
    """Which policy applies to which leads."""

    in_force: RulesLine | None = Field(description="null where no rules hold yet.")
    to_come: list[RulesLine]


class TriedRung(BaseModel):
    """When one rung would come, if the clock still ran."""

    rung: int = Field(description="The first one is 1.")
    offset_minutes: int
    unit: Unit
    deed: Deed
    whom: Whom | None
    seat: PersonId | None
    due_at: datetime
    on_the_wall: str = Field(description=ON_THE_WALL, examples=["2026-03-09T10:15:00+01:00"])


class TriedClock(BaseModel):
    """When one clock would have to be stopped."""

    clock: ClockName
    target_minutes: int
    unit: Unit
    respond_by: datetime
    on_the_wall: str = Field(description=ON_THE_WALL, examples=["2026-03-09T10:15:00+01:00"])
    rungs: list[TriedRung]


class TrialTold(Answer):
    """What a policy would come to for clocks that start at one instant, and by which versions of what."""

    policy: PolicyId
    version: int
    effective_from: datetime
    start: datetime
    calendar: CalendarId | None
    calendar_version: int | None
    zone: str
    clocks: list[TriedClock]


def calendar_line(calendar: Calendar, id: CalendarId, at: datetime) -> CalendarLine:
    """Without its days."""
    settings = [_setting(one, stands(calendar.settings, one, at)) for one in calendar.settings]
    return CalendarLine(calendar=id, version=calendar.version, settings=settings)


def days_of(calendar: Calendar) -> list[ExceptedDayGiven]:
    """In their order."""
    return [
        ExceptedDayGiven(day=one.day, hours=_hours(one.hours), called=one.called)
        for _, one in sorted(calendar.days.items())
    ]


def terms_line(told: PolicyVersion, standing: Standing) -> TermsLine:
    """One version of a policy."""
    terms = told.terms
    return TermsLine(
        policy=told.policy,
        version=terms.version,
        effective_from=terms.effective_from,
        standing=standing,
        calendar=terms.calendar,
        clocks=ClocksGiven.model_validate({rule.clock: _clock(rule) for rule in terms.clocks}),
        snooze_at_most_minutes=terms.snooze_at_most_minutes,
        receipt=terms.receipt,
        set_at=told.set_at,
        set_by=told.set_by,
    )


def version_lines(versions: Sequence[PolicyVersion], at: datetime) -> list[TermsLine]:
    """Each with whether it holds then."""
    terms = [told.terms for told in versions]
    return [terms_line(told, stands(terms, told.terms, at)) for told in versions]


def rules_line(told: Rules) -> RulesLine:
    """One version of the rulebook."""
    rules = [
        RuleGiven(policy=rule.policy, source=rule.source, team=rule.team, priority=rule.priority) for rule in told.rules
    ]
    return RulesLine(
        version=told.version, effective_from=told.effective_from, rules=rules, set_at=told.set_at, set_by=told.set_by
    )


def tried(terms: Terms, hours: BusinessTime | None, start: datetime) -> list[TriedClock]:
    """Each clock of a policy, counted from the start. Raises NothingIsWorked."""
    zone = ZoneInfo((hours or EVERY_MINUTE).zone)
    clocks = []
    for rule in terms.clocks:
        found = deadlines(rule, hours, start)
        rungs = [
            TriedRung(
                rung=number,
                offset_minutes=rung.offset_minutes,
                unit=rung.unit,
                deed=rung.deed,
                whom=rung.whom,
                seat=rung.seat,
                due_at=due_at,
                on_the_wall=there(due_at, zone),
            )
            for number, (rung, due_at) in enumerate(zip(rule.rungs, found.rungs, strict=True), start=1)
        ]
        clocks.append(
            TriedClock(
                clock=rule.clock,
                target_minutes=rule.target_minutes,
                unit=rule.unit,
                respond_by=found.respond_by,
                on_the_wall=there(found.respond_by, zone),
                rungs=rungs,
            )
        )
    return clocks


def _setting(setting: Setting, standing: Standing) -> SettingLine:
    week = _week(setting.week)
    return SettingLine(standing=standing, effective_from=setting.effective_from, zone=setting.zone, week=week)


def _week(week: Week) -> WeekGiven:
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = map(_hours, week)
    return WeekGiven(
        monday=monday,
        tuesday=tuesday,
        wednesday=wednesday,
        thursday=thursday,
        friday=friday,
        saturday=saturday,
        sunday=sunday,
    )


def _hours(day: Day) -> tuple[HoursGiven, ...]:
    return tuple(HoursGiven(opens=on_the_wall(hours.opens), closes=on_the_wall(hours.closes)) for hours in day)


def _clock(rule: ClockRule) -> ClockGiven:
    return ClockGiven(
        target_minutes=rule.target_minutes, unit=rule.unit, rungs=tuple(_rung(rung) for rung in rule.rungs)
    )


def _rung(rung: Rung) -> RungGiven:
    return RungGiven(offset_minutes=rung.offset_minutes, unit=rung.unit, deed=rung.deed, whom=rung.whom, seat=rung.seat)
