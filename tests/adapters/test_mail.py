"""A letter is taken, or it is said why not: later, or never, and never whose address or what the server said."""

import asyncio
import email.policy
import traceback
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from email import message_from_string
from email.header import decode_header, make_header
from email.utils import getaddresses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters import mail as mail_module
from adapters.delivery import Never, NotNow
from adapters.letter import LONGEST_SUBJECT, Mailbox, one_line, writable, written
from adapters.mail import CONNECTIONS, Letter, Mail, MailServer
from tests.support.certificates import Certificate, a_certificate
from tests.support.eventually import eventually
from tests.support.post_office import DROP, HANG, PostOffice

BOB, ANN = "bob@example.com", "ann@example.com"
SECRET = "correct-horse-battery"
LETTER = Letter(
    to=BOB,
    to_name="Bob Fisher",
    subject="A lead is waiting for you",
    text="Hello Bob,\n\nplease call Ada until 16:35.\n.\n",
    html="<p>Hello Bob, please call <b>Ada</b> until 16:35.</p>",
    message_id="<5d0b8f5e-7a54-4c1e-8d6a-0b1f8f6c2a10@leadledger.example>",
)


@pytest.fixture
def office() -> Iterator[PostOffice]:
    with PostOffice() as office:
        yield office


@pytest.fixture
async def mail(office: PostOffice) -> AsyncIterator[Mail]:
    async with Mail(server_of(office)) as mail:
        yield mail


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return a_certificate(tmp_path_factory.mktemp("certificate"))


def server_of(office: PostOffice, **differently: object) -> MailServer:
    plain = MailServer(
        host="127.0.0.1", port=office.port, sender="Leadledger <no-reply@leadledger.example>", tls="none"
    )
    return replace(plain, **differently)  # type: ignore[arg-type]


async def trouble(mail: Mail, letter: Letter = LETTER) -> NotNow:
    with pytest.raises(NotNow) as refused:
        await mail.send(letter)
    return refused.value


async def refusal(mail: Mail, letter: Letter = LETTER) -> str:
    with pytest.raises(Never) as refused:
        await mail.send(letter)
    return refused.value.reason


async def test_a_letter_arrives_as_it_was_written(office: PostOffice, mail: Mail) -> None:
    await mail.send(LETTER)
    (taken,) = office.letters
    assert (taken.sender, taken.to) == ("no-reply@leadledger.example", BOB)
    assert taken.part("plain") == LETTER.text
    assert taken.part("html").strip() == LETTER.html
    assert taken.message.get_content_type() == "multipart/alternative"
    told = {name: str(taken.message[name]) for name in taken.message if name != "Date"}
    assert told == {
        "Message-ID": LETTER.message_id,
        "From": "Leadledger <no-reply@leadledger.example>",
        "To": "Bob Fisher <bob@example.com>",
        "Subject": "A lead is waiting for you",
        "Content-Language": "en",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "MIME-Version": "1.0",
        "Content-Type": str(taken.message["Content-Type"]),
    }
    assert taken.message["Date"].datetime.tzinfo is not None


async def test_a_letter_of_text_only_has_one_part(office: PostOffice, mail: Mail) -> None:
    await mail.send(replace(LETTER, html=None))
    assert office.letters[0].message.get_content_type() == "text/plain"


async def test_sent_again_it_has_the_same_id(office: PostOffice, mail: Mail) -> None:
    long_id = f"<{'5d0b8f5e' * 8}@{'a-long-name.' * 8}example>"
    for message_id in (LETTER.message_id, LETTER.message_id, long_id):
        await mail.send(replace(LETTER, message_id=message_id))
    raw = [taken.bytes.replace(b"\r\n ", b" ") for taken in office.letters]
    assert [letter.count(b"Message-ID: " + LETTER.message_id.encode() + b"\r\n") for letter in raw] == [1, 1, 0]
    assert b"Message-ID: " + long_id.encode() + b"\r\n" in raw[2]


