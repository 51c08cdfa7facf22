"""The domain declines: a state of affairs in which what was asked may not be done."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain.event import Declined


class Refusal(Exception):
    """What was asked may not be done now."""

    on_record: Declined | None = None
    """That it was asked and refused, where that is worth knowing: the desk puts it on record before it refuses."""

    def __init__(self, **about: object) -> None:
        self.about = {name: _told(value) for name, value in about.items() if value is not None}
        self._said = {name: _said(value) for name, value in about.items() if value is not None}
        super().__init__(self.sentence)

    @property
    def name(self) -> str:
        """The state of affairs, as one word: `LeadIsClosed`."""
        return type(self).__name__

    @property
    def sentence(self) -> str:
        """What the user reads: the docstring of the refusal with its particulars filled in."""
        return " ".join((type(self).__doc__ or self.name).split()).format_map(_Particulars(self._said))


def _said(value: object) -> str:
    """As a person reads it: `2026-03-02 09:00 UTC`, with seconds where it is not on the minute."""
    if not isinstance(value, datetime):
        return str(value)
    here = value.astimezone(UTC)
    return f"{here:%Y-%m-%d %H:%M:%S} UTC" if here.second or here.microsecond else f"{here:%Y-%m-%d %H:%M} UTC"


def _told(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


class _Particulars(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "(unknown)"
