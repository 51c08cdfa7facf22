"""A notifier whose claims run out and whose patience ends soon; made to be killed. Its settings come from outside."""

import asyncio
from datetime import timedelta

from adapters import postbox
from services import outside
from services.notifier import __main__ as process
from services.notifier import rounds

if __name__ == "__main__":
    rounds.LEASE = timedelta(seconds=3)
    outside.MAIL_SECONDS = outside.SMS_SECONDS = 1.0
    postbox.FIRST_WAIT = timedelta(milliseconds=200)
    process.LOOK_EVERY_SECONDS = 0.05
    asyncio.run(process.main())
