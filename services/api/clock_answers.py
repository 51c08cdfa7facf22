"""What is told of a lead's clocks."""

from __future__ import annotations

from domain.identity import LeadId
from services.api.answers import Answer
from services.derivation import ClockTold


class Clocks(Answer):
    """The clocks of a lead, the latest first."""

    lead: LeadId
    items: list[ClockTold]
