"""What failed is seen on the command line, and tried again."""

import asyncio
import json
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from commands.lead import CreateLead
from commands.notices import SettleNotice
from domain.access import Principal
from domain.identity import PersonId, StreamId
from projections.notices import notices
from projections.projector import Projector
from services.settings import Settings
from services.wiring import open_log
from tests.projections.scripted_log import reached
from tests.services.cli.conftest import Cli, put_on_record
from tests.support.post_office import PostOffice
from tests.support.sms_gateway import TextGateway

NOTICE = UUID(int=7)
BY_ALL = Principal(id="test", role="service", via="test", scopes=frozenset({"lead.create", "lead.notify"}))


def failed_notice(lead: StreamId) -> None:
    settle = SettleNotice(
        notice=NOTICE, about="reminder", medium="sms", to=PersonId("rep-1"), became="failed", why_failed="gave_up"
    )
    put_on_record((lead, CreateLead()), (lead, settle), by=BY_ALL)


def projected(dsn: str) -> None:
    async def follow() -> None:
        async with open_log(Settings().dsn, "leadledger_projector") as log:
            task = asyncio.create_task(Projector(dsn, notices, log, holder="test").run())
            await reached(dsn, notices, await log.head())
            task.cancel()

    asyncio.run(follow())


def test_what_failed_is_listed_and_tried_again(cli: Cli, database: str) -> None:
    lead = StreamId(uuid4())
    failed_notice(lead)
    projected(database)
    told = cli("notices", "failed").stdout
    assert f"reminder to rep-1 by sms: failed (gave_up)  lead {lead}  notice {NOTICE}" in told
    assert "Failed: 1." in told
    [one] = json.loads(cli("notices", "failed", "--json").stdout)
    assert (one["notice"], one["reason"]) == (str(NOTICE), "gave_up")
    assert "reminder to rep-1 by sms: failed (gave_up)" in cli("notices", "list", str(lead)).stdout
    assert "tried again" in cli("notices", "retry", str(lead), str(NOTICE), "--as", "ann").stdout
    projected(database)
    assert "Failed: 0." in cli("notices", "failed").stdout
    assert json.loads(cli("notices", "list", str(lead), "--json").stdout)[0]["standing"] == "to_send"


def test_what_cannot_be_tried_again_is_told_in_words(cli: Cli, database: str) -> None:
    lead = StreamId(uuid4())
    put_on_record((lead, CreateLead()), by=BY_ALL)
    projected(database)
    assert "has not failed" in cli("notices", "retry", str(lead), str(NOTICE), "--as", "ann", code=1).stderr
    assert "is no id" in cli("notices", "retry", "moon", str(NOTICE), "--as", "ann", code=2).stderr
    assert "There is no such lead" in cli("notices", "list", str(uuid4()), code=1).stderr


def test_templates_are_tried_out_and_one_letter_is_sent(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("notices", "check").stdout == "All templates can be used.\n"
    assert "No mail server is named" in cli("notices", "check", "--mail", "ann@office.example", code=1).stderr
    assert "No SMS gateway is named" in cli("notices", "check", "--sms", "+15005550001", code=1).stderr
    with PostOffice() as post, TextGateway() as gateway:
        for name, told in {
            "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_TLS": "none", "MAIL_FROM": "a@office.example",
            "SMS_URL": gateway.url, "SMS_ACCOUNT": gateway.account_sid, "SMS_TOKEN": gateway.auth_token,
            "SMS_FROM": "+15005550006",
        }.items():  # fmt: skip
            monkeypatch.setenv(f"LEADLEDGER_{name}", told)
        taken = cli("notices", "check", "--mail", "ann@office.example", "--sms", "+15005550001").stdout
        assert "The mail server has taken an example.\nThe gateway has taken an example." in taken
        assert (len(post.letters), len(gateway.messages)) == (1, 1)
        assert "https://leads.example.com/leads/" in gateway.messages[0].text
        monkeypatch.setenv("LEADLEDGER_PUBLIC_URL", "https://crm.office.example/")
        cli("notices", "check", "--mail", "ann@office.example", "--sms", "+15005550001")
        written, texted = post.letters[1].message.get_body(("plain",)), gateway.messages[1].text
        assert written is not None
        assert "https://crm.office.example/leads/5d0b8f5e-" in written.get_content()
        assert "https://crm.office.example/leads/5d0b8f5e-" in texted
        post.when("ann@office.example", at="rcpt", then="550 5.1.1 nobody here")
        told = cli("notices", "check", "--mail", "ann@office.example", code=1).stderr
        assert told == "It was not taken: address_refused. See docs/notices.md.\n"
    (tmp_path / "reminder.txt").write_text("{{ nonsense }}")
    monkeypatch.setenv("LEADLEDGER_TEMPLATES", str(tmp_path))
    broken = cli("notices", "check", code=1).stderr
    assert "reminder.txt" in broken
    assert "our own words go out in their place" in broken


def test_settings_that_do_not_fit_together_are_told(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADLEDGER_SMTP_HOST", "127.0.0.1")
    assert "LEADLEDGER_MAIL_FROM" in cli("notices", "check", code=1).stderr
    monkeypatch.setenv("LEADLEDGER_MAIL_FROM", "nobody in particular")
    assert "LEADLEDGER_MAIL_FROM: the sender is no mail address" in cli("notices", "check", code=1).stderr
    monkeypatch.delenv("LEADLEDGER_SMTP_HOST")
    monkeypatch.setenv("LEADLEDGER_SMS_ACCOUNT", "AC1")
    assert "LEADLEDGER_SMS_TOKEN" in cli("notices", "check", code=1).stderr
