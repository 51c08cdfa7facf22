"""A real mail server (aiosmtpd) that keeps what it takes, and that behaves as badly as it is told to.

with PostOffice() as office:
    office.when("bob@example.com", at="rcpt", then="550 5.1.1 nobody here")
    office.when("ann@example.com", at="data", then=DROP)
    ...
    assert [letter.to for letter in office.letters] == ["ann@example.com"]
"""

import asyncio
import email.policy
import ssl
from dataclasses import dataclass, field
from email import message_from_string
from email.message import EmailMessage
from typing import Any, Literal, cast

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.aside import LOOPBACK, Aside

Stage = Literal["greeting", "mail", "rcpt", "data"]
HANG, DROP = "(says nothing any more)", "(is gone)"
"""At `data` both keep the letter before."""
ANYBODY = "*"


@dataclass(frozen=True)
class Taken:
    """One letter that was kept."""

    sender: str
    to: str
    message: EmailMessage
    bytes: bytes
    connection: int
    """By which it came, counted from 1."""

    def part(self, subtype: str) -> str:
        """The text or the HTML as it is read."""
        found = self.message.get_body((subtype,))
        assert isinstance(found, EmailMessage)
        return str(found.get_content()).replace("\r\n", "\n")


@dataclass
class Rule:
    """What to do when it comes to one address."""

    address: str
    at: Stage
    then: str
    times: int | None


@dataclass
class PostOffice(Aside):
    """Takes every letter until it is told otherwise."""

    login: tuple[str, str] | None = None
    """A user and a password, without which nothing is taken."""
    starttls: ssl.SSLContext | None = None
    tls: ssl.SSLContext | None = None
    speaks_utf8: bool = True
    letters: list[Taken] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    """QUIT, RSET and the like, as they came."""
    waiting: int = 0
    """How many connections hang."""
    _rules: list[Rule] = field(default_factory=list)
    _open: set["_Desk"] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def when(self, address: str = ANYBODY, *, at: Stage, then: str, times: int | None = None) -> None:
        """Answer so when it comes to this address; so many times, or always."""
        self._rules.append(Rule(address, at, then, times))

    def behave(self) -> None:
        """Take everything again."""
        self._rules.clear()

    def letters_to(self, address: str) -> list[Taken]:
        return [letter for letter in self.letters if letter.to == address]

    def hang_up(self) -> None:
        """End every connection, as a server does that is started anew."""
        self._do(self._hang_up())

    @property
    def open_connections(self) -> int:
        return len(self._open)

    async def _hang_up(self) -> None:
        for desk in self._open:
            if desk.transport is not None:
                desk.transport.close()

    async def _listen(self, port: int) -> asyncio.Server:
        return await self._loop.create_server(lambda: _Desk(self), LOOPBACK, port, ssl=self.tls)

    def _rule(self, address: str, at: Stage) -> str:
        for rule in self._rules:
            if rule.at == at and rule.address in (address, ANYBODY) and rule.times != 0:
                if rule.times is not None:
                    rule.times -= 1
                return rule.then
        return ""

    async def _answer(self, desk: "_Desk", address: str, at: Stage) -> str:
        """What the rules say, or nothing."""
        return await self._act(desk, self._rule(address, at))

    async def _act(self, desk: "_Desk", then: str) -> str:
        if then == HANG:
            self.waiting += 1
            await asyncio.Event().wait()
        if then == DROP and desk.transport is not None:
            cast("asyncio.WriteTransport", desk.transport).abort()
        return then

    # What aiosmtpd asks.

    async def handle_MAIL(  # noqa: N802 - their name
        self, server: "_Desk", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        envelope.mail_from = address
        return await self._answer(server, address, "mail") or "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, server: "_Desk", session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refused = await self._answer(server, address, "rcpt")
        if not refused:
            envelope.rcpt_tos.append(address)
        return refused or "250 OK"

    async def handle_RSET(self, server: "_Desk", session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("RSET")
        return "250 OK"

    async def handle_QUIT(self, server: "_Desk", session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.commands.append("QUIT")
        return "221 Bye"

    async def handle_DATA(self, server: "_Desk", session: Session, envelope: Envelope) -> str:  # noqa: N802
        (to,) = envelope.rcpt_tos
        then = self._rule(to, "data")
        if then in ("", HANG, DROP):
            self._keep(server, envelope, to)
        return await self._act(server, then) or "250 OK"

    def _keep(self, server: "_Desk", envelope: Envelope, to: str) -> None:
        content = envelope.content
        assert isinstance(content, bytes)
        # Headers may be in UTF-8, which the parser of bytes does not read.
        message = message_from_string(content.decode(), policy=email.policy.default)
        self.letters.append(Taken(str(envelope.mail_from), to, message, content, server.number))

    def _knows(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        user, password = self.login or ("", "")
        return AuthResult(success=(data.login, data.password) == (user.encode(), password.encode()), handled=False)


class _Desk(SMTP):
    """One connection."""

    def __init__(self, office: PostOffice) -> None:
        super().__init__(
            office,
            hostname="post-office",
            enable_SMTPUTF8=office.speaks_utf8,
            tls_context=office.starttls,
            auth_required=office.login is not None,
            auth_require_tls=False,
            authenticator=office._knows,
            loop=office._loop,
        )
        self._office = office
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.number == 0:
            self._office.connections += 1
            self.number = self._office.connections
            self._office._open.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._office._open.discard(self)

    async def _handle_client(self) -> None:
        # The greeting has no hook of its own.
        match await self._office._answer(self, ANYBODY, "greeting"):
            case "":
                await super()._handle_client()
            case answer:
                assert self.transport is not None
                cast("asyncio.WriteTransport", self.transport).write(f"{answer}\r\n".encode())
                self.transport.close()
