"""A letter says what is wanted and by when; a team may say it in its own words, and its templates can do no harm."""

import os
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.gsm import ONE_GSM, places
from services.letters import KINDS, Facts, Kind, Letters, TemplateTrouble
from services.letters.facts import LONGEST_FACT, MOST_LINES, Counts, Line, example, short, told
from services.letters.letters import PARTS, SHIPPED
from services.letters.sandbox import LONGEST_LETTER, LONGEST_TEMPLATE_BYTES, Sandbox

BERLIN = ZoneInfo("Europe/Berlin")
NINE = datetime(2026, 7, 31, 9, 0, tzinfo=BERLIN)
HALF_PAST_FOUR = NINE.replace(hour=16, minute=35)
SHIPPED_ONES = Letters(None)
ADA: Facts = {**example(NINE), "due_at": HALF_PAST_FOUR}


def written(folder: Path, template: str, facts: Facts = ADA, *, team: str | None = None, html: bool = False) -> str:
    """What a reminder says when its text, or its HTML, is this template."""
    (folder / f"reminder.{'html' if html else 'txt'}").write_text(template, encoding="utf-8")
    letter = Letters(folder).mail("reminder", team, facts)
    return letter.html if html else letter.text


def trouble(folder: Path, template: str, facts: Facts = ADA) -> str:
    with pytest.raises(TemplateTrouble) as refused:
        written(folder, template, facts)
    return str(refused.value)


def test_a_reminder_says_what_is_wanted_and_by_when() -> None:
    letter = SHIPPED_ONES.mail("reminder", None, ADA)
    assert letter.subject == "Ada Lovelace (Analytical Engines): first contact due today, 16:35 CEST"
    assert letter.text == (
        "Hello Bob Fisher,\n\n"
        "Ada Lovelace (Analytical Engines) is waiting: the first contact is due today, 16:35 CEST.\n\n"
        "One call or one message is enough. If you cannot make it, hand the lead on or say until when it has to wait: "
        "then the\nteam can help.\n\n"
        "https://leads.example.com/leads/5d0b8f5e-7a54-4c1e-8d6a-0b1f8f6c2a10\n"
    )
    assert SHIPPED_ONES.sms("reminder", None, ADA) == (
        "Ada Lovelace is waiting: first contact due 16:35. "
        "https://leads.example.com/leads/5d0b8f5e-7a54-4c1e-8d6a-0b1f8f6c2a10"
    )


def test_an_escalation_says_whose_turn_it_is_and_blames_nobody() -> None:
    letter = SHIPPED_ONES.mail("escalation", "north", {**ADA, "due_at": NINE - timedelta(minutes=135)})
    assert "Please see to it: take it, give it to somebody who has time, or say that you are on it.\n" in letter.text
    assert "If nothing happens until today, 12:00 CEST, somebody else is told.\n" in letter.text
    assert "The first contact was due today, 06:45 CEST, 2 h 15 min ago.\nThe lead is with rep-7." in letter.text
    assert "Ada Lovelace is waiting (2 h 15 min late)." in SHIPPED_ONES.sms("escalation", None, ADA)


def test_a_digest_lists_what_comes_first() -> None:
    letter = SHIPPED_ONES.mail("digest", None, {**ADA, "lines": ADA["lines"] * 2, "lead": ""})
    assert letter.subject == "Your day: 2 need your help, 1 late, 1 due today, 7 open"
    assert letter.text.startswith(
        "Hello Bob Fisher,\n\nThese leads come first today:\n\n"
        "- Ada Lovelace (Analytical Engines): first contact, today, 11:00 CEST (at risk)\n  https://leads.example.com/"
    )
    assert letter.text.count("- Lead 0a1b2c3d (late)\n") == letter.html.count("<strong>(late)</strong>") == 2
    assert SHIPPED_ONES.mail("digest", None, {"now": NINE}).text.endswith("0 open in all, 0 late, 0 due today.\n")


