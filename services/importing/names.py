"""What somebody else's file calls a source or a person, and how it is called here for ever."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from domain.identity import SLUG, PersonId, SourceId

LONGEST = 64


@dataclass
class Names:
    """The names of one import: derived, unless the record already knows better."""

    pseudonym: Callable[[str], PersonId]
    people: dict[str, PersonId] = field(default_factory=dict)
    unusable: dict[tuple[str, str], str] = field(default_factory=dict)
    """Field and value that may not be used, and why."""

    def source(self, told: str) -> SourceId:
        """`Paid Search` is `paid-search`."""
        return source_slug(told)

    def person(self, told: str) -> PersonId:
        """The pseudonym of a person."""
        return self.people.get(told) or self.pseudonym(told)


def source_slug(told: str) -> SourceId:
    """A name fit to be on record: lower case, hyphens; what has no Latin letters is told by a hash."""
    plain = unicodedata.normalize("NFKD", told).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9._]+", "-", plain).strip("-._")
    mark = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    if not slug:
        return SourceId(f"source-{mark}")
    return SourceId(slug if len(slug) <= LONGEST else f"{slug[: LONGEST - 9].rstrip('-._')}-{mark}")


def pseudonyms(fingerprint: Callable[[bytes], bytes], system: str) -> Callable[[str], PersonId]:
    """How people are called.

    What looks like a number (`rep-7`, `4ef15afb`) is a pseudonym already. Anything else may be somebody's name, which
    must not stand in events: it becomes a keyed hash, and the name itself goes to the vault.
    """

    def pseudonym(told: str) -> PersonId:
        if is_pseudonym(told):
            return PersonId(told)
        return PersonId(f"p-{fingerprint(f'person|{system}|{told}'.encode()).hex()[:16]}")

    return pseudonym


def is_pseudonym(told: str) -> bool:
    """Whether this may stand in events for ever."""
    return SLUG.fullmatch(told) is not None and any(mark.isdigit() for mark in told)
