"""How a request is received: not too large, and in JSON that everybody reads alike."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.problems import (
    BodyIsNotJson,
    BodyIsTooLarge,
    CallerIsGone,
    MediaTypeIsUnsupported,
    told,
)

MOST_BYTES = 1_000_000
MOST_DIGITS = 40
"""No number that means anything here has more."""


class Guarded:
    """Lets no body in that is too large, however it declares itself, and no failure out that tells too much."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, counting its bytes."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        bytes_seen, answered = 0, False

        async def receive_counted() -> Message:
            nonlocal bytes_seen
            message = await receive()
            bytes_seen += len(message.get("body", b""))
            if bytes_seen > MOST_BYTES:
                raise BodyIsTooLarge
            return message

        async def send_noted(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            if _declared_bytes(scope) > MOST_BYTES:
                raise BodyIsTooLarge
            await self.app(scope, receive_counted, send_noted)
        except Exception as failure:
            response = told(failure)
            if not answered:
                await response(scope, receive, send)


Headers = Mapping[bytes, bytes]


async def told_in_json(headers: Headers, receive: Receive) -> Any:
    """What the body says; no body says nothing. In JSON that everybody reads alike, or not at all."""
    body = await _all_of(receive)
    if not body:
        return None
    if not _declares("application/json", headers.get(b"content-type", b"").decode("latin-1")):
        raise MediaTypeIsUnsupported
    try:
        return STRICT.decode(body.decode("utf-8"))
    except UnicodeDecodeError as broken:
        raise BodyIsNotJson(f"The body is no UTF-8: see byte {broken.start}.") from None
    except json.JSONDecodeError as broken:
        raise BodyIsNotJson(f"The body is no JSON: see line {broken.lineno}, column {broken.colno}.") from None
    except RecursionError:
        raise BodyIsNotJson("The body is nested too deeply; nothing here is deeper than three levels.") from None


async def told_as(media: str, headers: Headers, receive: Receive) -> bytes:
    """What the body says, where it is a file of this kind and no JSON."""
    body = await _all_of(receive)
    if not _declares(media, headers.get(b"content-type", b"").decode("latin-1")):
        raise MediaTypeIsUnsupported(f"Send the file as it is, with `Content-Type: {media}`.", media)
    return body


async def _all_of(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise CallerIsGone
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _declares(media: str, content_type: str) -> bool:
    if content_type == media:
        return True
    told, _, parameters = content_type.partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    return told.strip().lower() == media and charset in ("", "utf-8", "utf8")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    told = dict(pairs)
    if len(told) != len(pairs):
        raise BodyIsNotJson("An object of the body has one name twice; keep the one that you mean.")
    return told


def _no_number(constant: str) -> Any:
    raise BodyIsNotJson(f"{constant} is no JSON; write a number, or leave it out.")


def _integer(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise BodyIsNotJson("A number of the body has too many digits.")
    return int(digits)


def _decimal(digits: str) -> Decimal:
    if len(digits) > MOST_DIGITS:
        raise BodyIsNotJson("A number of the body has too many digits.")
    return Decimal(digits)


STRICT = json.JSONDecoder(
    object_pairs_hook=_without_repetition, parse_constant=_no_number, parse_int=_integer, parse_float=_decimal
)


def _declared_bytes(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() and len(value) < 20 else MOST_BYTES + 1
    return 0