def test_the_lead_is_thanked_and_told_nothing_of_ours() -> None:
    letter = SHIPPED_ONES.mail("receipt", "north", {**ADA, "to_name": "Ada Lovelace"})
    everything = f"{letter}{SHIPPED_ONES.sms('receipt', 'north', ADA)}"
    assert "Hello Ada Lovelace" in letter.text
    for inner in ("rep-7", "north", "website", "leads.example.com", "5d0b8f5e", "Leadledger", "16:35", "nobody had"):
        assert inner not in everything


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("facts", [ADA, {"now": NINE}, {"lead": "5d0b8f5e", "due_at": HALF_PAST_FOUR}, {}])
def test_every_letter_can_be_written_with_whatever_is_known(kind: Kind, facts: Facts) -> None:
    letter, text_message = SHIPPED_ONES.mail(kind, None, facts), SHIPPED_ONES.sms(kind, None, facts)
    for words in (*letter, text_message):
        assert words.strip()
        assert not re.search(r"None|undefined|\{\{|\}\}|\{%|%\}", words)
    assert "\n" not in letter.subject + text_message
    assert "\n\n\n" not in letter.text
    assert letter.text.endswith("\n")
    assert letter.html.startswith("<!doctype html>")
    assert letter.html.rstrip().endswith("</html>")
    assert not re.search(r"<(img|script|link|iframe|style)|url\(|@import", letter.html)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("clock", ["first contact", "follow-up", "answer to a reply", "acknowledgement"])
def test_a_text_message_fits_into_one(kind: Kind, clock: str) -> None:
    long: Facts = {
        **ADA,
        "name": "Maximiliane von und zu Guttenberg-Falkenhausen",
        "by_name": "representative-of-the-north-7",
        "clock": clock,
        "due_at": NINE + timedelta(days=20),
        "act_by": NINE + timedelta(days=22),
        "late_minutes": 45 * 60 + 59,
        "counts": {"late": 12, "today": 34, "open": 567, "help": 9},
    }
    assert (places(SHIPPED_ONES.sms(kind, None, long)) or 999) <= ONE_GSM


def test_a_text_message_writes_plain_signs() -> None:
    said = SHIPPED_ONES.sms("claim", None, {"name": "O’Brien – “Bo”…", "by_name": "rep-7"})
    assert said == 'rep-7 has taken O\'Brien - "Bo".... Nothing left to do for you.'


@pytest.mark.parametrize(
    ("due_at", "words", "few"),
    [
        (HALF_PAST_FOUR, "today, 16:35 CEST", "16:35"),
        (HALF_PAST_FOUR + timedelta(days=1), "tomorrow, 16:35 CEST", "tomorrow 16:35"),
        (HALF_PAST_FOUR - timedelta(days=1), "yesterday, 16:35 CEST", "yesterday 16:35"),
        (HALF_PAST_FOUR + timedelta(days=7), "Fri 7 Aug, 16:35 CEST", "Fri 7 Aug 16:35"),
        (datetime(2027, 1, 4, 9, 5, tzinfo=BERLIN), "Mon 4 Jan 2027, 09:05 CET", "Mon 4 Jan 2027 09:05"),
        (datetime(2026, 8, 1, 0, 30, tzinfo=ZoneInfo("Asia/Tokyo")), "tomorrow, 00:30 JST", "tomorrow 00:30"),
        (datetime(2026, 7, 31, 10, 0, tzinfo=ZoneInfo("Asia/Dubai")), "today, 10:00 UTC+04", "10:00"),
    ],
)
def test_an_instant_is_told_as_the_recipient_lives_it(tmp_path: Path, due_at: datetime, words: str, few: str) -> None:
    facts: Facts = {**ADA, "due_at": due_at}
    assert written(tmp_path, "{{ due_at|when }}; {{ due_at|at }}", facts) == f"{words}; {few}\n"


def test_where_nobody_says_what_day_it_is_the_day_is_told(tmp_path: Path) -> None:
    assert written(tmp_path, "{{ due_at|when }}", {"due_at": HALF_PAST_FOUR}) == "Fri 31 Jul, 16:35 CEST\n"


def test_today_is_the_recipient_s_today(tmp_path: Path) -> None:
    """In Berlin it is Saturday already; in New York, where the recipient lives, it is Friday."""
    now = datetime(2026, 8, 1, 1, 0, tzinfo=BERLIN).astimezone(UTC)
    due_at = datetime(2026, 7, 31, 20, 0, tzinfo=ZoneInfo("America/New_York"))
    assert written(tmp_path, "{{ due_at|when }}", {"now": now, "due_at": due_at}) == "today, 20:00 EDT\n"


def test_another_language_has_its_own_form(tmp_path: Path) -> None:
    assert written(tmp_path, '{{ due_at|in_form("%d.%m.%Y, %H:%M Uhr") }}') == "31.07.2026, 16:35 Uhr\n"


