"""A text message is taken, or it is said why not: later, or never; and only who knows the token can tell us more."""

import asyncio
import contextlib
import socket
import threading
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException  # type: ignore[import-untyped]
from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]
from twilio.rest import Client  # type: ignore[import-untyped]

from adapters.delivery import LONGEST_WAIT_SECONDS, Never, NotNow
from adapters.gsm import places, segments
from adapters.sms import LONGEST_ANSWER_BYTES, LONGEST_TEXT, Sms, SmsGateway, is_signed
from tests.support.sms_gateway import DROP, HANG, TAKE_AND_DROP, TAKE_AND_HANG, Raw, Refusal, TextGateway

BOB, ANN = "+4915112345678", "+4915187654321"
TEXT = "Please call Ada until 16:35."
KEY = "5d0b8f5e-7a54-4c1e-8d6a-0b1f8f6c2a10"
MESSAGING_SERVICE = "MG" + "0f" * 16


@pytest.fixture
def gateway() -> Iterator[TextGateway]:
    with TextGateway() as gateway:
        yield gateway


@pytest.fixture
async def sms(gateway: TextGateway) -> AsyncIterator[Sms]:
    async with Sms(settings_for(gateway)) as sms:
        yield sms


def settings_for(gateway: TextGateway, **differently: object) -> SmsGateway:
    plain = SmsGateway(
        account_sid=gateway.account_sid, auth_token=gateway.auth_token, sender="+15005550006", base_url=gateway.url
    )
    return replace(plain, **differently)  # type: ignore[arg-type]


async def trouble(sms: Sms) -> NotNow:
    with pytest.raises(NotNow) as refused:
        await sms.send(BOB, TEXT, key=KEY)
    return refused.value


async def refusal(sms: Sms, to: str = BOB, text: str = TEXT) -> str:
    with pytest.raises(Never) as refused:
        await sms.send(to, text, key=KEY)
    return refused.value.reason


async def test_a_message_that_is_taken_has_a_name(gateway: TextGateway, sms: Sms) -> None:
    sid = await sms.send("+49 (151) 123-456.78", "Zoë: 16:35 👍", key=KEY, callback="https://ledger.example/sms/7")
    (kept,) = gateway.messages
    assert kept.sid == sid
    assert kept.form == {
        "To": BOB,
        "From": "+15005550006",
        "Body": "Zoë: 16:35 👍",
        "StatusCallback": "https://ledger.example/sms/7",
    }
    assert kept.key == KEY


async def test_a_messaging_service_chooses_the_sender(gateway: TextGateway) -> None:
    usual = settings_for(gateway, sender=MESSAGING_SERVICE, callback_url="https://ledger.example/sms")
    async with Sms(usual) as sms:
        await sms.send(BOB, TEXT, key=KEY)
        await sms.send(BOB, TEXT, key=KEY, callback="https://ledger.example/sms/7")
    first, second = gateway.messages
    assert "From" not in first.form
    assert first.form["MessagingServiceSid"] == MESSAGING_SERVICE
    assert [one.form["StatusCallback"] for one in (first, second)] == [
        "https://ledger.example/sms",
        "https://ledger.example/sms/7",
    ]


