"""The notifier's process: rounds over what is to be sent, and once a minute a look at the digests.

Start as many as you like: each notice is claimed by one of them.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psycopg

from projections.projector import Freshness
from services.letters import Letters
from services.notifier.digests import Digests
from services.notifier.rounds import TROUBLE, Notifier
from services.notifier.words import Words
from services.outside import NotToBeSent, open_outside
from services.settings import Settings, as_role
from services.wiring import open_office

LOOK_EVERY_SECONDS = 1.0
DIGESTS_EVERY_SECONDS = 60.0
PAUSE_AFTER_TROUBLE_SECONDS = 1.0

logger = logging.getLogger(__name__)


async def notify(settings: Settings, stopping: asyncio.Event) -> None:
    """Open what it takes, and send until told to stop; what is under way then is still finished."""
    letters = Letters(settings.templates)
    for wrong in letters.check():
        logger.error("%s", wrong)
    readers = as_role(settings.dsn, "leadledger_desk")
    async with (
        open_office(settings) as office,
        Freshness(readers) as freshness,
        open_outside(settings) as outside,
    ):
        if not outside.media:
            raise NotToBeSent("Name a mail server (LEADLEDGER_SMTP_HOST) or an SMS gateway (LEADLEDGER_SMS_ACCOUNT).")
        logger.info("the notifier sends by %s", " and ".join(outside.media))
        words = Words(office.desk, office.vault, letters, outside.public_url)
        notifier = Notifier(office, outside, words, freshness, settings)
        digests = Digests(office, outside, words)

        async def look_at_digests() -> bool:
            await digests.look(await notifier.now())
            return False

        async def look() -> bool:
            return await notifier.look(await notifier.now())

        # Each on its own: a morning's digests keep no reminder waiting.
        async with asyncio.TaskGroup() as group:
            group.create_task(over_and_over(look, LOOK_EVERY_SECONDS, stopping))
            group.create_task(over_and_over(look_at_digests, DIGESTS_EVERY_SECONDS, stopping))


async def over_and_over(look: Callable[[], Awaitable[bool]], every_seconds: float, stopping: asyncio.Event) -> None:
    """Until told to stop; at once again where there was more to do. Trouble with the database is waited out."""
    while not stopping.is_set():
        pause_seconds = every_seconds
        try:
            if await look():
                continue
        except TROUBLE as trouble:
            logger.warning("the notifier waits for the database: %s", type(trouble).__name__)
            pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
        except psycopg.errors.UndefinedTable:
            # At every first start; nobody need be told.
            logger.info("the notifier waits for the projector, which has not begun its list of notices")
            pause_seconds = PAUSE_AFTER_TROUBLE_SECONDS
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_seconds):
                await stopping.wait()


async def main() -> None:
    """Run until SIGTERM or SIGINT; the second one ends it at once."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    # What it sends to whom is nobody's business but theirs; the client would log each address.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    stopping = asyncio.Event()
    work = asyncio.create_task(notify(settings, stopping))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if stopping.is_set():
            work.cancel()
        stopping.set()

    for wish in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(wish, stop)
    try:
        with suppress(asyncio.CancelledError):
            await work
    except NotToBeSent as wrong:
        sys.exit(str(wrong))
    logger.info("the notifier stopped")


if __name__ == "__main__":
    asyncio.run(main())
