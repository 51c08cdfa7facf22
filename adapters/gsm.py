"""How long a text is on a telephone: 160 signs where all of them are in the GSM alphabet, 70 where one is not.

3GPP TS 23.038 6.2.1 and 6.2.1.1 (the alphabet and its extension), TS 23.040 9.2.3.24 (texts in several parts).
"""

from __future__ import annotations

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED = frozenset("\f^{}\\[~]|€")
"""Each takes two places."""

ONE_GSM, PART_GSM = 160, 153
ONE_UCS2, PART_UCS2 = 70, 67


def places(text: str) -> int | None:
    """How many places the text takes in the GSM alphabet; None where it has signs that are not in it."""
    if not BASIC.union(EXTENDED).issuperset(text):
        return None
    return len(text) + sum(sign in EXTENDED for sign in text)


def segments(text: str) -> int:
    """In how many parts the text travels, each of which is paid for."""
    gsm = places(text)
    if gsm is not None:
        return _parts(gsm, ONE_GSM, PART_GSM)
    return _parts(len(text.encode("utf-16-be", "replace")) // 2, ONE_UCS2, PART_UCS2)


def _parts(length: int, one: int, part: int) -> int:
    return 1 if length <= one else -(-length // part)
