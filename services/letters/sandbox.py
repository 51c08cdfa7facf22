"""Templates that can only be letters: they put facts into text, and can do nothing else and nothing for long.

A template names facts, asks `if`, and goes through the lines of a digest. It calls nothing, computes nothing, includes
nothing, and goes through nothing twice over; so its work is bounded by its own size, and so is what it writes.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound, TemplateSyntaxError, nodes, pass_context
from jinja2.exceptions import TemplateError
from jinja2.runtime import Context, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from services.letters.facts import DERIVED, Facts, short

LAYOUT = "layout.html"
LONGEST_TEMPLATE_BYTES = 50_000
LONGEST_LETTER = 200_000

ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.If, nodes.For, nodes.Block, nodes.Extends,
    nodes.Name, nodes.Getattr, nodes.Const, nodes.Filter, nodes.Keyword, nodes.Test, nodes.Compare, nodes.Operand,
    nodes.And, nodes.Or, nodes.Not, nodes.CondExpr, nodes.List, nodes.Tuple,
)  # fmt: skip
NAMES = frozenset({*Facts.__annotations__, *DERIVED, "loop"})
LENT_FILTERS = ("upper", "lower", "capitalize", "title", "trim", "default", "length", "first", "last", "escape", "e")
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FORM = re.compile(r"(?:%[aAbBdHIMmpyYZz]|[^%]){1,60}")

Candidates = Callable[[str], Sequence[Path]]
"""Where a template may lie, the first that is there counting."""


class TemplateTrouble(Exception):
    """A template cannot be used: in which file, near which line, and what is wrong; never what it was to tell."""

    def __init__(self, file: Path | None, line: int | None, wrong: str) -> None:
        where = called(file) if file else "a template"
        super().__init__(f"{where}{f', line {line}' if line else ''}: {wrong}")
        self.file, self.line, self.wrong = file, line, wrong


def called(file: Path) -> str:
    """`north/reminder.txt`: the file and whose it is."""
    return "/".join(file.parts[-2:])


class Sandbox(ImmutableSandboxedEnvironment):
    """Reads templates named `north/reminder.txt`: the folder says whose, the rest which."""

    def __init__(self, candidates: Candidates) -> None:
        super().__init__(
            loader=_Loader(candidates),
            undefined=StrictUndefined,
            autoescape=lambda name: name is not None and name.endswith(".html"),
            finalize=_printed,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._candidates = candidates
        self.globals.clear()
        self.filters = {name: self.filters[name] for name in LENT_FILTERS}
        self.filters |= {"when": when, "at": at, "late": late, "short": short, "in_form": in_form}

    def written(self, name: str, told: Mapping[str, object]) -> str:
        """What the template says of what is told. Raises TemplateTrouble."""
        try:
            return "".join(_bounded(self.get_template(name).generate(told)))
        except TemplateSyntaxError as wrong:
            file = None if wrong.filename is None else Path(wrong.filename)
            raise TemplateTrouble(file, wrong.lineno, wrong.message or "it is no template") from None
        except (TemplateError, TypeError, ValueError, ArithmeticError, LookupError) as wrong:
            file, line = _where(wrong)
            raise TemplateTrouble(file or self._first(name), line, _in_words(wrong)) from None
        except (SyntaxError, RecursionError, MemoryError):
            raise TemplateTrouble(self._first(name), None, "it is nested too deeply") from None

    def _first(self, name: str) -> Path | None:
        return next((file for file in self._candidates(name) if file.is_file()), None)

    def join_path(self, template: str, parent: str) -> str:
        """A team's letter stands in the team's own layout."""
        return f"{parent.partition('/')[0]}/{template}"

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        for line, wrong in _wrong(source, name or ""):
            raise TemplateSyntaxError(wrong, line or 1, name, filename)
        return super()._generate(source, name, filename, defer_init)


class _NoText(TypeError):
    """Something was to be printed that is no text."""


class _Loader(BaseLoader):
    def __init__(self, candidates: Candidates) -> None:
        self._candidates = candidates

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        for file in self._candidates(template):
            try:
                with file.open("rb") as opened:
                    read = opened.read(LONGEST_TEMPLATE_BYTES + 1)
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as wrong:
                raise TemplateTrouble(file, None, f"it cannot be read: {wrong.strerror}") from None
            if len(read) > LONGEST_TEMPLATE_BYTES:
                raise TemplateTrouble(file, None, f"it has more than {LONGEST_TEMPLATE_BYTES:,} bytes")
            try:
                return read.decode("utf-8-sig"), str(file), self._is_still(template, file, file.stat().st_mtime_ns)
            except UnicodeDecodeError as wrong:
                raise TemplateTrouble(file, read.count(b"\n", 0, wrong.start) + 1, "it is no UTF-8") from None
        raise TemplateNotFound(template)

    def _is_still(self, template: str, file: Path, changed: int) -> Callable[[], bool]:
        def is_still() -> bool:
            now = next((one for one in self._candidates(template) if one.is_file()), None)
            return now == file and file.stat().st_mtime_ns == changed

        return is_still


def _wrong(template: nodes.Template, name: str) -> Iterator[tuple[int | None, str]]:
    """What no letter needs, and where."""
    names = NAMES | {one.name for one in template.find_all(nodes.Name) if one.ctx == "store"}
    for node in template.find_all(nodes.Node):
        if not isinstance(node, ALLOWED):
            yield node.lineno, f"{type(node).__name__} has no place in a letter"
        if isinstance(node, nodes.Name) and node.name not in names:
            yield node.lineno, f"there is no fact called {node.name}"
        if isinstance(node, nodes.Extends) and (name.endswith(LAYOUT) or not _is_layout(node.template)):
            yield node.lineno, f"only {LAYOUT} can be extended, and only by letters"
        if isinstance(node, nodes.For) and next(node.find_all((nodes.For, nodes.Block)), None):
            yield node.lineno, "a loop holds no other loop and no block"


def _is_layout(extended: nodes.Expr) -> bool:
    return isinstance(extended, nodes.Const) and extended.value == LAYOUT


def _bounded(parts: Iterator[str]) -> Iterator[str]:
    length = 0
    for part in parts:
        length += len(part)
        if length > LONGEST_LETTER:
            raise _NoText(f"the letter has more than {LONGEST_LETTER:,} signs")
        yield part


def _where(wrong: BaseException) -> tuple[Path | None, int | None]:
    """Jinja puts the lines of templates into tracebacks."""
    frames = [one for one in traceback.extract_tb(wrong.__traceback__) if one.filename.endswith((".txt", ".html"))]
    return (Path(frames[-1].filename), frames[-1].lineno) if frames else (None, None)


def _in_words(wrong: Exception) -> str:
    """What Jinja says of names, and what we say ourselves; other messages may repeat a fact."""
    if isinstance(wrong, TemplateError | _NoText):
        return str(wrong)
    return f"this cannot be done with what is told ({type(wrong).__name__}): ask {{% if %}} before"


def _printed(value: object) -> object:
    """Nothing is printed for what is not known; and only text and numbers are printed at all."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        raise _NoText("an instant is written with a filter: {{ due_at|when }}")
    if not isinstance(value, str | int | float | Undefined):
        raise _NoText("this is neither text nor a number")
    return value


