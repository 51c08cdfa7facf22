"""The notifier's process: rounds over what is to be sent, and once a minute a look at the digests.

Start as many as you like: each notice is claimed by one of them.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
import time
from contextlib import suppress

import psycopg

from services.letters import Letters
from services.notifier.digests import Digests
from services.notifier.rounds import TROUBLE, Notifier
from services.notifier.words import Words
from services.outside import NotToBeSent, open_outside
from services.settings import Settings
from services.wiring import open_office

LOOK_EVERY_SECONDS = 1.0
DIGESTS_EVERY_SECONDS = 60.0
PAUSE_AFTER_TROUBLE_SECONDS = 1.0

logger = logging.getLogger(__name__)


async def notify(settings: Settings) -> None:
    """Open what it takes, and send until cancelled; trouble with the database is waited out."""
    letters = Letters(settings.templates)
    for wrong in letters.check():
        logger.error("%s", wrong)
    async with open_office(settings) as office, open_outside(settings) as outside:
        if not outside.media:
            raise NotToBeSent("Name a mail server (LEADLEDGER_SMTP_HOST) or an SMS gateway (LEADLEDGER_SMS_ACCOUNT).")
        logger.info("the notifier sends by %s", " and ".join(outside.media))
        words = Words(office.desk, office.vault, letters, outside.public_url)
        notifier, digests = Notifier(office, outside, words, settings), Digests(office, outside, words)
        digests_at = 0.0
        while True:
            pause_seconds = LOOK_EVERY_SECONDS
            try:
                now = await notifier.now()
                if time.monotonic() >= digests_at:
                    await digests.look(now)
                    digests_at = time.monotonic() + DIGESTS_EVERY_SECONDS
                if await notifier.look(now):
                    pause_seconds = 0.0
            except TROUBLE as trouble:
                logger.warning("the notifier waits for the database: %s", type(trouble).__name__)
                pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
            except psycopg.errors.UndefinedTable:
                # At every first start; nobody need be told.
                logger.info("the notifier waits for the projector, which has not begun its list of notices")
                pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
            await asyncio.sleep(pause_seconds)


async def main() -> None:
    """Run until SIGTERM or SIGINT."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    # What it sends to whom is nobody's business but theirs; the client would log each address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    work = asyncio.create_task(notify(settings))
    loop = asyncio.get_running_loop()
    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, work.cancel)
    try:
        with suppress(asyncio.CancelledError):
            await work
    except NotToBeSent as wrong:
        sys.exit(str(wrong))
    logger.info("the notifier stopped")


if __name__ == "__main__":
    asyncio.run(main())