@pytest.mark.parametrize("id", ["5d0b8f5e", "<a@b>\r\nBcc: eve@example.com", "<a b@c>", "<a@ü>"])
def test_an_id_that_is_none_is_a_mistake_of_ours(id: str) -> None:
    with pytest.raises(ValueError, match="Message-ID"):
        replace(LETTER, message_id=id)


def test_a_language_that_is_none_is_a_mistake_of_ours() -> None:
    assert replace(LETTER, language="de-AT").language == "de-AT"
    with pytest.raises(ValueError, match="language"):
        replace(LETTER, language="en\r\nBcc: eve@example.com")


async def test_words_of_every_language_arrive(office: PostOffice, mail: Mail) -> None:
    words = "Größe 東京 👍 " * 30
    letter = replace(LETTER, subject=f"Für Zoë {words[:60]}", text=words, to_name='Zoë, "the" <Ångström> 東京')
    await mail.send(letter)
    (taken,) = office.letters
    assert taken.bytes.isascii()
    assert max(len(line) for line in taken.bytes.split(b"\r\n")) <= 998
    assert taken.message["Subject"] == one_line(letter.subject, LONGEST_SUBJECT)
    assert taken.message["To"].addresses[0].display_name == letter.to_name
    assert taken.part("plain").strip() == words.strip()


TRICKY = st.text(st.sampled_from('a0 "\\,;:<>@()=?_\r\né東\U0001d000'), max_size=250)


@given(
    subject=st.text(max_size=250) | TRICKY,
    name=st.text(max_size=150) | TRICKY,
    text=st.text(max_size=300),
    address=st.sampled_from([BOB, "zoë@example.com"]),
)
def test_no_words_become_a_header_or_another_recipient(subject: str, name: str, text: str, address: str) -> None:
    letter = replace(LETTER, subject=subject, text=text)
    sender, to = Mailbox.read("no-reply@leadledger.example", "Leadledger"), Mailbox.read(address, name)
    raw = written(letter, sender, to).decode()
    assert max(len(line.encode()) for line in raw.split("\r\n")) <= 998
    told = message_from_string(raw, policy=email.policy.default)
    usual = message_from_string(written(LETTER, sender, to).decode(), policy=email.policy.default)
    assert told.keys() == usual.keys()
    # By the older reader: the newer one puts blanks into names that are written in several parts.
    plain = message_from_string(raw, policy=email.policy.compat32)
    ((called, addressed),) = getaddresses([plain["To"]])
    assert (str(make_header(decode_header(called))), addressed) == (to.name, address)
    assert str(make_header(decode_header(plain["Subject"]))) == one_line(subject, LONGEST_SUBJECT)
    assert plain["From"] == '"Leadledger"\r\n <no-reply@leadledger.example>'
    body = told.get_body(("plain",))
    assert body is not None
    assert " ".join(body.get_content().split()) == " ".join(text.encode("utf-8", "replace").decode().split())


@pytest.mark.parametrize(
    "name", ["Bob\r\nBcc: eve@example.com", "Bob\x00\x1b[31m", "Bob\u2028Bcc: eve@example.com", "\u202eBob"]
)
async def test_a_name_with_a_line_break_stays_a_name(office: PostOffice, mail: Mail, name: str) -> None:
    await mail.send(replace(LETTER, to_name=name, subject=name))
    (taken,) = office.letters
    assert taken.message["Bcc"] is None
    assert taken.message["Subject"].startswith("Bob")
    assert [one.addr_spec for one in taken.message["To"].addresses] == [BOB]


async def test_a_domain_in_another_alphabet_travels_in_ascii(office: PostOffice, mail: Mail) -> None:
    office.speaks_utf8 = False
    await mail.send(replace(LETTER, to="bob@Bücher.example"))
    assert office.letters[0].to == "bob@xn--bcher-kva.example"