def _instant(value: object) -> datetime:
    if isinstance(value, Undefined):
        str(value)  # Says what is undefined.
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _NoText("there is no instant here: ask {% if %} before")
    return value


@pass_context
def when(context: Context, value: object) -> str:
    """`today, 16:35 CEST`; `Fri 31 Jul, 16:35 CEST`; in the zone in which the instant is given."""
    instant = _instant(value)
    zone = instant.tzname() or ""
    zone = f"UTC{zone}" if zone[:1] in ("+", "-") else zone
    return f"{_day(context, instant) or 'today'}, {instant:%H:%M} {zone}".rstrip()


@pass_context
def at(context: Context, value: object) -> str:
    """As short as it can be: `16:35`, `tomorrow 09:30`, `Fri 31 Jul 16:35`."""
    instant = _instant(value)
    return f"{_day(context, instant)} {instant:%H:%M}".lstrip()


def in_form(value: object, form: object = "") -> str:
    """In another language's way: `{{ due_at|in_form("%d.%m.%Y, %H:%M Uhr") }}`."""
    if not isinstance(form, str) or not FORM.fullmatch(form):
        raise _NoText("a form is written with %d, %m, %Y, %H, %M and the like")
    return _instant(value).strftime(form)


def late(minutes: object) -> str:
    """`25 min`, `2 h`, `2 h 15 min`."""
    if not isinstance(minutes, int):
        raise _NoText("there are no minutes here: ask {% if %} before")
    hours, rest = divmod(max(minutes, 0), 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])


def _day(context: Context, instant: datetime) -> str:
    """Nothing for today."""
    now = context.get("now")
    if isinstance(now, datetime):
        match (instant.date() - now.astimezone(instant.tzinfo).date()).days:
            case 0:
                return ""
            case 1:
                return "tomorrow"
            case -1:
                return "yesterday"
    day = f"{DAYS[instant.weekday()]} {instant.day} {MONTHS[instant.month - 1]}"
    same_year = not isinstance(now, datetime) or now.astimezone(instant.tzinfo).year == instant.year
    return day if same_year else f"{day} {instant.year}"
