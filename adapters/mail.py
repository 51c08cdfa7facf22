"""Letters by SMTP: each is handed to one mail server, which has taken it when `send` returns.

Which answer means what: RFC 5321 4.2.1 (4yz: later, 5yz: never), RFC 3463 (5.7.z: about security and policy).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from adapters.delivery import Never, NotNow
from adapters.letter import Letter, Mailbox, written

__all__ = ["Letter", "Mail", "MailServer"]

CONNECTIONS = 4
"""So many letters are under way at once; more of them wait, and their waiting counts."""
IDLE_SECONDS = 15.0
GOODBYE_SECONDS = 2.0
ABOUT_US = frozenset({500, 501, 502, 503, 504, 530, 534, 535, 538, 555})
"""Refusals of how we ask and of who we are, whenever they come: RFC 5321 4.2.3, RFC 4954 6."""


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """Where letters are handed in, and as whom."""

    host: str
    port: int
    sender: str
    """`Leadledger <no-reply@example.com>`, or only the address."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: Literal["none", "starttls", "tls"] = "starttls"
    """Never less than asked for: a server that offers no STARTTLS gets nothing, and its certificate is checked. With
    `none`, a password travels for everybody to read: for a server on this machine or in the same compose network."""
    timeout_seconds: float = 20.0
    ca_file: Path | None = None
    """Whose certificates are believed besides those that the machine believes."""

    @property
    def mailbox(self) -> Mailbox:
        """The sender, for the envelope and the From line. Raises ValueError where it is no address."""
        name, address = parseaddr(self.sender)
        try:
            return Mailbox.read(address if self.sender.isprintable() else "", name)
        except Never:
            raise ValueError("the sender is no mail address; write it as Leadledger <no-reply@example.com>") from None


class Mail:
    """Hands letters to a mail server; many at once, over few connections that are kept for a while."""

    def __init__(self, server: MailServer) -> None:
        """Raises ValueError where the sender is no address."""
        self._server = server
        self._sender = server.mailbox
        self._turns = asyncio.Semaphore(CONNECTIONS)
        self._idle: dict[SMTP, asyncio.TimerHandle] = {}
        self._farewells: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def send(self, letter: Letter) -> None:
        """Return when the server has taken the letter. Raises NotNow and Never, within `timeout_seconds`.

        A letter whose connection ends after its last line may have been taken all the same (`perhaps_taken`).
        """
        to = Mailbox.read(letter.to, letter.to_name)
        content = written(letter, self._sender, to)
        progress = _Progress()
        try:
            async with asyncio.timeout(self._server.timeout_seconds), self._turns:
                await self._hand_in(to, content, progress)
        except TimeoutError:
            raise NotNow("timed_out", perhaps_taken=progress.on_its_way) from None

    async def close(self) -> None:
        """Say goodbye on every connection that is kept; a server that does not answer is left after 2 s."""
        for smtp in list(self._idle):
            self._part_with(smtp)
        await asyncio.gather(*self._farewells)

    async def _hand_in(self, to: Mailbox, content: bytes, progress: _Progress) -> None:
        if (kept := self._kept()) is not None:
            try:
                return await self._transact(kept, to, content, progress)
            except NotNow:
                # The server may have left a connection that was kept, or have enough of it: that is no reason to come
                # back later. One that has begun to take the letter has answered about this letter.
                if progress.welcomed:
                    raise
        return await self._transact(await self._connected(), to, content, progress)

    def _kept(self) -> SMTP | None:
        while self._idle:
            smtp, end = self._idle.popitem()
            end.cancel()
            # What the library knows of a server is forgotten when a connection ends: it must not be asked then.
            if smtp.is_connected:
                return smtp
        return None

    async def _connected(self) -> SMTP:
        server = self._server
        smtp = SMTP(
            hostname=server.host,
            port=server.port,
            username=server.username,
            password=server.password,
            use_tls=server.tls == "tls",
            start_tls=server.tls == "starttls",
            cert_bundle=None if server.ca_file is None else str(server.ca_file),
            timeout=server.timeout_seconds,
        )
        async with _told_in_our_words(smtp, _Progress()):
            await smtp.connect()
            if smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
        return smtp

    async def _transact(self, smtp: SMTP, to: Mailbox, content: bytes, progress: _Progress) -> None:
        """Hand one letter in over one connection."""
        utf8 = to.needs_utf8 or self._sender.needs_utf8
        if utf8 and not smtp.supports_extension("smtputf8"):
            self._keep(smtp)
            raise Never("address_refused")
        encoding = "utf-8" if utf8 else "ascii"
        async with _told_in_our_words(smtp, progress):
            await smtp.mail(self._sender.address, options=["SMTPUTF8"] if utf8 else [], encoding=encoding)
            progress.welcomed = True
            await smtp.rcpt(to.address, encoding=encoding)
            progress.on_its_way = True
            await smtp.data(content)
        self._keep(smtp)

    def _keep(self, smtp: SMTP) -> None:
        self._idle[smtp] = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._part_with, smtp)

    def _part_with(self, smtp: SMTP) -> None:
        self._idle.pop(smtp).cancel()
        farewell = asyncio.create_task(_say_goodbye(smtp))
        self._farewells.add(farewell)
        farewell.add_done_callback(self._farewells.discard)


@dataclass
class _Progress:
    """How far one letter has come."""

    welcomed: bool = False
    """The server has begun to take it."""
    on_its_way: bool = False
    """It is being sent, and whether it was taken may be lost with the connection."""


@asynccontextmanager
async def _told_in_our_words(smtp: SMTP, progress: _Progress) -> AsyncIterator[None]:
    """Close a connection on which anything went wrong, for nobody knows its state; and say what it was."""
    try:
        yield
    except (SMTPException, OSError) as wrong:
        smtp.close()
        raise _meaning(wrong, progress) from None
    except BaseException:
        smtp.close()
        raise


def _meaning(wrong: SMTPException | OSError, progress: _Progress) -> NotNow | Never:
    match wrong:
        case SMTPResponseException():
            return _meaning_of_answer(wrong)
        case ssl.SSLError() | SMTPException(__cause__=ssl.SSLError()) if not progress.welcomed:
            return NotNow("not_configured_right")
        case TimeoutError():
            return NotNow("timed_out", perhaps_taken=progress.on_its_way)
        case OSError():
            return NotNow("unreachable", perhaps_taken=progress.on_its_way)
        case _:  # It offers no STARTTLS, or no way to log in.
            return NotNow("not_configured_right")


def _meaning_of_answer(answer: SMTPResponseException) -> NotNow | Never:
    if 400 <= answer.code < 500:
        return NotNow("refused_for_now")
    if not 500 <= answer.code < 600:
        return NotNow("not_understood", perhaps_taken=isinstance(answer, SMTPDataError))
    match answer:
        case _ if answer.code in ABOUT_US:
            return NotNow("not_configured_right")
        case SMTPRecipientRefused() if answer.message.startswith("5.7."):
            # "Relaying denied": we may not send from here. It would be said of every address.
            return NotNow("not_configured_right")
        case SMTPRecipientRefused():
            return Never("address_refused")
        case SMTPDataError():
            return Never("message_refused")
        case _:  # At the greeting, at the login, about the sender.
            return NotNow("not_configured_right")


async def _say_goodbye(smtp: SMTP) -> None:
    with suppress(SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(GOODBYE_SECONDS):
            await smtp.quit()
    smtp.close()
