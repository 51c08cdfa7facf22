"""What the processes say goes to files that stay small; what an operator should see is shown at once."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

LOG_LIMIT_BYTES = 4 * 1024 * 1024
LINE_LIMIT_BYTES = 64 * 1024
SHOWN_A_MINUTE = 20
WORTH_SHOWING = re.compile(rb"\b(WARNING|ERROR|CRITICAL|Traceback)\b|\"level\": ?\"(warning|error|critical)\"")


class LogFile:
    """One file for one process; a full one becomes the previous one."""

    def __init__(self, path: Path, show: Callable[[str], None]) -> None:
        self.path = path
        self._show = show
        self._file = path.open("ab", buffering=0)
        self._rest = b""
        self._shown_at: list[float] = []

    def write(self, chunk: bytes) -> None:
        """Keep what was said, and show warnings."""
        if self._file.tell() + len(chunk) > LOG_LIMIT_BYTES:
            self._file.close()
            self.path.replace(self.path.with_name(f"{self.path.name}.1"))
            self._file = self.path.open("ab", buffering=0)
        self._file.write(chunk)
        *lines, rest = (self._rest + chunk).split(b"\n")
        self._rest = rest[-LINE_LIMIT_BYTES:]
        for line in lines:
            if WORTH_SHOWING.search(line[:200]):
                self._show_some(line[:500].decode(errors="replace").strip())

    def tail(self, lines: int = 15) -> str:
        """The end of what was said."""
        said = self.path.read_bytes()[-16 * 1024 :].decode(errors="replace").splitlines()
        return "\n".join(said[-lines:]) or "(nothing)"

    def close(self) -> None:
        """Nothing more will be said."""
        self._file.close()

    def _show_some(self, line: str) -> None:
        now = time.monotonic()
        self._shown_at = [at for at in self._shown_at if now - at < 60]
        if len(self._shown_at) < SHOWN_A_MINUTE:
            self._show(line)
        elif len(self._shown_at) == SHOWN_A_MINUTE:
            self._show(f"more of this is in {self.path}")
        else:
            return
        self._shown_at.append(now)
