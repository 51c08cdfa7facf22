"""Notifiers are killed in the middle of it, and the mail server is at its worst: nobody goes untold.

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
from uuid import uuid4

from commands.lead import AssignLead, CreateLead
from commands.people import AddPerson, Profile, SetHours
from domain.identity import PersonId, StreamId
from domain.notice import NoticeSent
from services.settings import Settings
from tests.architecture.checkout import ROOT
from tests.services.notifier.scene import ADA, ALWAYS, NORTH, Scene, the_scene
from tests.support.post_office import DROP, HANG, PostOffice

LEADS = 240
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
            "LEADLEDGER_EMAILS_A_DAY": "10000",
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


def at_its_worst(post: PostOffice, dice: random.Random) -> None:
    """One in twelve is refused for now, one in twenty keeps the letter and does not say so."""
    for _ in range(LEADS // 12):
        post.when(f"rep-{dice.randrange(LEADS)}@team.example", at="rcpt", then="451 4.3.0 busy", times=1)
    for number in range(LEADS // 20):
        who = f"rep-{dice.randrange(LEADS)}@team.example"
        post.when(who, at="data", then=HANG if number % 4 == 0 else DROP, times=1)


async def somebody_new(scene: Scene, number: int) -> StreamId:
    who = PersonId(f"rep-{number}")
    address = Profile(name=f"Rep {number}", email=f"{who}@team.example")
    await scene.say(AddPerson(person=who, team=NORTH, profile=address), SetHours(person=who, calendar=ALWAYS))
    lead = StreamId(uuid4())
    await scene.do(lead, CreateLead(team=NORTH, contact=ADA))
    await scene.do(lead, AssignLead(to=who))
    return lead


async def sent(scene: Scene, leads: list[StreamId]) -> dict[StreamId, list[NoticeSent]]:
    found = await scene.office.log.load([(lead, 0) for lead in leads])
    return {
        lead: [one.event for one in events if isinstance(one.event, NoticeSent) and one.event.about == "assignment"]
        for lead, events in found.items()
    }


async def all_told(scene: Scene, leads: list[StreamId]) -> dict[StreamId, list[NoticeSent]]:
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while not all((told := await sent(scene, leads)).values()):
        assert time.monotonic() < give_up_at, [lead for lead, notices in told.items() if not notices]
        await asyncio.sleep(0.25)
    return told


async def test_nobody_goes_untold_whoever_is_killed_and_whatever_the_server_does(settings: Settings) -> None:
    dice = random.Random(SEED)
    async with the_scene(settings) as scene:
        at_its_worst(scene.post, dice)
        with notifiers(scene.settings) as running:
            leads = []
            for number in range(LEADS):
                leads.append(await somebody_new(scene, number))
                if number % (LEADS // KILLS) == 0:
                    await asyncio.sleep(dice.random() * 0.5)
                    await asyncio.to_thread(running.kill, dice.randrange(2))
            told = await all_told(scene, leads)
    copies = Counter(str(letter.message["Message-ID"]) for letter in scene.post.letters if "@team." in letter.to)
    twice = {id: count for id, count in copies.items() if count > 1}
    print(f"{LEADS} told, {len(twice)} of them more than once ({sum(twice.values()) - len(twice)} letters too many)")
    for lead, [notice] in told.items():
        # Whoever was told more than once: it took more than one try, for the answer or the process was lost.
        assert 1 <= copies[f"<{notice.notice}@office.example>"] <= notice.tries, (lead, notice)