@pytest.mark.parametrize(
    ("minutes", "words"), [(0, "0 min"), (-3, "0 min"), (25, "25 min"), (60, "1 h"), (135, "2 h 15 min")]
)
def test_how_late_is_told_in_hours_and_minutes(tmp_path: Path, minutes: int, words: str) -> None:
    assert written(tmp_path, "{{ late_minutes|late }}", {"late_minutes": minutes}) == f"{words}\n"


def test_a_team_s_own_words_come_first_file_by_file(tmp_path: Path) -> None:
    (tmp_path / "north").mkdir()
    (tmp_path / "reminder.txt").write_text("everybody's {{ who }}")
    (tmp_path / "reminder.subject.txt").write_text("everybody's subject")
    (tmp_path / "north" / "reminder.txt").write_text("north's {{ who }}")
    letters = Letters(tmp_path)
    north, south = letters.mail("reminder", "north", ADA), letters.mail("reminder", "south", ADA)
    assert north.text == "north's Ada Lovelace (Analytical Engines)\n"
    assert south.text == letters.mail("reminder", None, ADA).text == "everybody's Ada Lovelace (Analytical Engines)\n"
    assert north.subject == south.subject == "everybody's subject"
    # The shipped HTML tells the subject that is theirs.
    shipped = SHIPPED_ONES.mail("reminder", None, ADA)
    assert north.html == shipped.html.replace(shipped.subject, "everybody's subject".replace("'", "&#39;"))
    assert letters.sms("reminder", "north", ADA) == SHIPPED_ONES.sms("reminder", None, ADA)


def test_a_team_s_letters_stand_in_the_team_s_layout(tmp_path: Path) -> None:
    (tmp_path / "north").mkdir()
    (tmp_path / "north" / "layout.html").write_text("<main>{% block body %}{% endblock %}</main>")
    letters = Letters(tmp_path)
    assert letters.mail("offer", "north", ADA).html.startswith("<main>")
    assert letters.mail("offer", "south", ADA).html == SHIPPED_ONES.mail("offer", "south", ADA).html


@pytest.mark.parametrize("team", ["..", "../..", "a/b", "", "-", "North", "x" * 100, "\x00"])
def test_no_team_s_name_leads_out_of_the_folder(tmp_path: Path, team: str) -> None:
    folder = tmp_path / "deep" / "templates"
    folder.mkdir(parents=True)
    for above in (tmp_path, folder.parent):
        (above / "reminder.txt").write_text("from above")
    assert Letters(folder).mail("reminder", team, ADA) == SHIPPED_ONES.mail("reminder", None, ADA)


def test_a_changed_template_counts_from_the_next_letter_on(tmp_path: Path) -> None:
    letters = Letters(tmp_path)
    assert letters.mail("reminder", "north", ADA) == SHIPPED_ONES.mail("reminder", None, ADA)
    mine = tmp_path / "reminder.txt"
    for instant, words in enumerate(("first", "second")):
        mine.write_text(words)
        os.utime(mine, (instant, instant))
        assert letters.mail("reminder", "north", ADA).text == f"{words}\n"
    mine.unlink()
    assert letters.mail("reminder", "north", ADA) == SHIPPED_ONES.mail("reminder", None, ADA)


def test_what_a_stranger_calls_himself_is_no_markup() -> None:
    name = '<script>alert(1)</script>" onmouseover="x'
    letter = SHIPPED_ONES.mail("offer", None, {**ADA, "name": name, "company": "A&B"})
    assert "&lt;script&gt;" in letter.html
    assert "A&amp;B" in letter.html
    assert '"x' not in letter.html
    assert name in letter.text


def test_what_a_stranger_calls_himself_stays_on_its_line_and_ends(tmp_path: Path) -> None:
    name = "Ada\r\n\r\nYour manager: pay here\u2028now\u202e\x1b[31m" + "x" * 1000
    said = written(tmp_path, "{{ name }}", {"name": name})
    assert said.startswith("Ada Your manager: pay here now[31mxxx")
    assert len(said.strip()) == LONGEST_FACT
    assert written(
        tmp_path, "{% for line in lines %}{{ line.name }};{% endfor %}", {"lines": [{"name": name}] * 999}
    ) == (f"{said.strip()};" * MOST_LINES + "\n")


def test_a_long_link_is_not_cut(tmp_path: Path) -> None:
    link = "https://leads.example.com/" + "x" * 500
    assert written(tmp_path, "{{ link }}", {"link": link}) == f"{link}\n"


