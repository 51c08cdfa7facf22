"""What a row means: the commands it asks for, or everything that is wrong with it, before the first is carried out."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Fields
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ValidationError

from commands.lead import AssignLead, Contact, ConvertLead, CreateLead, DisqualifyLead, LeadCommand, LoseLead
from domain.identity import LeadId
from services.importing.instants import Dates, NotAnInstant, Read
from services.importing.mapping import LeadField, Mapping, Meaning
from services.importing.names import Names
from services.importing.reading import Rejected

M = TypeVar("M", bound=BaseModel)
StepName = Literal["create", "assign", "convert", "lose", "disqualify"]
CONTACT: tuple[LeadField, ...] = ("name", "email", "phone", "company", "message")
LONGEST_REFERENCE = 200


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a row, and the name under which it is done once."""

    name: StepName
    command: LeadCommand


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done for one row."""

    line: int
    reference: str
    lead: LeadId
    steps: tuple[Step, ...]
    source: str | None
    owner: str | None
    arrived: Read
    ended: Read | None
    ending: Meaning
    has_value: bool


class Planner:
    """Turns rows into plans."""

    def __init__(self, mapping: Mapping, names: Names, now: datetime, *, keep_reference: bool = True) -> None:
        self._mapping = mapping
        self._names = names
        self._now = now
        self._keep_reference = keep_reference
        self._dates = Dates(mapping.dates, ZoneInfo(mapping.zone) if mapping.zone else None)

    def plan(self, line: int, fields: Fields[str, str]) -> Plan | list[Rejected]:
        """The plan of a row, or every reason against it."""
        row = _Row(self._mapping, self._dates, self._now, fields)
        reference = row.text("reference") or ""
        if not reference:
            row.refuse("reference", "is empty; without it the lead has no name that stays the same")
        elif len(reference) > LONGEST_REFERENCE:
            row.refuse("reference", f"is longer than {LONGEST_REFERENCE} characters")
        arrived = row.instant("arrived_at")
        if arrived is None and "arrived_at" not in row.refused:
            row.refuse("arrived_at", "is empty; a lead needs an arrival")
        ending, ended = row.ending()
        source, owner = row.text("source"), row.text("owner")
        if source and (why := self._names.why_not("source", source)):
            row.refuse("source", why)
        if owner and (why := self._names.why_not("owner", owner)):
            row.refuse("owner", why)
        steps = tuple(self._steps(row, reference, arrived, ended, ending)) if arrived else ()
        if row.refused:
            return [
                Rejected(line, row.told_as(field), reason, "" if field == "reference" else reference)
                for field, reason in row.refused.items()
            ]
        assert arrived is not None  # noqa: S101 - refused above
        return Plan(
            line=line,
            reference=reference,
            lead=self._names.lead(reference),
            steps=steps,
            source=source,
            owner=owner,
            arrived=arrived,
            ended=ended,
            ending=ending,
            has_value=row.text("value") is not None,
        )

    def _steps(self, row: _Row, reference: str, arrived: Read, ended: Read | None, ending: Meaning) -> Iterator[Step]:
        contact = {field: told for field in CONTACT if (told := row.text(field)) is not None}
        if self._keep_reference:
            contact["reference"] = reference
        source, owner = row.text("source"), row.text("owner")
        created = row.build(
            CreateLead,
            at=arrived.at,
            source=self._names.source(source) if source else None,
            team=row.text("team"),
            contact=row.build(Contact, **contact) if contact else None,
            dated="day" if arrived.day_only else "instant",
        )
        if created:
            yield Step("create", created)
        if owner:
            assigned = row.instant("assigned_at") or arrived
            if command := row.build(AssignLead, at=_not_before(assigned, arrived), to=self._names.person(owner)):
                yield Step("assign", command)
        if ended is None:
            return
        at = _not_before(ended, arrived)
        if ending == "converted":
            if not owner:
                row.refuse("owner", "is empty, but somebody must be answerable for a lead that was won")
            money = {"value": row.text("value"), "currency": row.text("currency")} if row.text("value") else {}
            if converted := row.build(ConvertLead, at=at, **money):
                yield Step("convert", converted)
        elif ending == "lost":
            if lost := row.build(LoseLead, "loss_reason", at=at, reason=row.text("loss_reason") or "other"):
                yield Step("lose", lost)
        elif disqualified := row.build(DisqualifyLead, "loss_reason", at=at, reason=row.text("loss_reason") or "other"):
            yield Step("disqualify", disqualified)


class _Row:
    """One row, read by what its columns mean here; remembers everything that is wrong."""

    def __init__(self, mapping: Mapping, dates: Dates, now: datetime, fields: Fields[str, str]) -> None:
        self._mapping = mapping
        self._dates = dates
        self._now = now
        self._fields = fields
        self.refused: dict[str, str] = {}

    def text(self, field: LeadField) -> str | None:
        """What the row says, or the constant for every row; nothing where there is only space."""
        column = self._mapping.columns.get(field)
        told = self._fields.get(column, "") if column is not None else self._mapping.constants.get(field, "")
        return told.strip() or None

    def instant(self, field: LeadField) -> Read | None:
        """When it says something happened."""
        if (told := self.text(field)) is None:
            return None
        try:
            read = self._dates.read(told)
        except NotAnInstant as wrong:
            self.refuse(field, str(wrong))
            return None
        if read.at > self._now:
            self.refuse(field, f"{told!r} is in the future; what has not happened yet cannot be recorded")
        return read

    def ending(self) -> tuple[Meaning, Read | None]:
        """How it ended, and when."""
        won, lost = self.instant("won_at"), self.instant("lost_at")
        if won and lost:
            self.refuse("lost_at", "the lead cannot have been both won and lost; one of the two must be empty")
        if won:
            return "converted", won
        if lost:
            return "lost", lost
        told = self.text("outcome")
        if told is None:
            return "open", None
        meaning = self._mapping.outcomes.get(told)
        if meaning is None:
            self.refuse("outcome", f"nobody said what {told!r} means; say --outcome {told!r}=open|converted|lost")
        if meaning in (None, "open"):
            return "open", None
        ended = self.instant("ended_at")
        if ended is None and "ended_at" not in self.refused:
            self.refuse("ended_at", f"is empty, but the outcome is {told!r}")
        return meaning, ended

    def build(self, model: type[M], reason_field: str = "reason", /, **values: Any) -> M | None:
        """The command, if its parts are right."""
        try:
            return model(**values)
        except ValidationError as wrong:
            for problem in wrong.errors(include_url=False):
                field = str(problem["loc"][0]) if problem["loc"] else "value"
                field = {"to": "owner", "reason": reason_field}.get(field, field)
                self.refuse(field, problem["msg"].removeprefix("Value error, "))
            return None

    def refuse(self, field: str, reason: str) -> None:
        """Remember the first thing that is wrong with a field."""
        self.refused.setdefault(field, reason)

    def told_as(self, field: str) -> str:
        """The field, and under which name the file has it."""
        column = next((column for known, column in self._mapping.columns.items() if known == field), field)
        return f"{field} ({column})" if column != field else field


def _not_before(read: Read, arrived: Read) -> datetime:
    """Where two things happened on one day and only the day of the later is known, it was not before the earlier."""
    return arrived.at if read.day_only and read.at < arrived.at and read.day == arrived.day else read.at
