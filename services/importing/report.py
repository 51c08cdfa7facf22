"""What came of an import: how many leads, what was rejected and why, and what to know before reading reports."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from services.importing.notes import Note
from services.importing.reading import Rejected

Fate = Literal["created", "continued", "unchanged", "refused", "differs"]


@dataclass
class Report:
    """Grows while the import runs."""

    file: str
    second: str | None = None
    dry_run: bool = False
    rows: int = 0
    fates: Counter[Fate] = field(default_factory=Counter)
    events: Counter[str] = field(default_factory=Counter)
    registered: Counter[str] = field(default_factory=Counter)
    """How many sources and people were put on record first."""
    rejected: list[Rejected] = field(default_factory=list)
    differences: list[Rejected] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    seconds: float = 0.0
    complete: bool = False

    @property
    def clean(self) -> bool:
        """Everything the file says is on record now."""
        return self.complete and not self.rejected and not self.differences

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "file": self.file,
            "joined": self.second,
            "dry_run": self.dry_run,
            "complete": self.complete,
            "rows": self.rows,
            "leads": dict(self.fates),
            "events": dict(self.events),
            "registered": dict(self.registered),
            "rejected": [_told(one) for one in self.rejected],
            "differences": [_told(one) for one in self.differences],
            "notes": [
                {"name": note.name, "count": note.count, "sentence": note.sentence, "lines": list(note.lines)}
                for note in self.notes
            ],
            "seconds": round(self.seconds, 3),
        }

    def write_rejects(self, file: Path) -> None:
        """All that was rejected, and all that differs, as CSV."""
        with file.open("w", encoding="utf-8", newline="") as text:
            writer = csv.writer(text)
            writer.writerow(["line", "field", "reference", "reason", "recorded"])
            for one in sorted((*self.rejected, *self.differences), key=lambda one: (one.line, one.field)):
                writer.writerow([one.line, one.field, one.reference, one.reason, one.recorded])


def _told(one: Rejected) -> dict[str, Any]:
    told = {"line": one.line, "field": one.field, "reference": one.reference, "reason": one.reason}
    return told | ({"recorded": one.recorded} if one.recorded else {})
