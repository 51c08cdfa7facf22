"""What became of a process."""

import psutil


def is_gone(pid: int) -> bool:
    """An orphan whose new parent does not fetch its status stays in the list of processes, but does nothing."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
