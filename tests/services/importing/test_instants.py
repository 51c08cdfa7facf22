"""A date is read as the file writes it, or not at all."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.importing.instants import Dates, NotAnInstant
from services.importing.mapping import DateOrder

SAO_PAULO = ZoneInfo("America/Sao_Paulo")


@pytest.mark.parametrize(
    ("told", "order", "expected"),
    [
        ("2018-02-26 19:58:54", "iso", "2018-02-26T22:58:54+00:00"),
        ("2018-02-26T19:58:54Z", "iso", "2018-02-26T19:58:54+00:00"),
        ("2018-02-26T19:58+0530", "iso", "2018-02-26T14:28:00+00:00"),
        ("2018-02-26T19:58:54.25-08:00", "iso", "2018-02-27T03:58:54.250000+00:00"),
        ("26/02/2018 7:05", "dmy", "2018-02-26T10:05:00+00:00"),
        ("3.4.2018", "dmy", "2018-04-03T03:00:00+00:00"),
        ("3/4/2018", "mdy", "2018-03-04T03:00:00+00:00"),
    ],
)
def test_an_instant_is_read_in_the_order_and_zone_that_were_said(told: str, order: DateOrder, expected: str) -> None:
    assert Dates(order, SAO_PAULO).read(told).at.isoformat() == expected


def test_a_date_without_an_hour_is_the_beginning_of_that_day_there() -> None:
    read = Dates("iso", SAO_PAULO).read("2018-05-31")
    assert (read.at, read.day_only) == (datetime(2018, 5, 31, 3, tzinfo=UTC), True)


def test_a_day_that_begins_at_one_begins_then() -> None:
    """On that day the clocks of São Paulo went from 23:59:59 to 01:00:00."""
    assert Dates("iso", SAO_PAULO).read("2017-10-15").at == datetime(2017, 10, 15, 3, tzinfo=UTC)


def test_an_hour_that_came_twice_is_the_first_of_both_and_marked() -> None:
    read = Dates("iso", SAO_PAULO).read("2018-02-17 23:30:00")
    assert (read.at, read.unsure) == (datetime(2018, 2, 18, 1, 30, tzinfo=UTC), True)


@pytest.mark.parametrize(
    ("told", "order", "why"),
    [
        ("03/04/2018", "iso", "can be read two ways; say --dates dmy"),
        ("31/02/2018", "dmy", "no date that exists, read as day/month/year"),
        ("13/31/2018", "dmy", "no date that exists"),
        ("2018-02-30", "iso", "no date that exists, read as year-month-day"),
        ("2018-02-26 25:00", "iso", "no date that exists"),
        ("yesterday", "iso", "is no date; it is read as year-month-day"),
        ("43157", "iso", "is no date"),
        ("0001-01-01", "iso", "before the first year"),
        ("2018-02-26T19:58+99:00", "iso", "no date that exists"),
    ],
)
def test_what_is_no_date_is_told_with_the_way_it_was_read(told: str, order: DateOrder, why: str) -> None:
    zone = ZoneInfo("Asia/Tokyo") if told.startswith("0001") else SAO_PAULO
    with pytest.raises(NotAnInstant, match=why):
        Dates(order, zone).read(told)


def test_without_a_zone_nothing_is_guessed() -> None:
    with pytest.raises(NotAnInstant, match="say whose clock it is: --zone"):
        Dates("iso", None).read("2018-02-26 19:58:54")
