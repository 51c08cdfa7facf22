"""The ways to the outside: a mail server and an SMS gateway, each of them there if the settings name it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from adapters.mail import Letter, Mail, MailServer
from adapters.sms import Sms, SmsGateway
from domain.identity import StreamId
from domain.notice import Medium
from services.letters import Written
from services.settings import Settings

MAIL_SECONDS, SMS_SECONDS = 20.0, 15.0
"""No message takes longer; together with what comes before and after it that is well within a claim."""


class NotToBeSent(Exception):
    """The settings for mail or text messages do not fit together; the message says which and what to do."""


@dataclass(frozen=True)
class Outside:
    """What is configured. Raises NotNow and Never, as the adapters do."""

    mail: Mail | None
    sms: Sms | None
    message_domain: str
    """Right of the @ of each Message-ID."""
    public_url: str | None
    """Under which the gateway reaches the API, and a reader of a notice too."""

    @property
    def media(self) -> tuple[Medium, ...]:
        """By what notices can be sent."""
        return (*(("email",) if self.mail else ()), *(("sms",) if self.sms else ()))

    async def write(self, notice: UUID, to: str, name: str | None, said: Written) -> None:
        """By mail; the same notice always goes under the same Message-ID."""
        if self.mail is None:
            raise NotToBeSent("No mail server is named: set LEADLEDGER_SMTP_HOST.")
        letter = Letter(
            to=to,
            to_name=name,
            subject=said.subject,
            text=said.text,
            html=said.html,
            message_id=f"<{notice}@{self.message_domain}>",
        )
        await self.mail.send(letter)

    async def text(self, notice: UUID, stream: StreamId | None, to: str, said: str) -> str:
        """By text message; the answer is what the gateway calls it. Without a stream, nobody asks what became of it."""
        if self.sms is None:
            raise NotToBeSent("No SMS gateway is named: set LEADLEDGER_SMS_ACCOUNT.")
        callback = f"{self.public_url}/callbacks/sms/{stream}/{notice}" if self.public_url and stream else None
        return await self.sms.send(to, said, key=str(notice), callback=callback)


@asynccontextmanager
async def open_outside(settings: Settings) -> AsyncIterator[Outside]:
    """Raises NotToBeSent, before anything is sent, where the settings cannot be right."""
    async with AsyncExitStack() as stack:
        try:
            mail = await stack.enter_async_context(Mail(_mail_server(settings))) if settings.smtp_host else None
        except ValueError as wrong:
            raise NotToBeSent(f"LEADLEDGER_MAIL_FROM: {wrong}.") from None
        sms = await stack.enter_async_context(Sms(_gateway(settings))) if settings.sms_account else None
        domain = _mail_server(settings).mailbox.domain if settings.smtp_host else "leadledger.invalid"
        yield Outside(mail, sms, domain, settings.public_url.rstrip("/") if settings.public_url else None)


def _mail_server(settings: Settings) -> MailServer:
    if not settings.mail_from or not settings.smtp_host:
        raise NotToBeSent("LEADLEDGER_SMTP_HOST is set, but not LEADLEDGER_MAIL_FROM: from whom does the mail come?")
    password = settings.smtp_password.get_secret_value() if settings.smtp_password else None
    return MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        sender=settings.mail_from,
        username=settings.smtp_user,
        password=password,
        tls=settings.smtp_tls,
        ca_file=settings.smtp_ca_file,
        timeout_seconds=MAIL_SECONDS,
    )


def _gateway(settings: Settings) -> SmsGateway:
    if not (settings.sms_account and settings.sms_token and settings.sms_from):
        raise NotToBeSent("An SMS gateway takes LEADLEDGER_SMS_ACCOUNT, LEADLEDGER_SMS_TOKEN and LEADLEDGER_SMS_FROM.")
    return SmsGateway(
        account_sid=settings.sms_account,
        auth_token=settings.sms_token.get_secret_value(),
        sender=settings.sms_from,
        base_url=settings.sms_url,
        timeout_seconds=SMS_SECONDS,
    )
