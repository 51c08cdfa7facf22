"""Text messages through an HTTP gateway that speaks as Twilio does: create a message, be told what became of it.

The protocol: Twilio's Messages resource (2010-04-01), its error dictionary, and its request signatures.
"""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import httpx

from adapters.delivery import LONGEST_WAIT_SECONDS, Never, NotNow, Refused
from domain.lead.events import PROVIDER_ID

LONGEST_TEXT = 1600
LONGEST_ANSWER_BYTES = 65_536
CONNECTING = 0.75
"""How much of the time may pass before there is a connection."""
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
"""E.164."""
WRITTEN_BETWEEN = re.compile(r"[\s().\-/]")
MESSAGING_SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")

REFUSED: Mapping[int, Refused] = {
    21211: "address_refused",  # no telephone number
    21214: "address_refused",  # cannot be reached
    21217: "address_refused",  # does not look like one
    21265: "address_refused",  # a short code
    21266: "address_refused",  # our own number
    21268: "address_refused",  # a premium number
    21408: "address_refused",  # in a region that this account does not send to
    21612: "address_refused",  # no way from the sender to there
    21614: "address_refused",  # takes no messages
    21635: "address_refused",  # a landline
    21610: "opted_out",  # answered STOP
    21602: "message_refused",  # empty
    21617: "message_refused",  # too long
    21619: "message_refused",  # empty
}
"""What Twilio calls final. Since its codes come and change, one that is not here is no reason to give up."""

