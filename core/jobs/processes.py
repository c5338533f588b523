"""Processes of this host: a process is known by its pid and its start time, so that a pid given anew is another one."""

from __future__ import annotations

import os
import pwd
import signal
import socket
from contextlib import suppress
from functools import cache
from pathlib import Path


@cache
def host() -> str:
    """This host's name."""
    return socket.gethostname()


def start_of(process_id: int) -> str:
    """When a process started, in clock ticks since boot and with the boot's own id; blank if it is gone or a zombie."""
    try:
        stat = Path(f"/proc/{process_id}/stat").read_text()
    except OSError:
        return "" if Path("/proc/self").exists() else _start_without_proc(process_id)
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else f"{fields[19]}@{_boot_id()}"


def is_alive(process_id: int, process_start: str) -> bool:
    """Whether the very process still lives."""
    return bool(process_start) and start_of(process_id) == process_start


def is_stopped(process_id: int) -> bool:
    """Whether a process is frozen (SIGSTOP): it lives and does nothing."""
    with suppress(OSError):
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] in "Tt"
    return False


def account() -> str:
    """The account this process runs under, by its real user id: the environment may say anything."""
    return _name_of(os.getuid())


def owner(process_id: int) -> str:
    """The user whose process it is; blank if it is gone."""
    with suppress(OSError):
        return _name_of(Path(f"/proc/{process_id}").stat().st_uid)
    return ""


def _name_of(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:  # a container knows some of its users by number only
        return f"uid{uid}"


def kill(process_id: int, process_start: str) -> bool:
    """Kill the very process, if it lives; False where it may not be killed (another user's)."""
    if not is_alive(process_id, process_start):
        return True
    try:
        os.kill(process_id, signal.SIGKILL)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return True


@cache
def _boot_id() -> str:
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    return ""


def _start_without_proc(process_id: int) -> str:
    """Without /proc only the pid itself tells a process."""
    with suppress(OSError):
        os.kill(process_id, 0)
        return str(process_id)
    return ""
