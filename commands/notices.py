"""What the notifier asks of the desk: to whom a notice goes, what became of it, and that it be tried again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from commands.command import PersonName, ProviderId, Surroundings
from commands.lead import LeadCommand
from commands.people import PersonCommand
from domain import person as people
from domain.access import Action
from domain.event import Event
from domain.identity import TeamId
from domain.lead import consent, notices
from domain.lead.events import LeadEvent
from domain.lead.state import Lead
from domain.notice import (
    About,
    Medium,
    NoticeDelivered,
    NoticeFailed,
    NoticeSent,
    NoticeSuppressed,
    Settled,
    WhyFailed,
    WhyNot,
)
from domain.occasion import Occasion

MOST_ADDRESSEES = 500


class GiveConsent(LeadCommand):
    """Tell that the lead lets us send it messages this way."""

    action: ClassVar[Action] = "lead.consent"

    medium: Medium

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/consent.py."""
        return consent.give(state, self.medium, on)


class WithdrawConsent(LeadCommand):
    """Tell that the lead wants no more messages this way from machines."""

    action: ClassVar[Action] = "lead.consent"

    medium: Medium

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/consent.py."""
        return consent.withdraw(state, self.medium, on)


class NoticeCommand(LeadCommand):
    """A wish about a notice: no deed, so no clock hears of it."""

    action: ClassVar[Action] = "lead.notify"

    def decide(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """What happens, and nothing besides."""
        return self.deeds(state, on, around)


class AddressNotice(NoticeCommand):
    """Tell to whom a notice to several people goes."""

    cause: Annotated[int, Field(ge=1)]
    about: About
    to: Annotated[tuple[PersonName, ...], Field(max_length=MOST_ADDRESSEES)]

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/notices.py."""
        return notices.address(state, self.cause, self.about, self.to, on)


class RetryNotice(NoticeCommand):
    """Try a notice again that had failed, now that something was put right."""

    action: ClassVar[Action] = "lead.retry_notice"

    notice: UUID

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/notices.py."""
        return notices.try_again(state, str(self.notice), on)


class Fate(BaseModel):
    """What became of a notice."""

    notice: UUID
    about: About
    medium: Medium
    to: PersonName | None = None
    became: Literal["sent", "delivered", "failed", "suppressed"]
    tries: Annotated[int, Field(ge=1)] = 1
    provider_id: ProviderId | None = None
    why_failed: WhyFailed | None = None
    why_not: WhyNot | None = None

    @model_validator(mode="after")
    def a_reason_where_one_is_due(self) -> Fate:
        """What did not go out has a reason, and only that."""
        if (self.became == "failed") != (self.why_failed is not None):
            raise ValueError("what failed, and only that, has `why_failed`")
        if (self.became == "suppressed") != (self.why_not is not None):
            raise ValueError("what was suppressed, and only that, has `why_not`")
        return self

    def told(self, team: TeamId | None, on: Occasion) -> Settled:
        """As it stands in the event."""
        notice, about, medium, to = str(self.notice), self.about, self.medium, self.to
        if self.why_failed is not None:
            return NoticeFailed(
                notice=notice, about=about, medium=medium, to=to, at=on.at, by=on.by,
                reason=self.why_failed, tries=self.tries, team=team,
            )  # fmt: skip
        if self.why_not is not None:
            return NoticeSuppressed(
                notice=notice, about=about, medium=medium, to=to, at=on.at, by=on.by, reason=self.why_not
            )
        if self.became == "delivered":
            return NoticeDelivered(notice=notice, about=about, medium=medium, to=to, at=on.at, by=on.by)
        return NoticeSent(
            notice=notice, about=about, medium=medium, to=to, at=on.at, by=on.by,
            tries=self.tries, provider_id=self.provider_id,
        )  # fmt: skip


class SettleNotice(Fate, NoticeCommand):
    """Tell what became of a notice about a lead."""

    def deeds(self, state: Lead, on: Occasion, around: Surroundings) -> Sequence[LeadEvent]:
        """See domain/lead/notices.py."""
        return notices.record(state, self.told(state.team, on), on)


class SettleDigest(Fate, PersonCommand):
    """Tell what became of somebody's daily digest."""

    action: ClassVar[Action] = "lead.notify"

    def decide(self, state: people.Person, on: Occasion, around: Surroundings) -> Sequence[Event]:
        """See domain/person.py."""
        return people.record_notice(state, self.person, self.told(state.team, on))