ABOUT_US = frozenset(
    {
        20003, 20005, 20006, 20008, 20404,  # who we are
        21212, 21267, 21603, 21606, 21608, 21609, 21659, 21660, 21661, 21701, 21703, 21704,  # from whom
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class SmsGateway:
    """Where messages are handed in, and as whom."""

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    """A number such as +15005550006, a name such as LEADLEDGER, or the id of a messaging service, MG…."""
    base_url: str = "https://api.twilio.com"
    callback_url: str | None = None
    """Where the gateway tells what became of a message."""
    timeout_seconds: float = 15.0


class Sms:
    """Hands messages to a gateway, any number of them at once."""

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway
        self._address = f"{gateway.base_url.rstrip('/')}/2010-04-01/Accounts/{gateway.account_sid}/Messages.json"
        connecting = gateway.timeout_seconds * CONNECTING
        self._client = httpx.AsyncClient(
            auth=(gateway.account_sid, gateway.auth_token),
            # Where there is no connection nothing was taken; so that comes out before the time for all of it is over.
            timeout=httpx.Timeout(gateway.timeout_seconds, connect=connecting, pool=connecting),
            # The token goes to whom it was given for.
            follow_redirects=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections that are kept."""
        await self._client.aclose()

    async def send(self, to: str, text: str, *, key: str, callback: str | None = None) -> str:
        """What the gateway calls the message, `SM…`, when it has taken it. Raises NotNow and Never, in bounded time.

        The key is the same each time that this message is sent, in the header Idempotency-Key. A gateway that knows it
        sends once; Twilio's own does not know it. So when an answer is lost, or is a 2xx that cannot be read, the
        message may have been taken, and NotNow says so (`perhaps_taken`): another try may send it twice.
        """
        form = self._form(to, text, callback)
        try:
            async with asyncio.timeout(self._gateway.timeout_seconds):
                return await self._post(form, key)
        except (httpx.ConnectTimeout, httpx.PoolTimeout):
            raise NotNow("timed_out") from None
        except (TimeoutError, httpx.TimeoutException):
            raise NotNow("timed_out", perhaps_taken=True) from None
        except (httpx.ConnectError, httpx.ProxyError):
            raise NotNow("unreachable") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL):
            raise NotNow("not_configured_right") from None
        except httpx.DecodingError:
            raise NotNow("not_understood", perhaps_taken=True) from None
        except httpx.TransportError:
            raise NotNow("unreachable", perhaps_taken=True) from None

    def _form(self, to: str, text: str, callback: str | None) -> dict[str, str]:
        number = WRITTEN_BETWEEN.sub("", to)
        if not NUMBER.fullmatch(number):
            raise Never("address_refused")
        if not text.strip() or len(text) > LONGEST_TEXT:
            raise Never("message_refused")
        sender = self._gateway.sender
        form = {
            "To": number,
            "MessagingServiceSid" if MESSAGING_SERVICE.fullmatch(sender) else "From": sender,
            "Body": text.encode("utf-8", "replace").decode(),
        }
        if told_at := callback or self._gateway.callback_url:
            form["StatusCallback"] = told_at
        return form

    async def _post(self, form: dict[str, str], key: str) -> str:
        headers = {"Idempotency-Key": key, "Accept": "application/json"}
        async with self._client.stream("POST", self._address, data=form, headers=headers) as answer:
            read = b""
            async for part in answer.aiter_bytes():
                read += part
                if len(read) > LONGEST_ANSWER_BYTES:
                    raise NotNow("not_understood", perhaps_taken=answer.is_success)
        told = _object(read)
        if not answer.is_success:
            raise _meaning(answer, told)
        if told.get("status") in ("failed", "undelivered", "canceled"):
            raise Never(REFUSED.get(_number(told.get("error_code")), "message_refused"))
        sid = told.get("sid")
        if not isinstance(sid, str) or not PROVIDER_ID.fullmatch(sid):
            raise NotNow("not_understood", perhaps_taken=True)
        return sid


def is_signed(auth_token: str, url: str, params: Mapping[str, str], signature: str) -> bool:
    """Whether whoever posted these parameters here knows the token: the header X-Twilio-Signature.

    The HMAC-SHA1 of the address as the gateway was given it and of all parameters in order, name and value. Twilio
    signs with and without the port (443, where none is written), and either will do. Takes as long for a wrong one.
    """
    said = signature.encode("utf-8", "replace")
    listed = "".join(f"{name}{params[name]}" for name in sorted(params))
    right = [hmac.compare_digest(_signature(auth_token, each + listed), said) for each in _with_and_without_port(url)]
    return any(right)


def _signature(auth_token: str, words: str) -> bytes:
    return base64.b64encode(hmac.digest(auth_token.encode(), words.encode("utf-8", "replace"), "sha1"))


def _with_and_without_port(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    bare = re.sub(r":[0-9]*$", "", parts.netloc)
    with_port = parts.netloc if bare != parts.netloc else f"{bare}:{443 if parts.scheme == 'https' else 80}"
    return urlunsplit(parts._replace(netloc=bare)), urlunsplit(parts._replace(netloc=with_port))


def _meaning(answer: httpx.Response, told: Mapping[str, object]) -> NotNow | Never:
    status, code = answer.status_code, _number(told.get("code"))
    retry_after = _seconds(answer.headers.get("Retry-After"))
    if status >= 500:
        # Only "unavailable" says that nothing was done.
        return NotNow("refused_for_now", retry_after_seconds=retry_after, perhaps_taken=status != 503)
    if 400 <= status < 500 and status != 429 and code in REFUSED:
        return Never(REFUSED[code])
    if status in (401, 403, 404, 405) or status < 400 or code in ABOUT_US:
        return NotNow("not_configured_right", retry_after_seconds=retry_after)
    return NotNow("refused_for_now", retry_after_seconds=retry_after)


def _object(read: bytes) -> Mapping[str, object]:
    """What the answer says; nothing, where it is no JSON object."""
    try:
        told = json.loads(read)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _number(code: object) -> int:
    return code if isinstance(code, int) else 0


def _seconds(retry_after: str | None) -> int | None:
    """RFC 9110 10.2.3: so many seconds, or an instant; at most an hour."""
    if retry_after is None:
        return None
    if retry_after.strip().isdecimal():
        return min(int(retry_after[:9]), LONGEST_WAIT_SECONDS)
    try:
        wait = parsedate_to_datetime(retry_after) - datetime.now(UTC)
    except (ValueError, TypeError):
        return None
    return min(max(int(wait.total_seconds()), 0), LONGEST_WAIT_SECONDS)
