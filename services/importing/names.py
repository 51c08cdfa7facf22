"""What somebody else's file calls a lead, a source or a person, and how it is called here for ever."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from domain.identity import OURS, SLUG, Fingerprint, LeadId, PersonId, SourceId, lead_known_elsewhere_as

ONE_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
"""What a channel is called. In two words there is room for a person's name, and in an address there is an @."""
LIKE_A_PHONE_NUMBER = re.compile(r"(?:[0-9][._-]*){7,15}")


@dataclass
class Names:
    """The names of one import: derived, unless somebody said them or the record already knows better."""

    system: str
    fingerprint: Fingerprint
    sources: Mapping[str, SourceId] = field(default_factory=dict)
    """What was said by hand."""
    owners_are_pseudonyms: bool = False
    services: frozenset[str] = frozenset()
    """What no person may be called."""
    people: dict[str, PersonId] = field(default_factory=dict)
    """Who is on record under the very name that the file has."""
    unusable: dict[tuple[str, str], str] = field(default_factory=dict)
    """Field and value that may not be used, and why."""

    def lead(self, reference: str) -> LeadId:
        """The id of a lead."""
        return lead_known_elsewhere_as(self.system, reference, self.fingerprint)

    def source(self, told: str) -> SourceId:
        """As it was said by hand; else `Paid Search` is `paid-search`."""
        return self.sources.get(told) or source_slug(told)

    def person(self, told: str) -> PersonId:
        """A keyed hash, since whatever stands in a file may be somebody's name, which must not stand in events."""
        if known := self.people.get(told):
            return known
        if self.owners_are_pseudonyms:
            return PersonId(told)
        return PersonId(f"p-{self.fingerprint(f'person|{self.system}|{told}'.encode()).hex()[:16]}")

    def why_not(self, field: Literal["source", "owner"], told: str) -> str | None:
        """What keeps a row with this value from being imported."""
        if found := self.unusable.get((field, told)):
            return found
        if field == "owner":
            return self.why_no_owner(told)
        return None if SLUG.fullmatch(self.source(told)) else self.why_no_new_source(told)

    def why_no_new_source(self, told: str) -> str | None:
        """What keeps a value from becoming the name of a source that is not on record yet."""
        if told in self.sources or (ONE_WORD.fullmatch(told) and not LIKE_A_PHONE_NUMBER.fullmatch(told)):
            return None
        return (
            f"{told!r} is not one word, as channels are called, so it may be about a person; say what it is called "
            f"here: --source {told!r}=NAME"
        )

    def why_no_owner(self, told: str) -> str | None:
        """What keeps a value from being taken as the pseudonym that it is said to be."""
        if not self.owners_are_pseudonyms:
            return None
        if told in OURS | self.services:
            return "is what a service is called, and no person"
        if SLUG.fullmatch(told) and not LIKE_A_PHONE_NUMBER.fullmatch(told):
            return None
        return (
            "is no pseudonym (small letters, digits, dots, hyphens and underscores, and no telephone number); without "
            "--owners-are-pseudonyms it becomes a keyed hash"
        )


def source_slug(told: str) -> SourceId:
    """A name fit to be on record: lower case, hyphens. Of what has no Latin letters nothing is left."""
    plain = unicodedata.normalize("NFKD", told).encode("ascii", "ignore").decode().lower()
    return SourceId(re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._"))
