"""The people of the example: all of them made up, as are their addresses."""

from __future__ import annotations

from datetime import datetime

from commands.calendars import HoursGiven, SetCalendar, WeekGiven
from commands.people import AddPerson, PersonCommand, Profile
from commands.policies import ClockGiven, ClocksGiven, OrderRules, RuleGiven, RungGiven, SetPolicy
from commands.sources import RegisterSource, SourceCommand
from commands.teams import EntrustTeam, FormTeam, TeamCommand
from domain.access import Principal
from domain.event import Role
from domain.identity import CalendarId, PersonId, PolicyId, SourceId, TeamId

OFFICE, AN_HOUR = CalendarId("office"), PolicyId("an-hour")
SALES, NORTH, SOUTH = TeamId("sales"), TeamId("north"), TeamId("south")
VIA = "example"

FOUNDER = Principal(
    id="example",
    role="service",
    via=VIA,
    scopes=frozenset({"person.manage", "team.manage", "source.manage", "policy.manage"}),
)
WEBSITE = Principal(
    id="website-form", role="service", via=VIA, scopes=frozenset({"lead.create", "lead.message_automatically"})
)
MAILBOX = Principal(id="mailbox", role="service", via=VIA, scopes=frozenset({"lead.hear_from"}))

PEOPLE: dict[str, tuple[TeamId, str]] = {
    "mgr-1": (SALES, "Marta Okonjo-Lind"),
    "mgr-2": (SOUTH, "Teodor Vance"),
    "rep-1": (NORTH, "Ines Halloran"),
    "rep-2": (NORTH, "Bram Castellane"),
    "rep-3": (SOUTH, "Yuki Adebayo"),
    "rep-4": (SOUTH, "Pilar Svensdottir"),
}
ANSWERS_FOR: dict[str, tuple[TeamId, ...]] = {"mgr-1": (SALES, NORTH), "mgr-2": (SOUTH,)}
SOURCES: dict[str, TeamId] = {"website": NORTH, "referral": NORTH, "trade-fair": SOUTH, "partner": SOUTH}

KEY_HOLDERS: tuple[tuple[str, Role], ...] = (("mgr-1", "manager"), ("rep-1", "rep"), ("auditor-1", "auditor"))
"""Who gets one of the first API keys; the manager's is the one that is shown."""


def founding() -> list[TeamCommand | PersonCommand | SourceCommand]:
    """How the example's teams come into being, in this order."""
    return [
        FormTeam(team=SALES),
        FormTeam(team=NORTH, above=SALES),
        FormTeam(team=SOUTH, above=SALES),
        *(
            AddPerson(person=PersonId(id), team=team, profile=Profile(name=name, email=f"{id}@example.com"))
            for id, (team, name) in PEOPLE.items()
        ),
        *(EntrustTeam(team=team, to=PersonId(id)) for id, teams in ANSWERS_FOR.items() for team in teams),
        *(RegisterSource(source=SourceId(source), team=team) for source, team in SOURCES.items()),
    ]


def clocks(from_now_on: datetime) -> list[SetCalendar | SetPolicy | OrderRules]:
    """An hour of office time to answer a new lead; the leads that were there before are held to nothing."""
    day = (HoursGiven(opens="09:00", closes="17:00"),)
    week = WeekGiven(monday=day, tuesday=day, wednesday=day, thursday=day, friday=day)
    ladder = (
        RungGiven(offset_minutes=-15, deed="remind", whom="owner"),
        RungGiven(offset_minutes=0, deed="escalate", whom="accountable"),
        RungGiven(offset_minutes=30, deed="offer_to_team"),
    )
    an_hour = ClockGiven(target_minutes=60, unit="business_minutes", rungs=ladder)
    return [
        SetCalendar(calendar=OFFICE, zone="UTC", week=week),
        SetPolicy(
            policy=AN_HOUR,
            calendar=OFFICE,
            clocks=ClocksGiven(first_response=an_hour),
            snooze_at_most_minutes=2880,
            effective_from=from_now_on,
        ),
        OrderRules(rules=(RuleGiven(policy=AN_HOUR),), effective_from=from_now_on),
    ]


def principal(person: str) -> Principal:
    """How one of the example's people would come to the desk."""
    if person not in PEOPLE:
        return {"website-form": WEBSITE, "mailbox": MAILBOX}[person]
    manages = person in ANSWERS_FOR
    answers_for = frozenset({SALES, NORTH, SOUTH} if person == "mgr-1" else ANSWERS_FOR.get(person, ()))
    return Principal(
        id=person,
        role="manager" if manages else "rep",
        via=VIA,
        team=PEOPLE[person][0],
        answers_for=answers_for,
    )