async def test_a_name_in_another_alphabet_needs_a_server_that_can(office: PostOffice, mail: Mail) -> None:
    letter = replace(LETTER, to="zoë@bücher.example", subject="Für Zoë")
    await mail.send(letter)
    assert office.letters[0].to == "zoë@xn--bcher-kva.example"
    assert office.letters[0].message["Subject"] == "Für Zoë"
    office.speaks_utf8 = False
    async with Mail(server_of(office)) as other:
        assert await refusal(other, letter) == "address_refused"
        await other.send(LETTER)
    assert len(office.letters) == 2


@pytest.mark.parametrize(
    "address",
    [
        "", "bob", "@example.com", "bob@", "bob@example.com\r\nRCPT TO:<eve@example.com>", "bob@exa mple.com",
        "b ob@example.com", "<bob@example.com>", '"bob"@example.com', "bob@example..com", "bob@" + "a" * 64 + ".com",
        "b" * 65 + "@example.com", "bob@☃.example", "bob\x00@example.com", "bob\ud800@example.com",
        "bob,eve@example.com", "bob@" + "a.ü" * 100,
    ],
)  # fmt: skip
async def test_what_is_no_address_is_never_tried(office: PostOffice, mail: Mail, address: str) -> None:
    assert await refusal(mail, replace(LETTER, to=address)) == "address_refused"
    assert office.connections == 0


@pytest.mark.parametrize(
    ("at", "answer", "reason"),
    [
        ("greeting", "421 4.3.2 too busy", "refused_for_now"),
        ("greeting", "554 5.7.1 go away", "not_configured_right"),
        ("greeting", DROP, "unreachable"),
        ("greeting", "what?", "not_understood"),
        ("mail", "451 4.3.0 try later", "refused_for_now"),
        ("mail", "550 5.7.1 sender refused", "not_configured_right"),
        ("mail", DROP, "unreachable"),
        ("rcpt", "450 4.2.1 greylisted", "refused_for_now"),
        ("rcpt", "452 4.2.2 mailbox full", "refused_for_now"),
        ("rcpt", "554 5.7.1 relaying denied", "not_configured_right"),
        ("rcpt", "530 5.7.0 log in first", "not_configured_right"),
        ("rcpt", "503 bad sequence", "not_configured_right"),
        ("rcpt", DROP, "unreachable"),
        ("data", "451 4.7.1 try later", "refused_for_now"),
        ("data", "999 what", "not_understood"),
        ("data", DROP, "unreachable"),
    ],
)
async def test_what_may_work_later(office: PostOffice, mail: Mail, at: str, answer: str, reason: str) -> None:
    office.when(at=at, then=answer, times=1)  # type: ignore[arg-type]
    told = await trouble(mail)
    assert told.reason == reason
    assert told.perhaps_taken is (at == "data" and reason != "refused_for_now")
    await mail.send(LETTER)
    assert len(office.letters) == (2 if answer == DROP and at == "data" else 1)


@pytest.mark.parametrize(
    ("at", "answer", "reason"),
    [
        ("rcpt", "550 5.1.1 nobody here", "address_refused"),
        ("rcpt", "550 no", "address_refused"),
        ("rcpt", "551 5.1.6 moved", "address_refused"),
        ("data", "554 5.6.0 not such a letter", "message_refused"),
        ("data", "552 5.3.4 too big", "message_refused"),
        ("data", "550 5.7.1 looks like spam", "message_refused"),
    ],
)
async def test_what_will_never_work(office: PostOffice, mail: Mail, at: str, answer: str, reason: str) -> None:
    office.when(BOB, at=at, then=answer)  # type: ignore[arg-type]
    assert await refusal(mail) == reason
    await mail.send(replace(LETTER, to=ANN))
    assert [taken.to for taken in office.letters] == [ANN]


@pytest.mark.parametrize("at", ["greeting", "mail", "rcpt", "data"])
async def test_a_server_that_says_nothing_does_not_hold_us(office: PostOffice, at: str) -> None:
    office.when(at=at, then=HANG)  # type: ignore[arg-type]
    async with Mail(server_of(office, timeout_seconds=0.8)) as mail:
        async with asyncio.timeout(10):
            told = await trouble(mail)
        assert (told.reason, told.perhaps_taken) == ("timed_out", at == "data")
        office.behave()
        await mail.send(LETTER)


