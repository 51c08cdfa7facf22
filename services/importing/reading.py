"""Read a CSV file row by row; whatever is wrong with a row is told with its line, and the rest is read on."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

LINE_LIMIT_CHARACTERS = 32 * 1024 * 1024
FIELD_LIMIT_CHARACTERS = 131_072


class FileTrouble(Exception):
    """The file as a whole cannot be read; the message says what to change."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the file, under the names of its columns."""

    line: int
    fields: dict[str, str]


@dataclass(frozen=True, slots=True)
class Rejected:
    """What was not imported, where it stands, and why."""

    line: int
    field: str
    reason: str
    reference: str = ""
    recorded: str = ""
    """What of the row had been recorded before it was refused."""


class Reader(Protocol):
    """A reader of the csv module, which gives its type no public name."""

    @property
    def line_num(self) -> int:
        """How many lines were read."""
        ...

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


class CsvFile:
    """A file whose first line names its columns."""

    def __init__(self, path: Path, *, encoding: str = "utf-8-sig", delimiter: str = ",") -> None:
        """Raises FileTrouble where the header cannot be read."""
        self.path = path
        self._encoding = encoding
        self._delimiter = delimiter
        csv.field_size_limit(FIELD_LIMIT_CHARACTERS)
        with self._opened() as text:
            self.columns = self._header(self._reader(text))

    def rows(self) -> Iterator[Row | Rejected]:
        """Every row, or why it cannot be read."""
        with self._opened() as text:
            reader = self._reader(text)
            self._header(reader)
            while True:
                first_line = reader.line_num + 1
                try:
                    fields = next(reader)
                except StopIteration:
                    return
                except csv.Error as broken:
                    yield Rejected(first_line, "", self._said(broken, first_line, reader.line_num))
                    continue
                if fields:  # An empty line is no row.
                    yield self._checked(first_line, fields)

    def _opened(self) -> TextIO:
        try:
            # Bytes that are no text in this encoding come through marked, so that their row can be named.
            return self.path.open(encoding=self._encoding, errors="surrogateescape", newline="")
        except OSError as refused:
            raise FileTrouble(f"{self.path} cannot be read: {refused.strerror}.") from None

    def _reader(self, text: TextIO) -> Reader:
        if self._delimiter in '\r\n"':
            raise FileTrouble(f"{self._delimiter!r} cannot separate columns; say another --delimiter.")
        return csv.reader(self._lines(text), delimiter=self._delimiter, strict=True)

    def _lines(self, text: TextIO) -> Iterator[str]:
        number = 0
        try:
            while line := text.readline(LINE_LIMIT_CHARACTERS):
                number += 1
                if len(line) == LINE_LIMIT_CHARACTERS:
                    raise FileTrouble(
                        f"{self.path}, line {number}: longer than {LINE_LIMIT_CHARACTERS:,} characters. "
                        "This is no CSV file, or its lines end in a way we do not know."
                    )
                yield line
        except UnicodeError as wrong:
            raise FileTrouble(
                f"{self.path}, after line {number}: not {self._encoding} ({wrong}); say the right --encoding."
            ) from None

    def _header(self, reader: Iterator[list[str]]) -> list[str]:
        try:
            header = [name.strip() for name in next(reader)]
        except StopIteration:
            raise FileTrouble(f"{self.path} is empty; its first line must name the columns.") from None
        except csv.Error as broken:
            raise FileTrouble(f"{self.path}, line 1: the names of the columns cannot be read: {broken}.") from None
        if any("\0" in name for name in header):
            raise FileTrouble(f"{self.path}, line 1: holds NUL bytes; if the file is UTF-16, say --encoding utf-16.")
        if not any(header):
            raise FileTrouble(f"{self.path}, line 1: empty; it must name the columns.")
        if twice := [repr(name) for name, times in Counter(header).items() if times > 1]:
            raise FileTrouble(f"{self.path}, line 1: more than one column is called {', '.join(twice)}; rename one.")
        if len(header) == 1 and (other := next((mark for mark in ";\t|," if mark in header[0]), None)):
            raise FileTrouble(f"{self.path}, line 1: there is only one column; perhaps say --delimiter {other!r}.")
        return header

    def _checked(self, line: int, fields: list[str]) -> Row | Rejected:
        if len(fields) != len(self.columns):
            return Rejected(line, "", f"has {len(fields)} fields where the header names {len(self.columns)} columns")
        for name, value in zip(self.columns, fields, strict=True):
            if "\0" in value:
                return Rejected(line, name, "holds a NUL byte")
            if not value.isascii() and (stray := _stray_byte(value)) is not None:
                told = "UTF-8" if self._encoding == "utf-8-sig" else self._encoding
                return Rejected(line, name, f"is not {told}: byte 0x{stray:02x}; if the whole file is, say --encoding")
        return Row(line, dict(zip(self.columns, fields, strict=True)))

    def _said(self, broken: csv.Error, first_line: int, last_line: int) -> str:
        """The reader's own words, made helpful; rows that a stray quote has swallowed are told as lines."""
        what = str(broken)
        if "field larger" in what:
            what = f"a field is longer than {FIELD_LIMIT_CHARACTERS:,} characters"
        elif "unexpected end of data" in what:
            what = "a quotation mark is opened and never closed"
        elif "expected after" in what:
            what = "there is text after a closing quotation mark"
        if last_line > first_line:
            what += f"; lines {first_line} to {last_line} were read as one row and are not imported"
        return what


def _stray_byte(value: str) -> int | None:
    return next((ord(mark) - 0xDC00 for mark in value if "\udc80" <= mark <= "\udcff"), None)
