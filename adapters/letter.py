"""A letter as it travels: who gets it, what it says, and the bytes that a mail server takes (RFC 5322, RFC 2045)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import idna

from adapters.delivery import Never

LONGEST_ADDRESS_BYTES = 254
LONGEST_NAME = 100
LONGEST_SUBJECT = 200
"""Four bytes each at most, on a line that has 998: RFC 5322 2.1.1."""

NEW_LINE = "\r\n"

LOCAL = re.compile(r'[^\s"(),:;<>@\[\\\]]{1,64}')
"""No quotation marks around it: nobody has had such an address for decades, and they hide what they like."""
DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
MADE_UP = frozenset({"example.com", "example.net", "example.org"})
"""For examples, with all that is below them: RFC 2606 3."""
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")


@dataclass(frozen=True, kw_only=True)
class Letter:
    """What one person is written."""

    to: str
    """An address, without a name."""
    subject: str
    text: str
    html: str | None = None
    message_id: str
    """`<3f9a….@leadledger.example>`: the same each time that this letter is sent, so that a second one can be told."""
    to_name: str | None = None
    language: str = "en"
    """RFC 5646, for Content-Language."""

    def __post_init__(self) -> None:
        """The id and the language are ours and never somebody's words."""
        if not MESSAGE_ID.fullmatch(self.message_id):
            raise ValueError("a Message-ID is written <left@right>, in letters and digits")
        if not LANGUAGE.fullmatch(self.language):
            raise ValueError("a language is written like en or de-AT")


@dataclass(frozen=True)
class Mailbox:
    """An address that can be written into an envelope and into a header, and the name beside it."""

    local: str
    domain: str
    """In ASCII: `bücher.example` travels as `xn--bcher-kva.example`."""
    name: str

    @classmethod
    def read(cls, address: str, name: str | None) -> Mailbox:
        """Raises Never("address_refused") where no mail server could take it."""
        local, _, domain = address.strip().rpartition("@")
        ascii_domain = _in_ascii(domain)
        mailbox = cls(local, ascii_domain, one_line(name or "", LONGEST_NAME))
        sound = LOCAL.fullmatch(local) and local.isprintable() and DOMAIN.fullmatch(ascii_domain)
        if not sound or len(mailbox.address.encode()) > LONGEST_ADDRESS_BYTES:
            raise Never("address_refused")
        return mailbox

    @property
    def address(self) -> str:
        """For the envelope."""
        return f"{self.local}@{self.domain}"

    @property
    def needs_utf8(self) -> bool:
        """Only a server with SMTPUTF8 (RFC 6531) can take it."""
        return not self.local.isascii()


def written(letter: Letter, sender: Mailbox, to: Mailbox) -> bytes:
    """The letter as one message; what its words say cannot become a header or a recipient."""
    # Every server takes quoted-printable, and no line of it is too long.
    body = EmailMessage(SMTP.clone(cte_type="7bit"))
    body.set_content(_encodable(letter.text), cte="quoted-printable")
    if letter.html is not None:
        body.add_alternative(_encodable(letter.html), subtype="html", cte="quoted-printable")
    utf8 = sender.needs_utf8 or to.needs_utf8
    head = {
        "Message-ID": letter.message_id,
        "Date": format_datetime(datetime.now(UTC)),
        "From": _mailbox("From", sender, utf8),
        "To": _mailbox("To", to, utf8),
        "Subject": _words("Subject", one_line(letter.subject, LONGEST_SUBJECT), utf8),
        "Content-Language": letter.language,
        # No answering machine answers a notice: RFC 3834, and the same for Exchange.
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    # Not the library's headers: where it folds long ones it loses blanks between words in other alphabets, and the
    # quotation marks around a name, so that what a stranger is called would become further recipients.
    lines = "".join(f"{name}: {value}{NEW_LINE}" for name, value in head.items())
    return lines.encode() + body.as_bytes()


def _mailbox(header: str, mailbox: Mailbox, utf8: bool) -> str:
    if not mailbox.name:
        return mailbox.address
    quoted = '"' + re.sub(r'(["\\])', r"\\\1", mailbox.name) + '"'
    name = _words(header, mailbox.name, utf8)
    return f"{quoted if name == mailbox.name else name}{NEW_LINE} <{mailbox.address}>"


def _words(header: str, words: str, utf8: bool) -> str:
    """As they are, or by RFC 2047 where they are not ASCII, or could be taken for what is written by RFC 2047."""
    if "=?" not in words and (utf8 or words.isascii()):
        return words
    return Header(words, "utf-8", header_name=header).encode(linesep=NEW_LINE)


def writable(email: str | None) -> str | None:
    """The address, unless it is a made-up one, as the example team has: nobody reads mail at example.com."""
    domain = (email or "").strip().rpartition("@")[2].lower().removesuffix(".")
    return None if ".".join(domain.split(".")[-2:]) in MADE_UP else email


def one_line(words: str, longest: int) -> str:
    """The words on one line, without what cannot be seen, and cut where they are too long."""
    seen = " ".join("".join(sign for sign in words if sign.isprintable() or sign.isspace()).split())
    return seen if len(seen) <= longest else f"{seen[: longest - 1]}…"


def _in_ascii(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode()
    except idna.IDNAError:
        raise Never("address_refused") from None


def _encodable(text: str) -> str:
    """Half a surrogate pair is no character and has no bytes."""
    return text.encode("utf-8", "replace").decode("utf-8")
