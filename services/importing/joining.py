"""Two files read as one: each row of the first with the row of the second that has the same key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from services.importing.mapping import Mapping
from services.importing.reading import CsvFile, FileTrouble, Rejected, Row

JOINED = "joined."
"""Before the name of a column of the second file that the first one has too."""


@dataclass
class Source:
    """The rows to import, from one file or two."""

    main: CsvFile
    on: str | None = None
    second: CsvFile | None = None
    joined: dict[str, dict[str, str]] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """Where in the second file each key stands."""
    troubles: list[Rejected] = field(default_factory=list)
    """What is wrong with the second file."""

    @classmethod
    def open(cls, file: Path, second: Path | None, mapping: Mapping) -> Source:
        """Read the headers, and the second file whole. Raises FileTrouble."""
        main = CsvFile(file, encoding=mapping.encoding, delimiter=mapping.delimiter)
        if second is None:
            source = cls(main)
        elif mapping.on is None:
            raise FileTrouble(f"Say which column {file} and {second} have in common: --on COLUMN.")
        else:
            source = cls(main, mapping.on, CsvFile(second, encoding=mapping.encoding, delimiter=mapping.delimiter))
            source._read_second(mapping.on)
        source._check_columns(list(mapping.columns.values()))
        return source

    def rows(self) -> Iterator[Row | Rejected]:
        """Every row of the first file, with what the second adds to it."""
        empty = dict.fromkeys(self._added(), "")
        for row in self.main.rows():
            if isinstance(row, Row) and self.on is not None:
                yield Row(row.line, {**row.fields, **self.joined.get(row.fields[self.on], empty)})
            else:
                yield row

    def without_partner(self) -> list[int]:
        """The lines of the second file that belong to no row of the first."""
        if self.on is None:
            return []
        met = {row.fields[self.on] for row in self.main.rows() if isinstance(row, Row)}
        return sorted(line for key, line in self.lines.items() if key not in met)

    def _added(self) -> list[str]:
        return [self._called(name) for name in self.second.columns if name != self.on] if self.second else []

    def _called(self, column: str) -> str:
        return f"{JOINED}{column}" if column in self.main.columns else column

    def _read_second(self, on: str) -> None:
        assert self.second is not None  # noqa: S101 - the only caller has just opened it
        for file in (self.main, self.second):
            if on not in file.columns:
                raise FileTrouble(f"{file.path} has no column {on!r} to join on; it has {_list(file.columns)}.")
        for row in self.second.rows():
            if isinstance(row, Rejected):
                self.troubles.append(row)
            elif (key := row.fields[on]) in self.lines:
                why = f"the same key as in line {self.lines[key]}, which was taken"
                self.troubles.append(Rejected(row.line, on, why))
            else:
                self.lines[key] = row.line
                self.joined[key] = {self._called(name): value for name, value in row.fields.items() if name != on}

    def _check_columns(self, wanted: Sequence[str]) -> None:
        there = [*self.main.columns, *self._added()]
        if missing := [repr(name) for name in wanted if name not in there]:
            raise FileTrouble(
                f"{self.main.path} has no column {', '.join(missing)}; there {'is' if len(there) == 1 else 'are'} "
                f"{_list(there)}."
            )


def _list(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
