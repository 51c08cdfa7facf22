"""A notice is one message to one person about one event; what became of it is on record beside what it was about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple
from uuid import UUID, uuid5

from domain.event import Event
from domain.identity import LEADLEDGER, PersonId, StreamId, TeamId
from domain.occasion import Occasion
from domain.refusal import Refusal

About = Literal[
    "assignment", "reminder", "escalation", "offer", "claim", "release", "acknowledgement", "digest", "receipt"
]
"""`receipt` goes to the lead itself: that we have what it wrote."""
Medium = Literal["email", "sms"]
WhyNot = Literal["moot", "no_address", "no_consent", "over_budget", "told_already", "has_left"]
"""`moot`: what it was about was seen to before it could be sent. `no_address`: nobody wants it that way."""
WhyFailed = Literal[
    "address_refused",
    "message_refused",
    "opted_out",
    "no_address",
    "template_broken",
    "gave_up",
    "stale",
    "undelivered",
]
"""`gave_up`: it was tried again and again. `stale`: it could not be sent for days. `undelivered`: it was taken, and the
carrier could not deliver it."""
State = Literal["sent", "delivered", "failed", "suppressed"]


class Fate(NamedTuple):
    """What became of a notice."""

    state: State
    about: About
    medium: Medium
    to: PersonId | None
    provider_id: str | None = None
    """What the gateway called it when it took it."""


Fates = Mapping[str, Fate]
"""By the notice's id; one of which nothing is told is still to be sent."""


@dataclass(frozen=True, kw_only=True)
class NoticeAddressed(Event):
    """Whom a notice to several people goes to: who they are was looked up then."""

    cause: int
    """The version of the event that it is about."""
    about: About
    to: tuple[PersonId, ...]


@dataclass(frozen=True, kw_only=True)
class AboutNotice(Event):
    """Something became of a notice."""

    notice: str
    """A UUID."""
    about: About
    medium: Medium
    to: PersonId | None
    """None is the lead itself."""


@dataclass(frozen=True, kw_only=True)
class NoticeSent(AboutNotice):
    """The mail server or the gateway has taken it."""

    tries: int
    """1 where it was taken at once."""
    provider_id: str | None = None
    """What the gateway calls it."""


@dataclass(frozen=True, kw_only=True)
class NoticeDelivered(AboutNotice):
    """The gateway says that it has arrived."""


@dataclass(frozen=True, kw_only=True)
class NoticeFailed(AboutNotice):
    """It will not arrive unless somebody does something about it."""

    reason: WhyFailed
    tries: int
    team: TeamId | None = None
    """Whose lead it was about, or whose person it was for."""


@dataclass(frozen=True, kw_only=True)
class NoticeSuppressed(AboutNotice):
    """It was not sent, on purpose."""

    reason: WhyNot


@dataclass(frozen=True, kw_only=True)
class NoticeRetried(AboutNotice):
    """Somebody wants it to be tried once more."""


Settled = NoticeSent | NoticeDelivered | NoticeFailed | NoticeSuppressed
NoticeEvent = NoticeAddressed | NoticeRetried | Settled
BECAME: dict[type[Settled], State] = {
    NoticeSent: "sent",
    NoticeDelivered: "delivered",
    NoticeFailed: "failed",
    NoticeSuppressed: "suppressed",
}


class NoticeIsNotDead(Refusal):
    """Notice {notice} has not failed, so there is nothing to try again; see GET /notices for those that have."""


def notice_id(stream: StreamId, cause: int | str, to: PersonId | None, medium: Medium) -> UUID:
    """The same message about the same event to the same person is the same notice, whoever asks.

    `cause` is the version of the event, or the day of a digest.
    """
    return uuid5(LEADLEDGER, f"notice:{stream}:{cause}:{'lead' if to is None else f'person:{to}'}:{medium}")


def fates_after(fates: Fates, event: Settled | NoticeRetried) -> Fates:
    """What became of each notice, after this event."""
    if isinstance(event, NoticeRetried):
        return {notice: fate for notice, fate in fates.items() if notice != event.notice}
    known = fates.get(event.notice)
    provider_id = event.provider_id if isinstance(event, NoticeSent) else known.provider_id if known else None
    return {**fates, event.notice: Fate(BECAME[type(event)], event.about, event.medium, event.to, provider_id)}


def settle(fates: Fates, what: Settled) -> list[Settled]:
    """One outcome a notice; only what was sent can be delivered, or turn out never to arrive."""
    known = fates.get(what.notice)
    later = isinstance(what, NoticeDelivered) or (isinstance(what, NoticeFailed) and what.reason == "undelivered")
    wanted = "sent" if later else None
    return [what] if (known.state if known else None) == wanted else []


def retry(fates: Fates, notice: str, on: Occasion) -> list[NoticeRetried]:
    """A dead letter is tried again because somebody says so, who put something right."""
    fate = fates.get(notice)
    if fate is None or fate.state != "failed":
        raise NoticeIsNotDead(notice=notice)
    return [NoticeRetried(notice=notice, about=fate.about, medium=fate.medium, to=fate.to, at=on.at, by=on.by)]