@pytest.mark.parametrize(
    ("answer", "reason", "perhaps_taken"),
    [
        (Refusal(429, 20429), "refused_for_now", False),
        (Refusal(429, 21610), "refused_for_now", False),
        (Refusal(500, 20500), "refused_for_now", True),
        (Refusal(502), "refused_for_now", True),
        (Refusal(503, 20503), "refused_for_now", False),
        (Refusal(400, 21611), "refused_for_now", False),
        (Refusal(400, 99999), "refused_for_now", False),
        (Refusal(400, 21606), "not_configured_right", False),
        (Refusal(401, 20003), "not_configured_right", False),
        (Refusal(403, 20005), "not_configured_right", False),
        (Refusal(404, 20404), "not_configured_right", False),
        (Refusal(302, None, {"Location": "http://127.0.0.1:1/"}), "not_configured_right", False),
        (Raw(b""), "not_understood", True),
        (Raw(b"OK"), "not_understood", True),
        (Raw(b"[1, 2]"), "not_understood", True),
        (Raw(b'{"sid": 7}'), "not_understood", True),
        (Raw(b'{"sid": "ada@example.com"}'), "not_understood", True),
        (Raw(b"[" * 20_000), "not_understood", True),
        (Raw(b'{"sid": "SM1"}' + b" " * LONGEST_ANSWER_BYTES), "not_understood", True),
        (Raw(b"\xff\xfe{"), "not_understood", True),
        (Raw(b"no zip at all", headers={"Content-Encoding": "gzip"}), "not_understood", True),
        (DROP, "unreachable", True),
        (TAKE_AND_DROP, "unreachable", True),
    ],
)
async def test_what_may_work_later(
    gateway: TextGateway, sms: Sms, answer: Refusal | Raw | str, reason: str, perhaps_taken: bool
) -> None:
    gateway.when(BOB, then=answer, times=1)
    told = await trouble(sms)
    assert (told.reason, told.perhaps_taken, told.retry_after_seconds) == (reason, perhaps_taken, None)
    before = len(gateway.messages)
    await sms.send(BOB, TEXT, key=KEY)
    assert len(gateway.messages) == before + 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Refusal(400, 21211), "address_refused"),
        (Refusal(400, 21408), "address_refused"),
        (Refusal(403, 21408), "address_refused"),
        (Refusal(400, 21610), "opted_out"),
        (Refusal(400, 21614), "address_refused"),
        (Refusal(400, 21635), "address_refused"),
        (Refusal(400, 21617), "message_refused"),
        (Raw(b'{"sid": "SM1", "status": "failed", "error_code": 21610}'), "opted_out"),
        (Raw(b'{"sid": "SM1", "status": "undelivered", "error_code": 30007}'), "message_refused"),
    ],
)
async def test_what_will_never_work(gateway: TextGateway, sms: Sms, answer: Refusal | Raw, reason: str) -> None:
    gateway.when(BOB, then=answer)
    assert await refusal(sms) == reason
    await sms.send(ANN, TEXT, key=KEY)
    assert gateway.messages[-1].to == ANN


@pytest.mark.parametrize(
    "number", ["", "015112345678", "+0151123456", "+49", "+491511234567890123", "bob@example.com", "+49151x2345678"]
)
async def test_what_is_no_number_is_never_tried(gateway: TextGateway, sms: Sms, number: str) -> None:
    assert await refusal(sms, to=number) == "address_refused"
    assert gateway.requests == 0


@pytest.mark.parametrize("text", ["", " \n", "x" * (LONGEST_TEXT + 1)])
async def test_what_no_gateway_takes_is_never_tried(gateway: TextGateway, sms: Sms, text: str) -> None:
    assert await refusal(sms, text=text) == "message_refused"
    assert gateway.requests == 0


@pytest.mark.parametrize("answer", [HANG, TAKE_AND_HANG])
async def test_a_gateway_that_says_nothing_does_not_hold_us(gateway: TextGateway, answer: str) -> None:
    gateway.when(BOB, then=answer)
    async with Sms(settings_for(gateway, timeout_seconds=0.8)) as sms, asyncio.timeout(10):
        told = await trouble(sms)
    assert (told.reason, told.perhaps_taken) == ("timed_out", True)


async def test_where_nobody_listens_nothing_was_taken(gateway: TextGateway, sms: Sms) -> None:
    gateway.shut()
    told = await trouble(sms)
    assert (told.reason, told.perhaps_taken) == ("unreachable", False)
    gateway.open()
    await sms.send(BOB, TEXT, key=KEY)


async def test_where_nobody_picks_up_nothing_was_taken(gateway: TextGateway) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as busy, contextlib.ExitStack() as queue:
        # Its line is full, so that nobody is even told to wait.
        for _ in range(4):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(busy.getsockname())
        nowhere = f"http://127.0.0.1:{busy.getsockname()[1]}"
        async with Sms(settings_for(gateway, base_url=nowhere, timeout_seconds=0.4)) as sms, asyncio.timeout(10):
            told = await trouble(sms)
    assert (told.reason, told.perhaps_taken) == ("timed_out", False)


async def test_an_address_that_is_none_is_our_mistake(gateway: TextGateway) -> None:
    async with Sms(settings_for(gateway, base_url="gopher://127.0.0.1")) as sms:
        assert (await trouble(sms)).reason == "not_configured_right"
    async with Sms(settings_for(gateway, auth_token="wrong")) as sms:
        assert (await trouble(sms)).reason == "not_configured_right"


