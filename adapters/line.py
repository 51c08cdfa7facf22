"""A line to PostgreSQL: a connection made when it is needed, and made again when it was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq.abc import PGresult

from adapters.wire import Statement, StatementFailed, Wire, WireLost
from domain.log import LogUnavailable

BY_INDEX_ONLY = {
    "jit": "off",
    # One plan for all, and only ever by index: the tables are empty when the plan is made.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

FIRST_PAUSE_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 0.5

_COMES_BACK = ("57P", "08", "25006", "40", "55P03")


class Line:
    """Asks questions, which may be asked twice without harm."""

    def __init__(
        self,
        conninfo: str,
        statements: Mapping[str, str],
        *,
        give_up_after_seconds: float,
        on_lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._conninfo = with_settings(conninfo, BY_INDEX_ONLY)
        self._statements = statements
        self._give_up_after_seconds = give_up_after_seconds
        self._on_lost = on_lost
        self._wire: Wire | None = None
        self._connecting = asyncio.Lock()

    async def ask(self, *statements: Statement) -> list[PGresult]:
        """The results of the statements, over as many connections as it takes; raises LogUnavailable in the end."""
        trouble: Exception | None = None
        pause_seconds = FIRST_PAUSE_SECONDS
        try:
            async with asyncio.timeout(self._give_up_after_seconds):
                while True:
                    try:
                        return await (await self._connected()).exchange(*statements)
                    except (WireLost, StatementFailed) as problem:
                        trouble = problem
                        if not comes_back(problem):
                            break
                    self.close()
                    await asyncio.sleep(pause_seconds)
                    pause_seconds = min(2 * pause_seconds, LONGEST_PAUSE_SECONDS)
        except TimeoutError:
            # Whatever keeps us waiting shall not keep the next one waiting.
            self.close()
        raise LogUnavailable(f"The log cannot be read at the moment: {trouble or 'the server does not answer'}.")

    def close(self) -> None:
        """Hang up."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None
            self._on_lost()

    async def _connected(self) -> Wire:
        async with self._connecting:
            if self._wire is None or not self._wire.usable:
                self.close()
                self._wire = await Wire.connect(self._conninfo, self._statements)
            return self._wire


def comes_back(trouble: Exception) -> bool:
    """Whether the next connection may fare better: the server goes, comes, or has become a standby."""
    return isinstance(trouble, WireLost) or (
        isinstance(trouble, StatementFailed) and trouble.sqlstate.startswith(_COMES_BACK)
    )


def with_settings(conninfo: str, settings: Mapping[str, str]) -> str:
    """The same address, with settings for the session; those it brings itself stay and win."""
    given = str(conninfo_to_dict(conninfo).get("options") or "")
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    return make_conninfo(conninfo, options=f"{ours} {given}".strip())
