"""Who did what, one sentence an event: when it happened, when it was recorded, in which role, by which key."""

from projections.timeline.entries import Entry, timeline
from projections.timeline.questions import Cursor, Order, Told, page
from projections.timeline.sentences import lead as _lead
from projections.timeline.sentences import notices as _notices
from projections.timeline.sentences import organisation as _organisation
from projections.timeline.sentences import policies as _policies

# Imported for their sentences, which they hand to the projection.
SENTENCES = (_lead, _notices, _organisation, _policies)

__all__ = ["SENTENCES", "Cursor", "Entry", "Order", "Told", "page", "timeline"]
