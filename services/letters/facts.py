"""What a letter may tell: the names that templates know, and what stands behind them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal, TypedDict, get_args

Kind = Literal[
    "assignment", "reminder", "escalation", "offer", "claim", "release", "acknowledgement", "digest", "receipt"
]
"""`receipt` goes to the lead, `digest` to a person about their day, all others to a person about one lead."""
KINDS: tuple[Kind, ...] = get_args(Kind)

LONGEST_FACT = 200
LONGEST_LINK = 2_000
MOST_LINES = 100


class Line(TypedDict, total=False):
    """One lead of a digest."""

    lead: str
    name: str | None
    company: str | None
    clock: str | None
    due_at: datetime | None
    """In the recipient's zone."""
    state: str | None
    """`late`, `at risk`, `on track`, `waiting`."""
    link: str | None


class Counts(TypedDict, total=False):
    """How many leads of the recipient, for a digest."""

    late: int
    today: int
    """Due today and not late."""
    open: int
    """All of them."""
    help: int
    """Leads of other people that the recipient was told need help, or answers for."""


class Facts(TypedDict, total=False):
    """All that a template can ask for. What is not given is None (and no lines, and 0 of everything)."""

    lead: str
    """A short reference, `5d0b8f5e`."""
    name: str | None
    company: str | None
    source: str | None
    team: str | None
    to_name: str | None
    """Whom the letter is for: a name, or a pseudonym."""
    by_name: str | None
    """Who did it, or who has the lead now."""
    clock: str | None
    """`first contact`, `follow-up`, `answer to a reply`, `acknowledgement`."""
    due_at: datetime | None
    """When that was or is due, in the recipient's zone: `{{ due_at|when }}`; `{{ due_at|at }}` where space is short."""
    act_by: datetime | None
    """By when the recipient is asked to act, or until when somebody has promised to; in the recipient's zone."""
    reason: str | None
    """In words that end a sentence: `nobody had acted in time`."""
    rung: int | None
    late_minutes: int | None
    """`{{ late_minutes|late }}` says 2 h 15 min."""
    link: str | None
    """To the lead, or for a digest to the recipient's queue."""
    now: datetime | None
    """When the letter is written: what is `today`."""
    lines: list[Line]
    counts: Counts


DERIVED = ("who", "who_short", "subject")
"""What the lead (also each line of a digest) is called, `Ada Lovelace (Analytical Engines)`; the same in at most
20 signs, `Ada Lovelace`; and, in HTML, the subject."""

SHORT = 20


def told(facts: Mapping[str, object]) -> dict[str, object]:
    """Every name that templates know. Raises ValueError where a fact is given that is none."""
    if strangers := sorted(facts.keys() - Facts.__annotations__.keys()):
        raise ValueError(f"templates know no {', '.join(strangers)}")
    known: dict[str, object] = dict.fromkeys(Facts.__annotations__)
    known |= {name: _clean(name, fact) for name, fact in facts.items()}
    lines, counts = known["lines"], known["counts"]
    blank: dict[str, object] = dict.fromkeys(Line.__annotations__)
    known["lines"] = [_named({**blank, **line}) for line in lines] if isinstance(lines, list) else []
    known["counts"] = dict.fromkeys(Counts.__annotations__, 0) | (counts if isinstance(counts, dict) else {})
    return _named(known)


def short(words: str, longest: int = SHORT) -> str:
    """The words, cut with two dots where they are longer: those are in the alphabet of telephones, and … is not."""
    return words if len(words) <= longest else f"{words[: longest - 2].rstrip()}.."


def example(now: datetime) -> Facts:
    """A letter about which everything is known."""
    line: Line = {
        "lead": "5d0b8f5e",
        "name": "Ada Lovelace",
        "company": "Analytical Engines",
        "clock": "first contact",
        "due_at": now + timedelta(hours=2),
        "state": "at risk",
        "link": "https://leads.example.com/leads/5d0b8f5e-7a54-4c1e-8d6a-0b1f8f6c2a10",
    }
    return {
        "lead": "5d0b8f5e",
        "name": "Ada Lovelace",
        "company": "Analytical Engines",
        "source": "website",
        "team": "north",
        "to_name": "Bob Fisher",
        "by_name": "rep-7",
        "clock": "first contact",
        "due_at": now + timedelta(hours=2),
        "act_by": now + timedelta(hours=3),
        "reason": "nobody had acted in time",
        "rung": 1,
        "late_minutes": 135,
        "link": "https://leads.example.com/leads/5d0b8f5e-7a54-4c1e-8d6a-0b1f8f6c2a10",
        "now": now,
        "lines": [line, {"lead": "0a1b2c3d", "state": "late"}],
        "counts": {"late": 1, "today": 1, "open": 7, "help": 2},
    }


def _named(known: dict[str, object]) -> dict[str, object]:
    name, company, lead = known["name"], known["company"], known["lead"]
    who = str(name or company or (f"Lead {lead}" if lead else "A lead"))
    return {**known, "who": f"{who} ({company})" if name and company else who, "who_short": short(who)}


def _clean(name: str, fact: object) -> object:
    """What strangers wrote about themselves stays on its line, is not endless, and hides nothing."""
    if isinstance(fact, str):
        seen = " ".join("".join(sign for sign in fact if sign.isprintable() or sign.isspace()).split())
        return seen[: LONGEST_LINK if name == "link" else LONGEST_FACT]
    if isinstance(fact, Mapping):
        return {key: _clean(key, value) for key, value in fact.items()}
    if isinstance(fact, list | tuple):
        return [_clean(name, one) for one in fact[:MOST_LINES]]
    return fact
