"""Become another program that ends when the one that started us does; run as a script, so only the standard library."""

import ctypes
import os
import signal
import sys


def main(parent: int, program: list[str]) -> None:
    """Ask the kernel to send SIGTERM at the parent's death, then become the program; the wish survives that."""
    if sys.platform == "linux":
        set_parent_death_signal = 1
        ctypes.CDLL(None, use_errno=True).prctl(set_parent_death_signal, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:
            sys.exit("The process that wanted this one is already gone.")
    os.execv(program[0], program)  # noqa: S606 - replacing ourselves is the purpose


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
