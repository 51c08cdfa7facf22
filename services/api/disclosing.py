"""What lies in the vault, as it is told: what it says, or that it was erased, or that it cannot be read."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from adapters.codec import name_of
from adapters.vault import SealBroken, Vault, VaultKeyMissing
from domain.event import Event, Recorded, Sealed, Unreadable

log = logging.getLogger("leadledger.api")

Disclosure = Literal["kept", "erased", "unreadable"]


class Disclosed(NamedTuple):
    """One thing from the vault."""

    state: Disclosure
    text: str | None

    @property
    def fields(self) -> dict[str, Any] | None:
        """Of a contact or a profile."""
        return None if self.text is None else dict(json.loads(self.text))


@dataclass(frozen=True)
class Cursor:
    """A place among the notes on a lead: after this version."""

    version: int


async def disclosed(vault: Vault, seals: Sequence[Sealed]) -> list[Disclosed]:
    """Each of them, checked against the hash that stands on record."""
    try:
        return await _opened(vault, seals)
    except (SealBroken, VaultKeyMissing):
        return [await _opened_alone(vault, seal) for seal in seals]


def noted(events: Sequence[Recorded[Event]], limit: int) -> list[Recorded[Event]]:
    """The first events that somebody typed a note on, and those of which nobody can say whether they bear one."""
    return [one for one in events if isinstance(one.event, Unreadable) or note_of(one.event) is not None][:limit]


async def notes(vault: Vault, events: Sequence[Recorded[Event]]) -> list[dict[str, Any]]:
    """What was typed on each, and on what occasion."""
    seals = [seal for one in events if (seal := note_of(one.event)) is not None]
    texts = dict(zip(seals, await disclosed(vault, seals), strict=True))
    return [_line(one, texts) for one in events]


def note_of(event: Event) -> Sealed | None:
    """The note that was typed on this occasion."""
    note: Sealed | None = getattr(event, "note", None)
    return note


def _line(recorded: Recorded[Event], texts: dict[Sealed, Disclosed]) -> dict[str, Any]:
    event = recorded.event
    seal = note_of(event)
    told = texts[seal] if seal is not None else Disclosed("unreadable", None)
    return {
        "version": recorded.version,
        "at": event.at,
        "recorded_at": recorded.recorded_at,
        "what": name_of(event),
        "who": event.by.id,
        "note": told.text,
        "state": told.state,
    }


async def _opened(vault: Vault, seals: Sequence[Sealed]) -> list[Disclosed]:
    found = await vault.open(seals)
    return [
        Disclosed("kept", found[seal.ref].decode()) if seal.ref in found else Disclosed("erased", None)
        for seal in seals
    ]


async def _opened_alone(vault: Vault, seal: Sealed) -> Disclosed:
    """One row that was tampered with does not hide the others; whoever keeps this running learns of it."""
    try:
        return (await _opened(vault, [seal]))[0]
    except (SealBroken, VaultKeyMissing) as broken:
        log.error("%s", broken)
        return Disclosed("unreadable", None)
