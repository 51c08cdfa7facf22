"""A letter as it travels: who gets it, what it says, and the bytes that a mail server takes (RFC 5322, RFC 2045)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Any

import idna

from adapters.delivery import Never

LONGEST_ADDRESS_BYTES = 254
LONGEST_NAME = 100
LONGEST_SUBJECT = 250

LOCAL = re.compile(r'[^\s"(),:;<>@\[\\\]]{1,64}')
"""No quotation marks around it: nobody has had such an address for decades, and they hide what they like."""
DOMAIN = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*")
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
        """The id is ours and never somebody's words."""
        if not MESSAGE_ID.fullmatch(self.message_id):
            raise ValueError("a Message-ID is written <left@right>, in letters and digits")


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

    @property
    def header(self) -> Address:
        """For a header."""
        return Address(self.name, self.local, self.domain)


def written(letter: Letter, sender: Mailbox, to: Mailbox) -> bytes:
    """The letter as one message; what its words say cannot become a header."""
    message = EmailMessage(OnTheWire(linesep=SMTP.linesep, utf8=sender.needs_utf8 or to.needs_utf8, cte_type="7bit"))
    message["Message-ID"] = letter.message_id
    message["Date"] = format_datetime(datetime.now(UTC))
    message["From"] = sender.header
    message["To"] = to.header
    message["Subject"] = one_line(letter.subject, LONGEST_SUBJECT)
    # No answering machine answers a notice: RFC 3834, and the same for Exchange.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    # Every server takes quoted-printable, and no line of it is too long.
    message.set_content(_encodable(letter.text), cte="quoted-printable")
    if letter.html is not None:
        message.add_alternative(_encodable(letter.html), subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language
    return message.as_bytes()


class OnTheWire(EmailPolicy):
    """How headers are written where they hold more than ASCII."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        """As ever, but that the library loses blanks between long words of RFC 2047; its older part does not."""
        words, rest = str(value), ""
        if name in ("From", "To"):
            (mailbox,) = value.addresses
            words, rest = mailbox.display_name, f"{self.linesep} <{mailbox.addr_spec}>"
        if self.utf8 or words.isascii() or name not in ("From", "To", "Subject"):
            return super().fold_binary(name, value)
        encoded = Header(words, "utf-8", header_name=name).encode(linesep=self.linesep)
        return f"{name}: {encoded}{rest}{self.linesep}".encode("ascii")


def one_line(words: str, longest: int) -> str:
    """The words on one line, without what cannot be seen, and cut where they are too long."""
    seen = "".join(sign for sign in " ".join(words.split()) if sign.isprintable())
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