async def test_the_token_is_not_sent_where_a_redirect_points(gateway: TextGateway, sms: Sms) -> None:
    with TextGateway() as elsewhere:
        gateway.when(then=Refusal(307, None, {"Location": f"{elsewhere.url}/2010-04-01/Accounts/x/Messages.json"}))
        assert (await trouble(sms)).reason == "not_configured_right"
        assert elsewhere.requests == 0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7),
        ("0", 0),
        ("86400", LONGEST_WAIT_SECONDS),
        ("9" * 5000, LONGEST_WAIT_SECONDS),
        ("soon", None),
        ("-5", None),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 2999 07:28:00 GMT", LONGEST_WAIT_SECONDS),
        ("Wed, 21 Oct 2999 07:28:00 -0000", None),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_when_to_come_back_is_heard_and_bounded(
    gateway: TextGateway, sms: Sms, said: str, seconds: int | None, status: int
) -> None:
    gateway.when(then=Refusal(status, None, {"Retry-After": said}))
    assert (await trouble(sms)).retry_after_seconds == seconds


async def test_when_to_come_back_may_be_an_instant(gateway: TextGateway, sms: Sms) -> None:
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    gateway.when(then=Refusal(429, None, {"Retry-After": in_a_minute}))
    assert 50 <= ((await trouble(sms)).retry_after_seconds or 0) <= 60


async def test_a_gateway_that_knows_keys_sends_once(gateway: TextGateway, sms: Sms) -> None:
    gateway.knows_keys = True
    gateway.when(BOB, then=TAKE_AND_DROP, times=1)
    assert (await trouble(sms)).perhaps_taken
    sid = await sms.send(BOB, TEXT, key=KEY)
    assert [kept.sid for kept in gateway.messages] == [sid]


async def test_many_messages_at_once(gateway: TextGateway, sms: Sms) -> None:
    numbers = [f"+4915100000{number:02}" for number in range(40)]
    gateway.when(numbers[3], then=Refusal(400, 21211))
    came_of_it = await asyncio.gather(*[sms.send(one, TEXT, key=KEY) for one in numbers], return_exceptions=True)
    assert [number for number, outcome in enumerate(came_of_it) if isinstance(outcome, Never)] == [3]
    assert {kept.to for kept in gateway.messages} == set(numbers) - {numbers[3]}


async def test_nothing_of_what_went_wrong_names_anybody(gateway: TextGateway, sms: Sms) -> None:
    gateway.when(then=DROP)
    told = await trouble(sms)
    words = "".join(traceback.format_exception(told)) + repr(vars(told)) + repr(settings_for(gateway))
    assert BOB not in words
    assert gateway.auth_token not in words


def test_the_gateway_of_the_tests_speaks_as_twilio_does(gateway: TextGateway) -> None:
    """Twilio's own package, which knows nothing of ours, sends through it and understands what it answers."""
    client = Client(gateway.account_sid, gateway.auth_token)
    client.api.base_url = gateway.url
    sent = client.messages.create(to=BOB, from_="+15005550006", body=TEXT, status_callback="https://ledger.example")
    assert (sent.sid, sent.status, sent.to, sent.body) == (gateway.messages[0].sid, "queued", BOB, TEXT)
    assert sent.date_created.tzinfo is not None
    assert (sent.error_code, sent.api_version, sent.direction) == (None, "2010-04-01", "outbound-api")
    assert client.messages(sent.sid).fetch().sid == sent.sid
    gateway.when(ANN, then=Refusal(400, 21610))
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=ANN, messaging_service_sid=MESSAGING_SERVICE, body=TEXT)
    assert (refused.value.status, refused.value.code) == (400, 21610)
    wrong = Client(gateway.account_sid, "wrong")
    wrong.api.base_url = gateway.url
    with pytest.raises(TwilioRestException) as refused:
        wrong.messages.create(to=BOB, from_="+15005550006", body=TEXT)
    assert (refused.value.status, refused.value.code) == (401, 20003)


async def test_twilio_s_own_package_and_ours_say_the_same(gateway: TextGateway, sms: Sms) -> None:
    client = Client(gateway.account_sid, gateway.auth_token)
    client.api.base_url = gateway.url
    await asyncio.to_thread(client.messages.create, to=BOB, from_="+15005550006", body="Zoë + 1 = 100 %\n👍")
    await sms.send(BOB, "Zoë + 1 = 100 %\n👍", key=KEY)
    theirs, ours = gateway.messages
    assert theirs.form == ours.form
    for header in ("authorization", "content-type", "accept"):
        assert theirs.headers[header] == ours.headers[header]


