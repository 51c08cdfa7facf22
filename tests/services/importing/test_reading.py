"""Whatever is wrong with a CSV file is told with its line, and the rest of it is read."""

from pathlib import Path

import pytest

from services.importing.reading import CsvFile, FileTrouble, Rejected, Row


def read(tmp_path: Path, content: bytes, **how: str) -> list[Row | Rejected]:
    file = tmp_path / "leads.csv"
    file.write_bytes(content)
    return list(CsvFile(file, **how).rows())


def rejected(rows: list[Row | Rejected]) -> list[tuple[int, str, str]]:
    return [(one.line, one.field, one.reason) for one in rows if isinstance(one, Rejected)]


def lines(rows: list[Row | Rejected]) -> list[int]:
    return [one.line for one in rows if isinstance(one, Row)]


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    rows = read(tmp_path, b'\xef\xbb\xbfid,note\r\n1,"two\r\nlines"\r\n\r\n2,b\r\n')
    assert rows == [Row(2, {"id": "1", "note": "two\r\nlines"}), Row(5, {"id": "2", "note": "b"})]


def test_a_row_that_is_too_short_or_too_long_is_told_and_the_next_is_read(tmp_path: Path) -> None:
    rows = read(tmp_path, b"id,note\n1\n2,b,c\n3,d\n")
    assert rejected(rows) == [
        (2, "", "has 1 fields where the header names 2 columns"),
        (3, "", "has 3 fields where the header names 2 columns"),
    ]
    assert lines(rows) == [4]


def test_bytes_that_are_no_text_are_told_with_their_field(tmp_path: Path) -> None:
    rows = read(tmp_path, b"id,name\n1,Jos\xe9\n2,Jos\xc3\xa9\n3,a\0b\n")
    assert rejected(rows) == [
        (2, "name", "is not UTF-8: byte 0xe9; if the whole file is, say --encoding"),
        (4, "name", "holds a NUL byte"),
    ]
    assert lines(rows) == [3]


def test_a_field_of_ten_megabytes_costs_one_row(tmp_path: Path) -> None:
    rows = read(tmp_path, b"id,note\n1," + b"x" * 10_000_000 + b"\n2,b\n")
    assert rejected(rows) == [(2, "", "a field is longer than 131,072 characters")]
    assert lines(rows) == [3]


def test_a_quote_that_is_never_closed_tells_which_lines_it_swallowed(tmp_path: Path) -> None:
    rows = read(tmp_path, b'id,note\n1,a\n2,"open\n3,b\n4,c\n')
    assert rejected(rows) == [
        (
            3,
            "",
            "a quotation mark is opened and never closed; lines 3 to 5 were read as one row and are not imported",
        )
    ]
    assert lines(rows) == [2]


def test_text_after_a_closing_quote_is_not_glued_on(tmp_path: Path) -> None:
    rows = read(tmp_path, b'id,note\n1,"a"b\n2,c\n')
    assert rejected(rows) == [(2, "", "there is text after a closing quotation mark")]
    assert lines(rows) == [3]


def test_another_encoding_can_be_named(tmp_path: Path) -> None:
    assert read(tmp_path, "id,name\n1,José\n".encode("latin-1"), encoding="latin-1") == [
        Row(2, {"id": "1", "name": "José"})
    ]
    assert read(tmp_path, "id,name\n1,José\n".encode("utf-16"), encoding="utf-16") == [
        Row(2, {"id": "1", "name": "José"})
    ]


@pytest.mark.parametrize(
    ("content", "how", "why"),
    [
        (b"", {}, "is empty; its first line must name the columns"),
        (b"\n1,2\n", {}, "line 1: empty; it must name the columns"),
        (b"id,name,id\n", {}, "more than one column is called 'id'"),
        (b"id;name\n1;a\n", {}, "only one column; perhaps say --delimiter ';'"),
        ("id,name\n".encode("utf-16"), {}, "holds NUL bytes; if the file is UTF-16"),
        (b"id,name\n", {"encoding": "utf-16"}, "say the right --encoding"),
        (b"id,name\n", {"delimiter": "\n"}, "cannot separate columns"),
    ],
)
def test_a_file_that_cannot_be_read_at_all_says_why(
    tmp_path: Path, content: bytes, how: dict[str, str], why: str
) -> None:
    with pytest.raises(FileTrouble, match=why):
        read(tmp_path, content, **how)


def test_a_line_without_end_is_no_csv_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.importing.reading.LINE_LIMIT_CHARACTERS", 1000)
    with pytest.raises(FileTrouble, match="line 2: longer than 1,000 characters"):
        read(tmp_path, b"id\n" + b"x" * 5000)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileTrouble, match="cannot be read: No such file or directory"):
        CsvFile(tmp_path / "nothing.csv")
