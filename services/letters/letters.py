"""What notices say: English templates that are shipped, and a team's own in their place, file by file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from adapters.gsm import segments
from domain.identity import SLUG
from services.letters.facts import KINDS, Facts, Kind, example, told
from services.letters.sandbox import LAYOUT, Sandbox, TemplateTrouble, called

SHIPPED = Path(__file__).with_name("templates")
PARTS = ("subject.txt", "txt", "html", "sms.txt")
FILES = frozenset({LAYOUT, *(f"{kind}.{part}" for kind in KINDS for part in PARTS)})
NOBODYS = "-"
"""In the place of a team's name, which never looks like this."""
NOTHING, PARAGRAPH = re.compile(r"\n\s*\n"), "\n\n"
PLAINER = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-", "…": "..."})
MOST_SEGMENTS = 3
MOST_TEAMS = 1_000


class Written(NamedTuple):
    """A letter's words."""

    subject: str
    text: str
    html: str


class Letters:
    """Writes what a notice says.

    In a folder of templates, `<folder>/<team>/reminder.txt` comes before `<folder>/reminder.txt`, and that before the
    one that is shipped; each file for itself. A changed file counts from the next letter on. What templates can do is
    told in services/letters/sandbox.py, and what they can tell in services/letters/facts.py.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._sandbox = Sandbox(self._candidates)

    def mail(self, kind: Kind, team: str | None, facts: Mapping[str, object]) -> Written:
        """Raises TemplateTrouble, and ValueError where a fact is given that no template knows."""
        known = told(facts)
        subject = _on_one_line(self._written(kind, "subject.txt", team, known))
        text = self._written(kind, "txt", team, known)
        html = self._written(kind, "html", team, {**known, "subject": subject})
        return Written(subject, f"{NOTHING.sub(PARAGRAPH, text).strip()}\n", f"{html.strip()}\n")

    def sms(self, kind: Kind, team: str | None, facts: Mapping[str, object]) -> str:
        """On one line. Raises TemplateTrouble, and ValueError where a fact is given that no template knows."""
        return _for_telephones(self._written(kind, "sms.txt", team, told(facts)))

    def check(self) -> list[str]:
        """What is wrong with the folder's templates, in words, each once: all of them are tried with examples."""
        if self._folder is None:
            return []
        if not self._folder.is_dir():
            return [f"there is no folder {self._folder}"]
        entries = sorted(self._folder.iterdir())
        teams = [one for one in entries if one.is_dir() and not one.name.startswith(".")][:MOST_TEAMS]
        problems = [problem for own in [self._folder, *teams] for problem in self._problems(own)]
        return list(dict.fromkeys(problems))

    def _problems(self, own: Path) -> Iterator[str]:
        team = None if own == self._folder else own.name
        if team is not None and not SLUG.fullmatch(team):
            yield f"{team}: no team can be called so"
            return
        for file in sorted(own.iterdir()):
            if file.is_file() and file.name not in FILES:
                yield f"{called(file)}: no template is called so"
        now = datetime.now(UTC)
        for kind in KINDS:
            for facts in (example(now), Facts(now=now)):
                yield from self._problems_of(kind, team, {**told(facts), "subject": "…"})

    def _problems_of(self, kind: Kind, team: str | None, known: Mapping[str, object]) -> Iterator[str]:
        for part in PARTS:
            try:
                written = self._written(kind, part, team, known)
            except TemplateTrouble as trouble:
                yield str(trouble)
                continue
            file = next(one for one in self._candidates(_name(kind, part, team)) if one.is_file())
            if not written.strip():
                yield f"{called(file)}: it says nothing"
            if part == "sms.txt" and segments(_for_telephones(written)) > MOST_SEGMENTS:
                yield f"{called(file)}: it is longer than {MOST_SEGMENTS} text messages"

    def _written(self, kind: Kind, part: str, team: str | None, known: Mapping[str, object]) -> str:
        return self._sandbox.written(_name(kind, part, team), known)

    def _candidates(self, template: str) -> Sequence[Path]:
        team, _, file = template.partition("/")
        shipped = (SHIPPED / file,)
        if self._folder is None:
            return shipped
        if not SLUG.fullmatch(team):
            return (self._folder / file, *shipped)
        return (self._folder / team / file, self._folder / file, *shipped)


def _name(kind: Kind, part: str, team: str | None) -> str:
    whose = team if team is not None and SLUG.fullmatch(team) else NOBODYS
    return f"{whose}/{kind}.{part}"


def _on_one_line(written: str) -> str:
    return " ".join(written.split())


def _for_telephones(written: str) -> str:
    """One sign that is not in the alphabet of telephones makes a text take twice the room."""
    return _on_one_line(written).translate(PLAINER)