async def test_who_waits_for_others_is_not_held_either(office: PostOffice) -> None:
    office.when(at="rcpt", then=HANG)
    async with Mail(server_of(office, timeout_seconds=1.0)) as mail, asyncio.timeout(3.0):
        told = await asyncio.gather(*[trouble(mail) for _ in range(CONNECTIONS * 5)])
        assert {one.reason for one in told} == {"timed_out"}


async def test_where_nobody_listens_it_is_tried_later(office: PostOffice, mail: Mail) -> None:
    office.shut()
    assert (await trouble(mail)).reason == "unreachable"
    office.open()
    await mail.send(LETTER)


async def test_a_host_that_is_not_there_is_unreachable(office: PostOffice) -> None:
    async with Mail(server_of(office, host="no-such-host.invalid")) as mail:
        assert (await trouble(mail)).reason in ("unreachable", "timed_out")


async def test_letters_in_a_row_share_a_connection(office: PostOffice, mail: Mail) -> None:
    for _ in range(5):
        await mail.send(LETTER)
    assert {taken.connection for taken in office.letters} == {1}


async def test_a_connection_that_broke_while_it_was_kept_is_replaced(office: PostOffice, mail: Mail) -> None:
    await mail.send(LETTER)
    office.hang_up()
    await mail.send(LETTER)
    # And where nobody can see it before the first word is said.
    office.when(at="mail", then=DROP, times=1)
    await mail.send(LETTER)
    office.when(at="mail", then="421 4.7.0 enough for one connection", times=1)
    await mail.send(LETTER)
    assert [taken.connection for taken in office.letters] == [1, 2, 3, 4]


async def test_a_kept_connection_that_ended_says_nothing_about_what_the_server_can(
    office: PostOffice, mail: Mail
) -> None:
    zoe = replace(LETTER, to="zoë@example.com")
    await mail.send(zoe)
    office.hang_up()
    await asyncio.to_thread(eventually, lambda: office.open_connections == 0)
    await mail.send(zoe)
    assert [taken.connection for taken in office.letters] == [1, 2]


async def test_many_letters_at_once_take_few_connections(office: PostOffice, mail: Mail) -> None:
    addresses = [f"rep-{number}@example.com" for number in range(40)]
    await asyncio.gather(*[mail.send(replace(LETTER, to=address)) for address in addresses])
    assert sorted(taken.to for taken in office.letters) == sorted(addresses)
    assert office.connections <= CONNECTIONS


async def test_one_bad_address_stops_nobody_else(office: PostOffice, mail: Mail) -> None:
    office.when("rep-3@example.com", at="rcpt", then="550 5.1.1 nobody here")
    office.when("rep-5@example.com", at="data", then=DROP)
    letters = [replace(LETTER, to=f"rep-{number}@example.com") for number in range(10)]
    came_of_it = await asyncio.gather(*[mail.send(letter) for letter in letters], return_exceptions=True)
    assert [number for number, outcome in enumerate(came_of_it) if outcome is not None] == [3, 5]
    assert {taken.to for taken in office.letters} == {letter.to for letter in letters} - {"rep-3@example.com"}


async def test_a_connection_is_given_back_when_no_letter_comes(
    office: PostOffice, mail: Mail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_module, "IDLE_SECONDS", 0.05)
    await mail.send(LETTER)
    await asyncio.to_thread(eventually, lambda: "QUIT" in office.commands)
    await mail.send(LETTER)
    assert [taken.connection for taken in office.letters] == [1, 2]


async def test_at_the_end_it_says_goodbye(office: PostOffice) -> None:
    async with Mail(server_of(office)) as mail:
        await asyncio.gather(mail.send(LETTER), mail.send(LETTER))
    assert office.commands == ["QUIT"] * office.connections


