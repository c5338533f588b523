"""The processes of a consumer: they end with their parent, and only their parent tells them to stop."""

from __future__ import annotations

import ctypes
import os
import signal

from huey.consumer import BaseProcess, ProcessEnvironment

RETURN_SIGNAL = signal.SIGUSR1
"""Roll back the running entry and return it: the consumer's grace time is over."""
CANCEL_SIGNAL = signal.SIGUSR2
"""A person has cancelled the running entry."""

_PR_SET_PDEATHSIG = 1


class ChildProcesses(ProcessEnvironment):
    """Huey's process workers, deaf to the signals that a terminal or a supervisor sends to the whole group."""

    def init_child(self, process: BaseProcess) -> None:
        for ignored in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(ignored, signal.SIG_IGN)
        signal.signal(RETURN_SIGNAL, signal.SIG_IGN)
        signal.signal(CANCEL_SIGNAL, signal.SIG_IGN)


def die_with(parent: int) -> None:
    """Let the kernel kill this process when its parent ends; end at once if the parent is gone already."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "prctl"):
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
