"""Before leads can name a source or an owner, those must be on record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from commands.command import PERSON, SOURCE
from commands.desk import Desk
from commands.people import AddPerson, Profile
from commands.sources import RegisterSource
from domain.access import Principal
from domain.identity import SLUG, PersonId, person_stream, source_stream
from services.importing.names import Names
from services.importing.rows import Plan

LONGEST_NAME = 200


class Wishes(Protocol):
    """What of the import's wishes concerns us."""

    @property
    def register(self) -> bool:
        """Whether what is not on record may be put there."""
        ...

    @property
    def dry_run(self) -> bool:
        """Whether nothing may be put on record at all."""
        ...


@dataclass
class Wanted:
    """The sources and people that a file names, and since when."""

    sources: dict[str, datetime] = field(default_factory=dict)
    people: dict[str, datetime] = field(default_factory=dict)

    def see(self, plan: Plan) -> None:
        """Take one row into account."""
        at = plan.steps[0].command.at
        assert at is not None  # noqa: S101 - every step of an import is dated
        if plan.source:
            self.sources[plan.source] = min(self.sources.get(plan.source, at), at)
        if plan.owner:
            first = min(
                (step.command.at for step in plan.steps if step.name == "assign" and step.command.at), default=at
            )
            self.people[plan.owner] = min(self.people.get(plan.owner, first), first)


class Registrar:
    """Finds sources and people on record, or puts them there."""

    def __init__(self, desk: Desk, system: str, names: Names, wishes: Wishes, by: Principal) -> None:
        self._desk = desk
        self._system = system
        self._names = names
        self._wishes = wishes
        self._by = by

    async def put_on_record(self, wanted: Wanted) -> Counter[str]:
        """Answer how many were new; those that cannot be used are noted in the names, with the reason."""
        new = Counter[str]()
        slugs: dict[str, datetime] = {}
        for told, at in wanted.sources.items():
            slug = self._names.source(told)
            slugs[slug] = min(slugs.get(slug, at), at)
        for told in wanted.sources:
            new["sources"] += await self._source(told, slugs[self._names.source(told)])
        for told, at in wanted.people.items():
            new["people"] += await self._person(told, at)
        return +new

    async def _source(self, told: str, at: datetime) -> int:
        slug = self._names.source(told)
        source, _ = await self._desk.state(SOURCE, source_stream(slug))
        if source.retired:
            self._refuse("source", told, f"{slug} is retired and brings no new leads")
        elif source.id is None and (why := self._names.why_no_new_source(told)):
            self._refuse("source", told, why)
        elif source.id is None and not self._wishes.register:
            self._refuse("source", told, f"no source {slug} is on record; register it first, or say --register")
        elif source.id is None:
            if not self._wishes.dry_run:
                command = RegisterSource(source=slug, at=at)
                await self._desk.handle(source_stream(slug), command, by=self._by, history=True)
            return 1
        return 0

    async def _person(self, told: str, at: datetime) -> int:
        id = self._names.person(told)
        person, _ = await self._desk.state(PERSON, person_stream(id))
        if person.id is None and id != told and SLUG.fullmatch(told):
            # It may be a pseudonym that is used here too.
            known, _ = await self._desk.state(PERSON, person_stream(PersonId(told)))
            if known.id is not None:
                person, self._names.people[told] = known, known.id
        if person.id is not None and not person.here:
            self._refuse("owner", told, f"{person.id} has left and cannot be made answerable")
        elif person.id is None and not self._wishes.register:
            self._refuse("owner", told, "nobody of that name is on record; add the person first, or say --register")
        elif person.id is None:
            if not self._wishes.dry_run:
                profile = None if id == told else Profile(name=told[:LONGEST_NAME])
                command = AddPerson(person=id, at=at, profile=profile)
                await self._desk.handle(person_stream(id), command, by=self._by, history=True)
            return 1
        return 0

    def _refuse(self, field: str, told: str, why: str) -> None:
        self._names.unusable[field, told] = why
