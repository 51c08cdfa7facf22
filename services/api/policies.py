"""Calendars, policies and the rulebook: what can be decided about them, what holds, and what it would come to."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Query
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter, ValidationError
from starlette.types import Receive

from adapters.holidays import holidays
from commands.calendars import ExceptDays, ExceptedDayGiven, RestoreDays, SetCalendar, TakeHolidays
from commands.command import NearInstant, NothingThere, utc_now
from commands.policies import OrderRules, SetPolicy
from domain.access import THE_DESK, Principal, may
from domain.identity import CalendarId, PolicyId, Position
from domain.policy import in_force
from projections import calendars, policies
from services.api.acting import Act, ADesk, AtTheDesk
from services.api.answers import CalendarReceipt, PolicyReceipt, RulebookReceipt
from services.api.asking import CalendarInPath, PolicyInPath, Question, allowed, of_the_desk
from services.api.describing import Acts, Questions
from services.api.reading import APage, AsOf, caught_up
from services.api.receiving import Headers, told_as
from services.api.terms import (
    Calendars,
    CalendarTold,
    Policies,
    PolicyTold,
    RulebookTold,
    TrialTold,
    calendar_line,
    days_of,
    rules_line,
    terms_line,
    tried,
    version_lines,
)

policy_acts = Acts(tags=["Calendars, policies and rules: acts"])
policy_questions = Questions(tags=["Calendars, policies and rules: questions"])

A_CALENDAR = TypeAdapter[CalendarId](CalendarInPath)


@policy_acts.post("/calendars")
async def set_calendar(command: SetCalendar, desk: ADesk) -> CalendarReceipt:
    """Tell in which hours work is done, from an instant on. The first hours may hold from long ago.

    What was scheduled from then on is taken back; what held before now stays as it was.
    """
    return await desk.calendar(command)


@policy_acts.post("/calendars/exceptions")
async def except_days(command: ExceptDays, desk: ADesk) -> CalendarReceipt:
    """Tell on which days nobody works, or in other hours. What was decided by now stays decided."""
    return await desk.calendar(command)


@policy_acts.post("/calendars/restorations")
async def restore_days(command: RestoreDays, desk: ADesk) -> CalendarReceipt:
    """Tell that these days are days like others again."""
    return await desk.calendar(command)


class FromFile(Act):
    """An act that is handed in as an iCal file."""

    async def told(
        self, desk: AtTheDesk, headers: Headers, receive: Receive, path: Mapping[str, str]
    ) -> dict[str, Any]:
        """The holidays of the file. Who may not set any is told so before it is read, which may take seconds."""
        if not may(desk.caller, "policy.manage", THE_DESK):
            raise NothingThere
        try:
            calendar = A_CALENDAR.validate_python(path["calendar"])
        except ValidationError as invalid:
            raise RequestValidationError(
                [trouble | {"loc": ("path", "calendar")} for trouble in invalid.errors()]
            ) from None
        file = await told_as("text/calendar", headers, receive)
        found = await asyncio.to_thread(holidays, file, utc_now())
        days = tuple(ExceptedDayGiven(day=one.day, called=one.called) for one in found)
        return {"calendar": calendar, "command": TakeHolidays(calendar=calendar, days=days)}


def from_file() -> TakeHolidays:
    """For the signature; the route itself reads the file."""
    raise NotImplementedError


@policy_acts.post("/calendars/{calendar}/holidays", media="text/calendar", route=FromFile)
async def take_holidays(
    calendar: CalendarInPath, command: Annotated[TakeHolidays, Depends(from_file)], desk: ADesk
) -> CalendarReceipt:
    """Except the all-day events of an iCal file, at most a million bytes, from today on and ten years ahead.

    Days of which somebody has told already how they are stay so; hence the same file may come again.
    """
    return await desk.calendar(command)


@policy_acts.post("/policies")
async def set_policy(command: SetPolicy, desk: ADesk) -> PolicyReceipt:
    """Tell how soon somebody has to act, and what happens before and after it is too late, from an instant on.

    It is tried at every hour of two weeks first, and refused where it could not be kept. What was scheduled from then
    on is taken back; what held before now stays as it was.
    """
    return await desk.policy(command)


@policy_acts.post("/rulebook")
async def order_rules(command: OrderRules, desk: ADesk) -> RulebookReceipt:
    """Tell which policy applies to which leads: the first rule that covers a lead. All rules are given at once.

    What was scheduled from then on is taken back; what held before now stays as it was.
    """
    return await desk.rulebook(command)


Allowed = Annotated[Principal, allowed("policy.see", of_the_desk)]
CalendarsKnown = Annotated[Position, caught_up("calendars")]
PoliciesKnown = Annotated[Position, caught_up("policies")]
RulesKnown = Annotated[Position, caught_up("rulebook")]
BothKnown = Annotated[Position, caught_up("policies", "calendars")]
Start = Annotated[NearInstant | None, Query(description="When the clocks would start; now, if left out.")]


@policy_questions.get("/calendars")
async def every_calendar(position: CalendarsKnown, caller: Allowed, page: APage, ask: Question) -> Calendars:
    """When work is done."""
    found = await ask(calendars.every_calendar, after=page.after(CalendarId), limit=page.limit)
    return Calendars(
        position=position,
        next=page.next(found, CalendarId, lambda last: last.id),
        items=[calendar_line(one, one.id, utc_now()) for one in found if one.id is not None],
    )


@policy_questions.get("/calendars/{calendar}")
async def one_calendar(
    position: CalendarsKnown, caller: Allowed, calendar: CalendarInPath, ask: Question
) -> CalendarTold:
    """One calendar, and the days on which it is otherwise."""
    found = await ask(calendars.calendar, calendar)
    if found is None:
        raise NothingThere
    return CalendarTold(position=position, days=days_of(found), **dict(calendar_line(found, calendar, utc_now())))


@policy_questions.get("/policies")
async def every_policy(
    position: PoliciesKnown, caller: Allowed, page: APage, ask: Question, as_of: AsOf = None
) -> Policies:
    """How soon somebody has to act, by every policy as it holds; without `as_of`, those too that hold only later."""
    at = as_of or utc_now()
    found = await ask(policies.every_policy, at=at, to_come=as_of is None, after=page.after(PolicyId), limit=page.limit)
    return Policies(
        position=position,
        next=page.next(found, PolicyId, lambda last: last.policy),
        items=[terms_line(one, "in_force" if one.terms.effective_from <= at else "scheduled") for one in found],
    )


@policy_questions.get("/policies/{policy}")
async def one_policy(
    position: PoliciesKnown, caller: Allowed, policy: PolicyInPath, ask: Question, as_of: AsOf = None
) -> PolicyTold:
    """One policy in all its versions: which of them holds, which will, and which was taken back."""
    found = await ask(policies.versions, policy)
    if not found:
        raise NothingThere
    return PolicyTold(position=position, policy=policy, versions=version_lines(found, as_of or utc_now()))


@policy_questions.get("/policies/{policy}/trial")
async def try_policy(
    position: BothKnown, caller: Allowed, policy: PolicyInPath, ask: Question, start: Start = None
) -> TrialTold:
    """Why would this be due at 10:15? When each clock would have to be stopped, and when each rung would come."""
    begins = start or utc_now()
    found = await ask(policies.policy, policy)
    if found.id is None:
        raise NothingThere
    terms = in_force(found, policy, begins)
    calendar = await ask(calendars.calendar, terms.calendar) if terms.calendar else None
    hours = calendar.hours_at(begins) if calendar else None
    return TrialTold(
        position=position,
        policy=policy,
        version=terms.version,
        effective_from=terms.effective_from,
        start=begins,
        calendar=terms.calendar,
        calendar_version=calendar.version if calendar else None,
        zone=hours.zone if hours else "UTC",
        clocks=tried(terms, hours, begins),
    )


@policy_questions.get("/rulebook")
async def the_rulebook(position: RulesKnown, caller: Allowed, ask: Question, as_of: AsOf = None) -> RulebookTold:
    """Which policy applies to which leads, and which will."""
    at = as_of or utc_now()
    found = [rules_line(one) for one in await ask(policies.rules_from, at)]
    return RulebookTold(
        position=position,
        in_force=next((one for one in found if one.effective_from <= at), None),
        to_come=[one for one in found if one.effective_from > at],
    )