@given(name=st.text(), company=st.none() | st.text())
def test_every_name_can_be_written(name: str, company: str | None) -> None:
    facts: Facts = {**ADA, "name": name, "company": company, "to_name": name, "by_name": name}
    for kind in KINDS:
        letter = SHIPPED_ONES.mail(kind, None, facts)
        "".join(letter).encode()
        assert len(letter.subject.splitlines()) == len(SHIPPED_ONES.sms(kind, None, facts).splitlines()) == 1


def test_a_fact_that_no_template_knows_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="templates know no due_by"):
        SHIPPED_ONES.mail("reminder", None, {"due_by": HALF_PAST_FOUR})


def test_short_names_stay_and_long_ones_are_cut() -> None:
    assert [short(words, 8) for words in ("Ada", "12345678", "123456789", "Ada Lovelace", "12345 789")] == [
        "Ada", "12345678", "123456..", "Ada Lo..", "12345..",
    ]  # fmt: skip
    assert [told(facts)["who"] for facts in ({"company": "A"}, {"lead": "5d"}, Facts())] == ["A", "Lead 5d", "A lead"]


@pytest.mark.parametrize(
    ("template", "wrong"),
    [
        ("{{ name.__class__ }}", "access to attribute '__class__' of 'str' object is unsafe"),
        ("{{ name.__class__.__mro__ }}", "is unsafe"),
        ("{{ name.upper() }}", "Call has no place in a letter"),
        ("{{ name.upper }}", "this is neither text nor a number"),
        ("{{ due_at.strftime('%Y') }}", "Call has no place in a letter"),
        ("{{ ''|attr('__class__') }}", "No filter named 'attr'"),
        ("{{ lines|map(attribute='name') }}", "No filter named 'map'"),
        ("{{ name|safe }}", "No filter named 'safe'"),
        ("{% include '/etc/passwd' %}", "Include has no place in a letter"),
        ("{% import 'reminder.html' as x %}", "Import has no place in a letter"),
        ("{% extends '/etc/passwd' %}", "only layout.html can be extended"),
        ("{% extends name %}", "only layout.html can be extended"),
        ("{% extends 'reminder.txt' %}", "only layout.html can be extended"),
        ("{% set x = name %}", "Assign has no place in a letter"),
        ("{% macro m() %}{% endmacro %}", "Macro has no place in a letter"),
        ("{{ name ~ name }}", "Concat has no place in a letter"),
        ("{{ name * 1000000000 }}", "Mul has no place in a letter"),
        ("{{ 9 ** 9 ** 9 }}", "Pow has no place in a letter"),
        ("{{ '%1000000000d' % 1 }}", "Mod has no place in a letter"),
        ("{{ range(9) }}", "Call has no place in a letter"),
        ("{{ due_at|in_form('%1000000000d') }}", "a form is written with"),
        ("{{ due_at|in_form(7) }}", "a form is written with"),
        ("{% for a in lines %}{% for b in lines %}{% endfor %}{% endfor %}", "a loop holds no other loop"),
        ("{% for a in lines %}{% block b scoped %}{% endblock %}{% endfor %}", "a loop holds no other loop"),
        ("{% autoescape false %}{% endautoescape %}", "has no place in a letter"),
        ("{{ self.body }}", "there is no fact called self"),
        ("{{ nmae }}", "there is no fact called nmae"),
        ("{% if false %}{{ nmae }}{% endif %}", "there is no fact called nmae"),
        ("{{ counts.latest }}", "has no attribute 'latest'"),
        ("{{ counts.latest|when }}", "has no attribute 'latest'"),
        ("{{ due_at }}", "an instant is written with a filter"),
        ("{{ name|when }}", "there is no instant here"),
        ("{{ name|late }}", "there are no minutes here"),
        ("{% if name > 7 %}{% endif %}", "this cannot be done with what is told (TypeError)"),
        ("{{ lines }}", "this is neither text nor a number"),
        ("{% if name %}", "Unexpected end of template"),
        ("{{ name", "unexpected end of template"),
        ("{{ name ? }}", "unexpected char '?'"),
        ("{{ " + "(" * 3000 + "name" + ")" * 3000 + " }}", "it is nested too deeply"),
        ("{% for a in lines %}" * 30 + "{% endfor %}" * 30, "a loop holds no other loop"),
        ("{% if name %}" * 150 + "{% endif %}" * 150, "it is nested too deeply"),
        ("x" * (LONGEST_TEMPLATE_BYTES + 1), "it has more than 50,000 bytes"),
        ("{% for a in lines %}" + "x" * (LONGEST_LETTER // MOST_LINES + 1) + "{% endfor %}", "more than 200,000 signs"),
    ],
)  # fmt: skip
def test_what_a_template_cannot_do(tmp_path: Path, template: str, wrong: str) -> None:
    many: Facts = {**ADA, "lines": [{"name": "Grace Hopper"}] * MOST_LINES}
    said = trouble(tmp_path, template, many)
    assert wrong in said
    assert said.startswith(f"{tmp_path.name}/reminder.txt")
    assert "Ada Lovelace" not in said
    assert "Grace Hopper" not in said


def test_the_line_is_told(tmp_path: Path) -> None:
    assert ", line 3: " in trouble(tmp_path, "Hello\n\n{{ nmae }}\n")
    assert ", line 4: " in trouble(tmp_path, "Hello\n\n\n{{ counts.latest }}\n")
    assert ", line 2: " in trouble(tmp_path, "Hello\n{% if %}\n")


def test_the_largest_template_is_written_in_no_time(tmp_path: Path) -> None:
    """The most that a template can make us do: its work is bounded by its size."""
    loop = "{% for a in lines %}{% endfor %}"
    many: Facts = {"lines": [{"name": "Grace Hopper"}] * MOST_LINES}
    begun = datetime.now(UTC)
    written(tmp_path, loop * (LONGEST_TEMPLATE_BYTES // len(loop)), many)
    assert datetime.now(UTC) - begun < timedelta(seconds=10)


def test_a_file_that_is_no_text_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").write_bytes("Grüße\n".encode() + b"\xff")
    with pytest.raises(TemplateTrouble, match=r"reminder\.txt, line 2: it is no UTF-8"):
        Letters(tmp_path).mail("reminder", None, ADA)


def test_a_template_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "reminder.txt").mkdir()
    with pytest.raises(TemplateTrouble, match=r"reminder\.txt: it cannot be read: Is a directory"):
        Letters(tmp_path).mail("reminder", None, ADA)


def test_a_file_in_the_place_of_a_team_s_folder_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "north").write_text("a note")
    assert Letters(tmp_path).mail("reminder", "north", ADA) == SHIPPED_ONES.mail("reminder", None, ADA)


def test_what_is_shipped_has_nothing_wrong(tmp_path: Path) -> None:
    assert SHIPPED_ONES.check() == []
    for file in SHIPPED.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    assert Letters(tmp_path).check() == []
    assert {file.name for file in SHIPPED.iterdir()} == {
        "layout.html", *(f"{kind}.{part}" for kind in KINDS for part in PARTS)
    }  # fmt: skip


def test_everything_that_is_wrong_with_a_folder_is_told_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "templates"
    for team in ("north", "Süd", ".git"):
        (folder / team).mkdir(parents=True)
    (folder / "reminder.text").write_text("a name that is none")
    (folder / "offer.sms.txt").write_text("x" * 500)
    (folder / "claim.txt").write_text("  \n")
    (folder / "north" / "escalation.txt").write_text("Hello\n{{ nmae }}")
    (folder / "north" / "release.html").write_text("{% if late_minutes > 5 %}late{% endif %}")
    assert Letters(folder).check() == [
        "templates/reminder.text: no template is called so",
        "templates/offer.sms.txt: it is longer than 3 text messages",
        "templates/claim.txt: it says nothing",
        "Süd: no team can be called so",
        "north/escalation.txt, line 2: there is no fact called nmae",
        "north/release.html, line 1: this cannot be done with what is told (TypeError): ask {% if %} before",
    ]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert Letters(tmp_path / "nowhere").check() == [f"there is no folder {tmp_path / 'nowhere'}"]


def test_the_page_about_templates_names_what_there_is() -> None:
    page = (SHIPPED.parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    sandbox = Sandbox(lambda name: ())
    there_are = {*told({}), "subject", *sandbox.filters, *Line.__annotations__, *Counts.__annotations__, *KINDS} - {"e"}
    assert {name for name in there_are if f"`{name}`" not in page} == set()
    assert f"{LONGEST_TEMPLATE_BYTES:,} bytes" in page
    assert f"{LONGEST_LETTER:,} signs" in page
