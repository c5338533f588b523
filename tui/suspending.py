"""Ctrl+Z: the program stops as the terminal would stop it, with all of its foreground process group."""

from __future__ import annotations

import os
import signal
from typing import Any

from textual.app import App


def stop(app: App[Any]) -> None:
    """Give the terminal back and stop, until the shell continues the job.

    Textual stops its own process alone. Under `make demo` the shell waits for make, which has to stop too; only after
    the terminal is as it was, for then the shell takes it. A consumer in the background has a session of its own.
    """
    driver = app._driver
    if driver is None or not driver.can_suspend:
        return
    app.app_suspend_signal.publish(app)
    driver.suspend_application_mode()
    own = signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        os.killpg(0, signal.SIGTSTP)
    finally:
        signal.signal(signal.SIGTSTP, own)
    os.kill(os.getpid(), signal.SIGSTOP)  # Textual takes the terminal again when SIGCONT comes
    app.app_resume_signal.publish(app)
