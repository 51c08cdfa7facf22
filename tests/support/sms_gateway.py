"""An SMS gateway over HTTP that speaks as Twilio does, keeps what it takes, and behaves as badly as it is told to.

    with TextGateway() as gateway:
        gateway.when("+15005550001", then=Refusal(400, 21211))
        gateway.when("+15005550002", then=TAKE_AND_DROP)
        ...
        assert gateway.call_back(gateway.messages[0], "delivered") == 204

The real `twilio` package speaks with it in tests/adapters/test_sms.py, and makes the signatures.
"""

import asyncio
import base64
import json
import re
import secrets
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime, localtime
from http import HTTPStatus
from typing import Any

from twilio.request_validator import RequestValidator  # type: ignore[import-untyped]

from tests.support.aside import LOOPBACK, Aside

HANG, DROP, TAKE_AND_HANG, TAKE_AND_DROP = "hang", "drop", "take and hang", "take and drop"
ANYBODY = "*"
MESSAGES = re.compile(r"/2010-04-01/Accounts/([^/]+)/Messages(?:/([^/]+))?\.json")


@dataclass(frozen=True)
class Refusal:
    """An answer that is no yes, in Twilio's words."""

    status: int
    code: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Raw:
    """An answer that is taken for a yes, whatever it says; the message is kept."""

    body: bytes
    status: int = 201
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Kept:
    """One message that was taken."""

    sid: str
    to: str
    text: str
    form: Mapping[str, str]
    headers: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.headers["idempotency-key"]


@dataclass
class Rule:
    """What to do with messages to one number."""

    number: str
    then: Refusal | Raw | str
    times: int | None


@dataclass
class TextGateway(Aside):
    """Takes every message until it is told otherwise."""

    account_sid: str = "AC" + "0a" * 16
    auth_token: str = "gateway-secret-2f9d"
    knows_keys: bool = False
    """Whether a second message under one Idempotency-Key is the first one. (Twilio's does not.)"""
    messages: list[Kept] = field(default_factory=list)
    requests: int = 0
    _rules: list[Rule] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def when(self, number: str = ANYBODY, *, then: Refusal | Raw | str, times: int | None = None) -> None:
        """Do so with messages to this number; so many times, or always."""
        self._rules.append(Rule(number, then, times))

    def behave(self) -> None:
        """Take everything again."""
        self._rules.clear()

    def call_back(self, message: Kept, status: str, error_code: int | None = None, token: str | None = None) -> int:
        """Tell whoever asked for it what became of a message, signed; answer the HTTP status."""
        url = message.form["StatusCallback"]
        form = {
            "AccountSid": self.account_sid,
            "ApiVersion": "2010-04-01",
            "From": message.form.get("From", ""),
            "MessageSid": message.sid,
            "MessageStatus": status,
            "SmsSid": message.sid,
            "SmsStatus": status,
            "To": message.to,
        }
        if error_code is not None:
            form["ErrorCode"] = str(error_code)
        signature = RequestValidator(token or self.auth_token).compute_signature(url, form)
        request = urllib.request.Request(url, urllib.parse.urlencode(form).encode())
        request.add_header("X-Twilio-Signature", signature)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    async def _listen(self, port: int) -> asyncio.Server:
        return await asyncio.start_server(self._serve, LOOPBACK, port)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode("latin-1").split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
                body = await reader.readexactly(int(headers.get("content-length") or 0))
                method, path, _ = first.split(" ", 2)
                answer = await self._answered(method, path, headers, body)
                if answer is None:
                    writer.transport.abort()
                    return
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def _answered(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes | None:
        """The answer, or None where the connection is to break."""
        self.requests += 1
        known = base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if headers.get("authorization") != f"Basic {known}":
            return _http(401, _error(401, 20003))
        found = MESSAGES.fullmatch(path)
        if found is None or found[1] != self.account_sid:
            return _http(404, _error(404, 20404))
        if method == "POST" and found[2] is None:
            form = dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
            return await self._create(form, headers)
        for message in self.messages:
            if message.sid == found[2]:
                return _http(200, self._told(message))
        return _http(404, _error(404, 20404))

    async def _create(self, form: Mapping[str, str], headers: Mapping[str, str]) -> bytes | None:
        then = self._rule(form.get("To", ""))
        if isinstance(then, Refusal):
            return _http(then.status, _error(then.status, then.code), then.headers)
        if then == DROP:
            return None
        if then == HANG:
            await asyncio.Event().wait()
        if not {"From", "MessagingServiceSid"} & form.keys():
            return _http(400, _error(400, 21603))
        if not form.get("Body"):
            return _http(400, _error(400, 21602))
        message = self._kept(form, headers)
        if then == TAKE_AND_DROP:
            return None
        if then == TAKE_AND_HANG:
            await asyncio.Event().wait()
        return _http(then.status, then.body, then.headers) if isinstance(then, Raw) else _http(201, self._told(message))

    def _rule(self, number: str) -> Refusal | Raw | str:
        for rule in self._rules:
            if rule.number in (number, ANYBODY) and rule.times != 0:
                if rule.times is not None:
                    rule.times -= 1
                return rule.then
        return ""

    def _kept(self, form: Mapping[str, str], headers: Mapping[str, str]) -> Kept:
        message = Kept(f"SM{secrets.token_hex(16)}", form["To"], form["Body"], form, headers)
        for earlier in self.messages:
            if self.knows_keys and earlier.headers.get("idempotency-key") == headers.get("idempotency-key"):
                return earlier
        self.messages.append(message)
        return message

    def _told(self, message: Kept) -> bytes:
        """A Message resource, with all that Twilio's has."""
        now = format_datetime(localtime())
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{message.sid}"
        told: dict[str, Any] = {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": message.text,
            "date_created": now,
            "date_sent": None,
            "date_updated": now,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": message.form.get("From"),
            "messaging_service_sid": message.form.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "price_unit": None,
            "sid": message.sid,
            "status": "queued",
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": message.to,
            "uri": f"{uri}.json",
        }
        return json.dumps(told).encode()


def _error(status: int, code: int | None) -> bytes:
    told = {"code": code or status, "message": "No.", "more_info": f"https://gateway.example/errors/{code}"}
    return json.dumps({**told, "status": status}).encode()


def _http(status: int, body: bytes, headers: Mapping[str, str] | None = None) -> bytes:
    given = {"Content-Type": "application/json", "Content-Length": str(len(body)), **(headers or {})}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in given.items())]
    return "\r\n".join([*lines, "", ""]).encode() + body
