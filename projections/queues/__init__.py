"""What each person has on the plate: the open leads in order of urgency, and those that wait for somebody.

Urgency needs no clock on the wall. In tier 0 somebody waits or was promised something, since or until `attention_at`: a
new lead since it arrived, a reply since it was written, a promise until it falls due; and where a policy sets a
deadline, until that. Tier 1 is quiet: contacted, nothing promised, the longest silence first.
"""

from projections.queues.plates import PLATES, Plate, State, queues
from projections.queues.questions import (
    After,
    Cursor,
    Load,
    Queued,
    counts,
    desk_queue,
    escalations,
    plate_of,
    team_offers,
    team_queue,
)

__all__ = [
    "PLATES",
    "After",
    "Cursor",
    "Load",
    "Plate",
    "Queued",
    "State",
    "counts",
    "desk_queue",
    "escalations",
    "plate_of",
    "queues",
    "team_offers",
    "team_queue",
]
