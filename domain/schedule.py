"""What holds from when on: a later word takes the place of what was only scheduled, and never of what held already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, Protocol, TypeVar

Standing = Literal["past", "in_force", "scheduled", "superseded"]
"""`past` held until something else took its place; `superseded` was taken back before it ever held."""


class Dated(Protocol):
    """Something that was told to hold from an instant on."""

    @property
    def effective_from(self) -> datetime:
        """From when on, until something told later takes its place."""
        ...


D = TypeVar("D", bound=Dated)


def held_at(told: Sequence[D], instant: datetime) -> D | None:
    """What holds then: the latest word of all that hold from then or from earlier on.

    `told` stands in the order in which it was told, here and below.
    """
    return next((one for one in reversed(told) if one.effective_from <= instant), None)


def standing(told: Sequence[D]) -> tuple[D, ...]:
    """All that ever hold, in the order from which they do: each until the next one. The others were taken back."""
    stand: list[D] = []
    for one in told:
        while stand and stand[-1].effective_from >= one.effective_from:
            stand.pop()
        stand.append(one)
    return tuple(stand)


def held_from(told: Sequence[D], instant: datetime) -> tuple[D, ...]:
    """What holds then, and all that takes its place later; nothing at all where nothing holds then."""
    held = held_at(told, instant)
    return () if held is None else (held, *(one for one in standing(told) if one.effective_from > instant))


def stands(told: Sequence[D], one: D, instant: datetime) -> Standing:
    """What has become of one of all that was told, at that instant."""
    if all(other is not one for other in standing(told)):
        return "superseded"
    if one.effective_from > instant:
        return "scheduled"
    return "in_force" if held_at(told, instant) is one else "past"
