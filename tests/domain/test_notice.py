"""A notice has one fate; what was sent may yet arrive or not; what failed may be tried again."""

from typing import Any
from uuid import UUID

import pytest

from domain.identity import StreamId
from domain.notice import (
    Fate,
    NoticeDelivered,
    NoticeFailed,
    NoticeIsNotDead,
    NoticeRetried,
    NoticeSent,
    NoticeSuppressed,
    Settled,
    fates_after,
    notice_id,
    retry,
    settle,
)
from tests.support.story import ANNA, BEN, BY_MANAGER, BY_SERVICE, NINE, TEN, on

WHAT: dict[str, Any] = {"notice": "n", "about": "reminder", "medium": "sms", "to": ANNA, "at": NINE, "by": BY_SERVICE}
SENT = NoticeSent(**WHAT, tries=2, provider_id="SM1")
DELIVERED = NoticeDelivered(**WHAT)
REFUSED = NoticeFailed(**WHAT, reason="address_refused", tries=1)
UNDELIVERED = NoticeFailed(**WHAT, reason="undelivered", tries=1)
MOOT = NoticeSuppressed(**WHAT, reason="moot")
STREAM = StreamId(UUID(int=7))


def told(*events: Settled | NoticeRetried) -> dict[str, Fate]:
    fates: dict[str, Fate] = {}
    for event in events:
        fates = dict(fates_after(fates, event))
    return fates


@pytest.mark.parametrize("first", [SENT, REFUSED, MOOT])
@pytest.mark.parametrize("second", [SENT, REFUSED, MOOT])
def test_a_notice_is_settled_once(first: Settled, second: Settled) -> None:
    assert settle({}, first) == [first]
    assert settle(told(first), second) == []


def test_what_became_of_it_says_of_what_and_to_whom() -> None:
    assert told(SENT) == {"n": Fate("sent", "reminder", "sms", ANNA, "SM1")}
    assert told(SENT, DELIVERED) == {"n": Fate("delivered", "reminder", "sms", ANNA, "SM1")}
    assert told(REFUSED)["n"].provider_id is None
    assert told(REFUSED)["n"].state == "failed"
    assert told(MOOT)["n"].state == "suppressed"


@pytest.mark.parametrize("later", [DELIVERED, UNDELIVERED])
def test_only_what_was_sent_arrives_or_does_not(later: Settled) -> None:
    assert settle(told(SENT), later) == [later]
    assert settle({}, later) == []
    for other in (REFUSED, MOOT):
        assert settle(told(other), later) == []
    assert settle(told(SENT, DELIVERED), later) == []


def test_other_notices_stay_what_they_are() -> None:
    other = NoticeSent(**WHAT | {"notice": "m"}, tries=1)
    assert settle(told(SENT), other) == [other]
    retried = NoticeRetried(notice="n", about="reminder", medium="sms", to=ANNA, at=TEN, by=BY_MANAGER)
    assert told(other, REFUSED, retried) == told(other)


@pytest.mark.parametrize("failed", [REFUSED, UNDELIVERED])
def test_what_failed_is_tried_again_when_somebody_says_so(failed: Settled) -> None:
    fates = told(SENT, failed)
    retried = NoticeRetried(notice="n", about="reminder", medium="sms", to=ANNA, at=TEN, by=BY_MANAGER)
    assert retry(fates, "n", on(TEN, BY_MANAGER)) == [retried]
    assert settle(fates_after(fates, retried), SENT) == [SENT]


@pytest.mark.parametrize("fates", [{}, told(SENT), told(MOOT), told(SENT, DELIVERED)])
def test_what_has_not_failed_is_not_tried_again(fates: dict[str, Fate]) -> None:
    with pytest.raises(NoticeIsNotDead) as refused:
        retry(fates, "n", on(TEN, BY_MANAGER))
    assert refused.value.sentence == (
        "Notice n has not failed, so there is nothing to try again; see GET /notices for those that have."
    )


def test_the_same_message_has_the_same_id_and_no_other_has_it() -> None:
    one = notice_id(STREAM, 3, ANNA, "email")
    assert one == notice_id(StreamId(UUID(int=7)), 3, ANNA, "email")
    assert one.version == 5
    others = [
        notice_id(StreamId(UUID(int=8)), 3, ANNA, "email"),
        notice_id(STREAM, 4, ANNA, "email"),
        notice_id(STREAM, 3, BEN, "email"),
        notice_id(STREAM, 3, None, "email"),
        notice_id(STREAM, 3, ANNA, "sms"),
    ]
    assert len({one, *others}) == 6
    assert str(one) == "9732e7cd-d2a9-535f-b6cd-9cb5cdbfc977"
    assert str(others[3]) == "d22d75a6-fd68-5651-af5b-5b1191dd0451"
