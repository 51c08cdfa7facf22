"""Notifiers are killed in the middle of it, and the mail server and the gateway are at their worst: nobody goes untold.

Some are told twice, and only inside the window that docs/notices.md names: the message was taken, and whoever handed
it in did not live to put that down, or never got the answer.
"""

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from commands.people import AddPerson, Profile, SetHours
from domain.identity import PersonId, StreamId
from domain.notice import NoticeSent
from services.settings import Settings
from tests.architecture.checkout import ROOT
from tests.services.notifier.scene import ALWAYS, NORTH, Scene, the_scene
from tests.support.post_office import DROP, HANG, PostOffice
from tests.support.sms_gateway import DROP as NO_ANSWER
from tests.support.sms_gateway import TAKE_AND_DROP, TAKE_AND_HANG, Refusal, TextGateway

LEADS = 120
KILLS = 12
PATIENCE_SECONDS = 90.0
SEED = 20261123


class Notifiers:
    """Two of them, each started anew when it was killed."""

    def __init__(self, settings: Settings) -> None:
        self._environment = {
            **os.environ,
            "LEADLEDGER_HOME": str(settings.home),
            "LEADLEDGER_DSN": str(settings.dsn),
            "LEADLEDGER_VAULT_KEY_FILE": str(settings.vault_key),
            "LEADLEDGER_SMTP_HOST": "127.0.0.1",
            "LEADLEDGER_SMTP_PORT": str(settings.smtp_port),
            "LEADLEDGER_SMTP_TLS": "none",
            "LEADLEDGER_MAIL_FROM": str(settings.mail_from),
            "LEADLEDGER_SMS_URL": settings.sms_url,
            "LEADLEDGER_SMS_ACCOUNT": str(settings.sms_account),
            "LEADLEDGER_SMS_TOKEN": settings.sms_token.get_secret_value() if settings.sms_token else "",
            "LEADLEDGER_SMS_FROM": str(settings.sms_from),
        }
        self._running = [self._start(), self._start()]

    def kill(self, which: int) -> None:
        self._running[which].send_signal(signal.SIGKILL)
        self._running[which].wait(timeout=10)
        self._running[which] = self._start()

    def stop(self) -> None:
        for one in self._running:
            one.kill()
            one.wait(timeout=10)

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.services.notifier.one_notifier"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def notifiers(settings: Settings) -> Iterator[Notifiers]:
    running = Notifiers(settings)
    try:
        yield running
    finally:
        running.stop()


def at_their_worst(post: PostOffice, gateway: TextGateway, dice: random.Random) -> None:
    """Some letters are refused for now, some are kept without an answer; and so it is with texts."""
    for number in range(LEADS // 6):
        post.when(address(dice.randrange(LEADS)), at="rcpt", then="451 4.3.0 busy", times=1)
        post.when(address(dice.randrange(LEADS)), at="data", then=HANG if number % 4 == 0 else DROP, times=1)
        refusal = Refusal(503) if number % 2 else Refusal(429, headers={"Retry-After": "1"})
        gateway.when(number_of(dice.randrange(LEADS)), then=refusal, times=1)
        taken = (NO_ANSWER, TAKE_AND_DROP, TAKE_AND_DROP, TAKE_AND_HANG)[number % 4]
        gateway.when(number_of(dice.randrange(LEADS)), then=taken, times=1)


def address(number: int) -> str:
    return f"rep-{number}@team.example"


def number_of(number: int) -> str:
    return f"+1500556{number:04d}"


async def somebody_new(scene: Scene, number: int) -> StreamId:
    """Who is given a lead, and reminded of it at once: two letters and a text."""
    who = PersonId(f"rep-{number}")
    profile = Profile(name=f"Rep {number}", email=address(number), phone=number_of(number))
    await scene.say(AddPerson(person=who, team=NORTH, profile=profile), SetHours(person=who, calendar=ALWAYS))
    lead = await scene.lead(arrived_minutes_ago=56, to=who)
    assert await scene.time_passes(lead) == ("SomebodyReminded.v1",)
    return lead


async def sent(scene: Scene, leads: list[StreamId]) -> list[NoticeSent]:
    found = await scene.office.log.load([(lead, 0) for lead in leads])
    told = [one.event for events in found.values() for one in events]
    return [event for event in told if isinstance(event, NoticeSent) and event.to is not None]


async def all_told(scene: Scene, leads: list[StreamId]) -> list[NoticeSent]:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while len(told := await sent(scene, leads)) < 3 * len(leads):
        assert time.monotonic() < give_up_at, f"{3 * len(leads) - len(told)} are still untold"
        await asyncio.sleep(0.25)
    return told


async def test_nobody_goes_untold_whoever_is_killed_and_whatever_the_servers_do(settings: Settings) -> None:
    dice = random.Random(SEED)
    async with the_scene(settings) as scene:
        at_their_worst(scene.post, scene.gateway, dice)
        with notifiers(scene.settings) as running:
            leads = []
            for number in range(LEADS):
                leads.append(await somebody_new(scene, number))
                if number % (LEADS // KILLS) == 0:
                    await asyncio.sleep(dice.random() * 0.5)
                    await asyncio.to_thread(running.kill, dice.randrange(2))
            told = await all_told(scene, leads)
    copies = Counter(str(letter.message["Message-ID"]) for letter in scene.post.letters if "rep-" in letter.to)
    copies += Counter(message.key for message in scene.gateway.messages)
    twice = [count - 1 for count in copies.values() if count > 1]
    print(f"{len(told)} told, {len(twice)} of them more than once ({sum(twice)} messages too many)")
    assert len({notice.notice for notice in told}) == len(told) == len(copies) == 3 * LEADS
    for notice in told:
        # Whoever was told more than once: it took more than one try, for the answer or the process was lost.
        key = f"<{notice.notice}@office.example>" if notice.medium == "email" else notice.notice
        assert 1 <= copies[key] <= notice.tries, notice
