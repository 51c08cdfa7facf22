"""The engine under every read model: fold the log in batches, keep the rows and the position together, rebuild beside.

A projection is one file that names its table, a small function per event, and its questions:

    queues = OneRow(name="queues", version=1, table=PLATES, row=Plate)

    @queues.when(LeadAssigned)
    def take_it(row: Plate | None, recorded: Recorded[LeadAssigned]) -> Plate | None: ...
"""

from projections.projector.entries import Entries
from projections.projector.following import Projector
from projections.projector.freshness import Freshness
from projections.projector.log import Log
from projections.projector.one_row import OneRow
from projections.projector.parking import parked, retry
from projections.projector.projection import Projection
from projections.projector.ranges import Ranges
from projections.projector.rebuilding import rebuild
from projections.projector.several_rows import SeveralRows
from projections.projector.shared import ReadOnce
from projections.projector.status import Status, status
from projections.projector.tables import Table

__all__ = [
    "Entries",
    "Freshness",
    "Log",
    "OneRow",
    "Projection",
    "Projector",
    "Ranges",
    "ReadOnce",
    "SeveralRows",
    "Status",
    "Table",
    "parked",
    "rebuild",
    "retry",
    "status",
]
