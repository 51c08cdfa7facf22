"""Wait for something to become true, for as long as it may take and no longer."""

import time
from collections.abc import Callable


def eventually(holds: Callable[[], object], *, within_seconds: float = 15.0) -> None:
    give_up_at = time.monotonic() + within_seconds
    while not holds():
        assert time.monotonic() < give_up_at, f"still not so after {within_seconds:.0f} s"
        time.sleep(0.01)
