"""What can come of a message that was handed to a mail server or an SMS gateway, when it was not simply taken.

Neither outcome holds an address, a secret, or what the other side said in its own words: those may repeat an address.
"""

from __future__ import annotations

from typing import Literal

Trouble = Literal["unreachable", "timed_out", "refused_for_now", "not_configured_right", "not_understood"]
"""Why a message did not go out, where trying again may help.

`unreachable`: no connection, or it broke; `timed_out`: no answer in time; `refused_for_now`: the other side is busy or
asks to come back; `not_configured_right`: who we are, how we come, or whom we send for is refused, so that no address
is to blame; `not_understood`: an answer that nobody can read."""

Refused = Literal["address_refused", "message_refused", "opted_out"]
"""Why a message will never be taken: because of whom it is for, of what it says, or because they asked for none."""

LONGEST_WAIT_SECONDS = 3600


class NotNow(Exception):
    """The message did not go out, and the same message may go out later."""

    def __init__(self, reason: Trouble, *, retry_after_seconds: int | None = None, perhaps_taken: bool = False) -> None:
        super().__init__(reason)
        self.reason: Trouble = reason
        self.retry_after_seconds = retry_after_seconds
        """When the other side asks to come back, from 0 to 3600; None where it does not say."""
        self.perhaps_taken = perhaps_taken
        """The connection ended when the message was on its way: it may have been taken, and trying again may send it
        twice, under the same Message-ID or key."""


class Never(Exception):
    """This address or this message will never be taken; trying again is of no use."""

    def __init__(self, reason: Refused) -> None:
        super().__init__(reason)
        self.reason: Refused = reason
