"""Who may do what: one answer for commands, questions and pages alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, assert_never, get_args

from domain.event import Actor, Role
from domain.identity import PersonId, TeamId

Action = Literal[
    "lead.create",
    "lead.see",
    "lead.see_contact",
    "lead.correct_contact",
    "lead.route",
    "lead.assign",
    "lead.claim",
    "lead.release",
    "lead.reach_out",
    "lead.message_automatically",
    "lead.hear_from",
    "lead.promise",
    "lead.convert",
    "lead.lose",
    "lead.disqualify",
    "lead.reopen",
    "lead.escalate",
    "lead.acknowledge",
    "lead.snooze",
    "lead.keep_time",
    "lead.consent",
    "lead.notify",
    "lead.retry_notice",
    "leads.count",
    "notices.see",
    "queue.see",
    "person.see",
    "person.see_profile",
    "person.manage",
    "team.see",
    "team.manage",
    "source.see",
    "source.manage",
    "policy.see",
    "policy.manage",
    "projections.see",
]
ACTIONS: frozenset[str] = frozenset(get_args(Action))

SEEING = frozenset(
    {"lead.see", "leads.count", "queue.see", "person.see", "team.see", "source.see", "policy.see", "notices.see"}
)
WORKING = frozenset(
    {
        "lead.see",
        "lead.see_contact",
        "lead.correct_contact",
        "lead.release",
        "lead.reach_out",
        "lead.hear_from",
        "lead.promise",
        "lead.convert",
        "lead.lose",
        "lead.disqualify",
        "lead.reopen",
        "lead.escalate",
        "lead.snooze",
        "lead.consent",
    }
)
WAITING = (WORKING | {"lead.claim"}) - {"lead.see_contact", "lead.correct_contact"}
"""What a rep may ask of a lead in their team's queue.

They may claim it, hear from it, disqualify it, reopen it and call for help; the rest the rules refuse until somebody is
answerable for the lead, and say so, where this page could only say that there is no such lead.
"""
MANAGING = WORKING | {"lead.route", "lead.assign", "lead.claim", "lead.acknowledge", "lead.retry_notice"}
ABOUT_ONESELF = frozenset({"queue.see", "person.see", "person.see_profile", "lead.see", "leads.count"})
FOR_MACHINES = frozenset({"lead.message_automatically", "lead.keep_time", "lead.notify"})
SETTINGS = frozenset(
    {
        "person.see",
        "person.see_profile",
        "person.manage",
        "team.see",
        "team.manage",
        "source.see",
        "source.manage",
        "policy.see",
        "policy.manage",
        "projections.see",
        "notices.see",
        "lead.retry_notice",
    }
)


@dataclass(frozen=True)
class Principal:
    """Who is asking, as their key and the record of people and teams tell."""

    id: str
    """A PersonId, or the name of a service."""
    role: Role
    via: str
    team: TeamId | None = None
    """The team this person is in."""
    answers_for: frozenset[TeamId] = frozenset()
    """The teams this person is accountable for, and all teams below those."""
    scopes: frozenset[str] = frozenset()
    """What a service was granted, by the names of actions; people need none."""
    answers_for_the_desk: bool = False
    """Whether this person has the seat that answers for the whole desk, and so for every team."""

    @property
    def actor(self) -> Actor:
        """How this caller stands in events."""
        return Actor(id=self.id, role=self.role, via=self.via)

    def answers(self, team: TeamId | None) -> bool:
        """Whether this person answers for the team, or for what is in no team."""
        return self.answers_for_the_desk or team in self.answers_for


@dataclass(frozen=True)
class OfLead:
    """A lead, seen by its owner and its team."""

    owner: PersonId | None
    team: TeamId | None
    owner_then: PersonId | None = None
    """Whose it was when a deed was done that is told late, if it is such a deed: that is told by whoever did it."""
    offered: bool = False
    """Whether anybody of its team may take it over, because nobody had acted in time."""


@dataclass(frozen=True)
class OfPerson:
    """A person and what is theirs."""

    person: PersonId
    team: TeamId | None


@dataclass(frozen=True)
class OfTeam:
    """A team and what is its own; None is the desk as a whole."""

    team: TeamId | None


@dataclass(frozen=True)
class OfEachTeam:
    """Every team beside the others, and everybody in them: who compares them sees each."""


Resource = OfLead | OfPerson | OfTeam | OfEachTeam
THE_DESK = OfTeam(None)
EACH_TEAM = OfEachTeam()


def may(who: Principal, action: Action, what: Resource) -> bool:
    """Whether this caller may do this to that. Whoever may not is answered as if it did not exist."""
    match who.role:
        case "rep":
            return _rep_may(who, action, what)
        case "manager":
            return _manager_may(who, action, what)
        case "auditor":
            return action in SEEING or action == "projections.see"
        case "admin":
            return action in SETTINGS
        case "service":
            return action in who.scopes
        case _:
            assert_never(who.role)


def _rep_may(who: Principal, action: Action, what: Resource) -> bool:
    """A rep works their own leads, and sees and claims what waits in their team's queue or is offered to the team."""
    match what:
        case OfLead(owner_then=who.id):
            return action in WORKING
        case OfLead(owner=None, team=team):
            return (action in WAITING and team in (None, who.team)) or action == "lead.create"
        case OfLead(owner=owner, team=team, offered=offered):
            # A team-mate's lead may be claimed at any time: whoever comes second is told who was first.
            if action == "lead.claim" or (action == "lead.see" and offered):
                return owner == who.id or team in (None, who.team)
            return owner == who.id and action in WORKING
        case OfPerson(person=person):
            return person == who.id and action in ABOUT_ONESELF
        case OfTeam(team=None):
            return action in ("team.see", "source.see", "policy.see")
        case OfTeam(team=team):
            return team == who.team and action == "queue.see"
        case OfEachTeam():
            return False
        case _:
            assert_never(what)


def _manager_may(who: Principal, action: Action, what: Resource) -> bool:
    """A manager does what is needed for the teams they answer for, and for what waits in nobody's queue."""
    match what:
        case OfLead(owner=owner, team=team):
            theirs = who.answers(team) or owner == who.id or (owner is None and team is None)
            return action == "lead.create" or (theirs and action in MANAGING)
        case OfPerson(person=person, team=team):
            return (who.answers(team) or person == who.id) and action in SEEING | {"person.see_profile"}
        case OfTeam(team=None):
            return action in SEEING | {"projections.see"}
        case OfTeam(team=team):
            return who.answers(team) and action in SEEING
        case OfEachTeam():
            return who.answers_for_the_desk and action in SEEING
        case _:
            assert_never(what)
