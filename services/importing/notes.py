"""What an importer should know about a file before believing a report made from it: traps found in the data."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from services.importing.names import Names
from services.importing.rows import Plan

LINES_SHOWN = 10
LATE_START = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Note:
    """One trap, in a sentence, and the lines it was found in where it concerns single rows."""

    name: str
    count: int
    sentence: str
    lines: tuple[int, ...] = ()


@dataclass
class Lookout:
    """Sees every row that can be imported, and keeps what is needed to tell of the traps."""

    names: Names
    rows: int = 0
    ended_before_arrival: list[int] = field(default_factory=list)
    assigned_after_end: list[int] = field(default_factory=list)
    without_hour: int = 0
    unsure: list[int] = field(default_factory=list)
    without_source: list[int] = field(default_factory=list)
    value_not_won: list[int] = field(default_factory=list)
    owned: Counter[str] = field(default_factory=Counter)
    endings: Counter[str] = field(default_factory=Counter)
    written: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    first_arrival: datetime | None = None
    first_ending: datetime | None = None
    seconds_to_end: list[float] = field(default_factory=list)

    def see(self, plan: Plan) -> None:
        """Take one row into account."""
        self.rows += 1
        arrived, ended = plan.arrived, plan.ended
        self.endings[plan.ending] += 1
        self.first_arrival = min(self.first_arrival or arrived.at, arrived.at)
        self.without_hour += arrived.day_only
        if arrived.unsure or (ended and ended.unsure):
            self.unsure.append(plan.line)
        if plan.source is None:
            self.without_source.append(plan.line)
        else:
            self.written[self.names.source(plan.source)].add(plan.source)
        if plan.owner is not None:
            self.owned[plan.ending] += 1
        if plan.has_value and plan.ending != "converted":
            self.value_not_won.append(plan.line)
        at = {step.name: step.command.at for step in plan.steps}
        end = next((at[name] for name in ("convert", "lose", "disqualify") if name in at), None)
        if end is not None:
            self.first_ending = min(self.first_ending or end, end)
            self.seconds_to_end.append((end - arrived.at).total_seconds())
            if end < arrived.at:
                self.ended_before_arrival.append(plan.line)
            if (assigned := at.get("assign")) is not None and assigned > max(end, arrived.at):
                self.assigned_after_end.append(plan.line)

    def notes(self) -> Iterator[Note]:
        """Every trap that was found."""
        yield from self._about_instants()
        yield from self._about_what_is_missing()
        for slug, written in sorted(self.written.items()):
            if len(written) > 1:
                told = ", ".join(repr(one) for one in sorted(written))
                yield Note("sources_merged", len(written), f"{told} are all imported as the source {slug}.")
        if self.value_not_won:
            yield _of_lines(
                "value_not_won", self.value_not_won, "with a value but no win; a lead has a value once it is converted"
            )

    def _about_instants(self) -> Iterator[Note]:
        if self.ended_before_arrival:
            yield _of_lines(
                "ended_before_arrival",
                self.ended_before_arrival,
                "ended before arriving; imported as the file says, and no time to an ending can be read from there",
            )
        if self.assigned_after_end:
            yield _of_lines("assigned_after_end", self.assigned_after_end, "assigned after the end")
        if self.without_hour:
            yield Note(
                "arrived_without_hour",
                self.without_hour,
                f"{_rows(self.without_hour)} with the day of arrival but no hour; the leads are dated by the day, and "
                "response times cannot be read from them.",
            )
        if self.unsure:
            yield _of_lines(
                "clocks_were_set",
                self.unsure,
                "in an hour that came twice, or never, when the clocks were set; the earlier one is taken",
            )
        late = self._endings_start_late()
        if late:
            yield late

    def _endings_start_late(self) -> Note | None:
        if self.first_arrival is None or self.first_ending is None:
            return None
        gap = self.first_ending - self.first_arrival
        usual = timedelta(seconds=max(0.0, median(self.seconds_to_end)))
        if gap <= max(LATE_START, 2 * usual):
            return None
        return Note(
            "endings_start_late",
            gap.days,
            f"The first ending is on {self.first_ending:%Y-%m-%d}, {gap.days} days after the first arrival, though "
            f"half of all endings come within {usual.days} days: earlier ones seem to be missing, and the leads before "
            "that look worse than they were.",
        )

    def _about_what_is_missing(self) -> Iterator[Note]:
        if self.without_source and len(self.without_source) < self.rows:
            yield _of_lines("without_source", self.without_source, "without a source; so are their leads")
        won, others = self.endings["converted"], self.rows - self.endings["converted"]
        if won and others and self.owned["converted"] and self.owned.total() == self.owned["converted"]:
            yield Note(
                "owners_of_won_only",
                self.owned["converted"],
                f"An owner is known for {self.owned['converted']:,} of {won:,} won leads and for none of the "
                f"{others:,} others: no rate per person can be read from this file.",
            )


def told_lines(lines: list[int]) -> str:
    """Where something was found; of many lines the first ones."""
    shown = ", ".join(map(str, lines[:LINES_SHOWN]))
    more = f" and {len(lines) - LINES_SHOWN:,} more" if len(lines) > LINES_SHOWN else ""
    return f"line{'s' if len(lines) > 1 else ''} {shown}{more}"


def _of_lines(name: str, lines: list[int], what: str) -> Note:
    return Note(name, len(lines), f"{_rows(len(lines))} {what} ({told_lines(lines)}).", tuple(lines))


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"
