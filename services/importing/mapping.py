"""A mapping tells which column of somebody else's file means what here."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from commands.command import SourceName
from domain.identity import SLUG

LeadField = Literal[
    "reference",
    "arrived_at",
    "source",
    "team",
    "name",
    "email",
    "phone",
    "company",
    "message",
    "owner",
    "assigned_at",
    "outcome",
    "ended_at",
    "won_at",
    "lost_at",
    "loss_reason",
    "value",
    "currency",
]
FIELDS: tuple[str, ...] = get_args(LeadField)
Meaning = Literal["open", "converted", "lost", "disqualified"]
DateOrder = Literal["iso", "dmy", "mdy"]


class MappingTrouble(Exception):
    """The mapping cannot be used; the message says what to change."""


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no time zone {name!r}; write an IANA name such as Europe/Vienna") from None
    return name


def _known_encoding(name: str) -> str:
    try:
        "".encode(name)
    except LookupError:
        raise ValueError(f"there is no encoding {name!r}; common ones are utf-8, latin-1 and cp1252") from None
    return "utf-8-sig" if name.lower().replace("_", "-") in {"utf-8", "utf8"} else name


class Mapping(BaseModel):
    """Which column means what, and how its dates are written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    system: Annotated[str, StringConstraints(pattern=f"^{SLUG.pattern}$")] = Field(
        description="The name of the system the file comes from; with it a reference becomes a lead's id."
    )
    columns: dict[LeadField, str]
    constants: dict[LeadField, str] = Field(default_factory=dict)
    outcomes: dict[str, Meaning] = Field(default_factory=dict)
    """What each value of the column for `outcome` means."""
    sources: dict[str, SourceName] = Field(default_factory=dict)
    """How a source is called here, where the file does not call it by one word."""
    owners_are_pseudonyms: bool = False
    """Whether owners may stand on record as the file calls them."""
    zone: Annotated[str, AfterValidator(_known_zone)] | None = None
    """Of dates and instants that carry no offset."""
    dates: DateOrder = "iso"
    on: str | None = None
    """The column by which a second file is joined."""
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8-sig"
    delimiter: Annotated[str, StringConstraints(min_length=1, max_length=1)] = ","

    @model_validator(mode="after")
    def says_enough(self) -> Mapping:
        """A lead needs a name that stays the same, and an arrival."""
        told = self.columns.keys() | self.constants.keys()
        if "reference" not in self.columns:
            raise ValueError("name the column that identifies a lead: --map reference=COLUMN")
        if "arrived_at" not in told:
            raise ValueError("name the column that tells when a lead arrived: --map arrived_at=COLUMN")
        if twice := sorted(self.columns.keys() & self.constants.keys()):
            raise ValueError(f"{', '.join(twice)}: give a column or a constant, not both")
        if "outcome" in told and not self.outcomes:
            raise ValueError("say what the outcomes mean: --outcome Won=converted --outcome Lost=lost")
        return self


def read_mapping(file: Path | None, **said: object) -> Mapping:
    """The mapping of a TOML file, with what was said on the command line on top of it. Raises MappingTrouble."""
    told: dict[str, object] = {}
    if file is not None:
        try:
            told = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise MappingTrouble(f"There is no mapping file {file}.") from None
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as broken:
            raise MappingTrouble(f"The mapping file {file} cannot be read: {broken}.") from None
    for name, value in said.items():
        below = told.get(name)
        if isinstance(value, dict):
            told[name] = {**below, **value} if isinstance(below, dict) else value
        elif value is not None:
            told[name] = value
    try:
        return Mapping.model_validate(told)
    except ValidationError as wrong:
        raise MappingTrouble("\n".join(_told(problem["loc"], problem["msg"]) for problem in wrong.errors())) from None


def _told(where: tuple[int | str, ...], what: str) -> str:
    if where == ("system",) and what == "Field required":
        return "Name the system the file comes from: --system NAME. Its references become the ids of the leads."
    if where and where[0] in ("columns", "constants") and len(where) > 1 and where[1] not in FIELDS:
        return f"There is no field {where[1]}; the fields are {', '.join(FIELDS)}."
    if where == ("system",):
        return "--system: a name of small letters, digits, dots, hyphens and underscores, such as oldcrm."
    if where[:1] == ("sources",):
        return f"--source {where[-1]}=NAME: small letters, digits, dots, hyphens and underscores, such as paid-search."
    at = ".".join(str(part) for part in where if part != "[key]")
    what = what.removeprefix("Value error, ")
    return f"{at}: {what}." if at else f"{what[:1].upper()}{what[1:]}."