async def test_who_is_cancelled_leaves_no_half_letter_behind(office: PostOffice, mail: Mail) -> None:
    await mail.send(LETTER)
    office.when(at="rcpt", then=HANG, times=1)
    sending = asyncio.create_task(mail.send(LETTER))
    await asyncio.to_thread(eventually, lambda: office.waiting == 1)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await mail.send(replace(LETTER, to=ANN))
    assert [(taken.to, taken.connection) for taken in office.letters] == [(BOB, 1), (ANN, 2)]


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
async def test_it_logs_in() -> None:
    with PostOffice(login=("ledger", SECRET)) as office:
        async with Mail(server_of(office, username="ledger", password=SECRET)) as mail:
            await mail.send(LETTER)
        assert len(office.letters) == 1
        async with Mail(server_of(office, username="ledger", password="wrong")) as mail:
            assert (await trouble(mail)).reason == "not_configured_right"
        async with Mail(server_of(office)) as mail:
            assert (await trouble(mail)).reason == "not_configured_right"


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_letters_travel_encrypted(certificate: Certificate, tls: str) -> None:
    with PostOffice(**{tls: certificate.context}) as office:  # type: ignore[arg-type]
        trusted = server_of(office, host="localhost", tls=tls, ca_file=certificate.file)
        async with Mail(trusted) as mail:
            await mail.send(LETTER)
            await mail.send(LETTER)
            office.when(at="data", then=DROP)
            told = await trouble(mail)
        assert (told.reason, told.perhaps_taken) == ("unreachable", True)
        assert [taken.connection for taken in office.letters] == [1, 1, 1]


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_nothing_is_sent_to_a_server_that_cannot_show_who_it_is(certificate: Certificate, tls: str) -> None:
    with PostOffice(**{tls: certificate.context}) as office:  # type: ignore[arg-type]
        for server in (
            server_of(office, host="localhost", tls=tls),
            server_of(office, host="127.0.0.1", tls=tls, ca_file=certificate.file),
        ):
            async with Mail(server) as mail:
                assert (await trouble(mail)).reason == "not_configured_right"
        assert office.letters == []


async def test_what_was_to_be_encrypted_is_not_sent_in_the_clear(office: PostOffice) -> None:
    async with Mail(server_of(office, tls="starttls", username="ledger", password=SECRET)) as mail:
        assert (await trouble(mail)).reason == "not_configured_right"
    assert office.letters == []


@pytest.mark.parametrize("sender", ["", "Leadledger", "Leadledger <no-reply@>", "a@b\r\nBcc: eve@example.com"])
def test_a_sender_that_is_no_address_is_told_at_once(sender: str) -> None:
    with pytest.raises(ValueError, match="the sender is no mail address"):
        Mail(MailServer(host="localhost", port=25, sender=sender))


async def test_nothing_of_what_went_wrong_names_anybody(office: PostOffice, tmp_path: Path) -> None:
    office.when(at="rcpt", then=f"550 5.1.1 <{BOB}> is not here")
    async with Mail(server_of(office)) as mail:
        with pytest.raises(Never) as refused:
            await mail.send(LETTER)
    told = "".join(traceback.format_exception(refused.value)) + repr(vars(refused.value))
    assert BOB not in told
    assert "not here" not in told
    assert SECRET not in repr(server_of(office, username="ledger", password=SECRET))


@pytest.mark.parametrize(
    "made_up", ["rep-1@example.com", "Ada@EXAMPLE.ORG", " ada@example.net ", "ada@mail.example.com", "ada@example.com."]
)
def test_nobody_is_written_at_an_address_that_was_made_up(made_up: str) -> None:
    assert writable(made_up) is None


@pytest.mark.parametrize(
    "there",
    ["ada@team.example", "ada@an-example.com", "ada@example.co", "ada@example.com.au", "example.com@team.at", "", None],
)
def test_any_other_address_is_taken_as_it_is(there: str | None) -> None:
    assert writable(there) == there