async def test_who_asked_is_told_what_became_of_a_message_and_can_believe_it(gateway: TextGateway, sms: Sms) -> None:
    heard: list[tuple[bool, str, str]] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            told = dict(parse_qsl(body, keep_blank_values=True))
            signature = self.headers["X-Twilio-Signature"]
            heard.append(
                (is_signed(gateway.auth_token, url, told, signature), told["MessageSid"], told["MessageStatus"])
            )
            self.send_response(204)
            self.end_headers()

    with HTTPServer(("127.0.0.1", 0), Ear) as ear:
        url = f"http://127.0.0.1:{ear.server_port}/sms/7"
        sid = await sms.send(BOB, TEXT, key=KEY, callback=url)
        threading.Thread(target=ear.serve_forever).start()
        (kept,) = gateway.messages
        assert await asyncio.to_thread(gateway.call_back, kept, "delivered") == 204
        assert await asyncio.to_thread(gateway.call_back, kept, "failed", 30003, "forged") == 204
        ear.shutdown()
    assert heard == [(True, sid, "delivered"), (False, sid, "failed")]


TOKEN = "12345"
ADDRESS = "https://ledger.example/sms/callback?notice=7&foo=%20"
TOLD = {"MessageSid": "SM1", "MessageStatus": "delivered", "To": BOB, "Body": "Zoë"}


@pytest.mark.parametrize("address", [ADDRESS, "http://ledger.example:8000/", "https://u:p@ledger.example:8443/x"])
def test_what_twilio_signed_is_believed(address: str) -> None:
    assert is_signed(TOKEN, address, TOLD, RequestValidator(TOKEN).compute_signature(address, TOLD))
    assert is_signed(TOKEN, address, {}, RequestValidator(TOKEN).compute_signature(address, {}))


def test_it_is_signed_with_the_port_and_without() -> None:
    with_port = ADDRESS.replace("example/", "example:443/")
    for signed in (ADDRESS, with_port):
        signature = RequestValidator(TOKEN).compute_signature(signed, TOLD)
        for seen in (ADDRESS, with_port):
            assert is_signed(TOKEN, seen, TOLD, signature)
            assert RequestValidator(TOKEN).validate(seen, TOLD, signature)


@pytest.mark.parametrize("signature", ["", "x", "ü", "\ud800", "A" * 28])
def test_what_nobody_signed_is_not_believed(signature: str) -> None:
    assert not is_signed(TOKEN, ADDRESS, TOLD, signature)


def test_what_was_changed_on_the_way_is_not_believed() -> None:
    signature = RequestValidator(TOKEN).compute_signature(ADDRESS, TOLD)
    assert not is_signed("another", ADDRESS, TOLD, signature)
    assert not is_signed(TOKEN, ADDRESS.replace("7", "8"), TOLD, signature)
    assert not is_signed(TOKEN, ADDRESS, {**TOLD, "MessageStatus": "failed"}, signature)
    assert not is_signed(TOKEN, ADDRESS, {**TOLD, "Extra": ""}, signature)


@given(
    token=st.text(st.characters(codec="utf-8"), min_size=1),
    params=st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"))),
    query=st.from_regex(r"[a-z0-9=&%]{0,20}", fullmatch=True),
)
def test_ours_and_twilio_s_signatures_agree(token: str, params: dict[str, str], query: str) -> None:
    address = f"https://ledger.example/callback?x{query}"
    assert is_signed(token, address, params, RequestValidator(token).compute_signature(address, params))


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3),
        ("ä" * 160, 1), ("€" * 80, 1), ("€" * 81, 2),
        ("ł" * 70, 1), ("ł" * 71, 2), ("ł" * 134, 2), ("ł" * 135, 3), ("👍" * 35, 1), ("👍" * 36, 2), ("", 1),
    ],
)  # fmt: skip
def test_in_how_many_parts_a_text_travels(text: str, parts: int) -> None:
    assert segments(text) == parts


def test_the_alphabet_of_telephones_has_places_for_some_signs_only() -> None:
    assert (places("Hello [Bob] €5"), places("Łukasz")) == (17, None)
