"""A line that drops: the terminal is gone, the system sends SIGHUP and SIGCONT, and whatever is written piles up."""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import Any


def is_gone(driver: Any) -> bool:
    """Whether the driver's terminal has been hung up; never where nothing is drawn on one, as in tests."""
    return hasattr(driver, "fileno") and not os.isatty(driver.fileno)


def has_ended(driver: Any) -> bool:
    """After the program: the same; the reader of its keys, which Textual may have forgotten, is ended then."""
    if is_gone(driver):
        driver.exit_event.set()
    return is_gone(driver)


def guard(driver: Any) -> None:
    """Keep Textual from taking SIGCONT of a dropped line for `fg`: it would begin anew on a terminal that is gone."""
    resume = signal.getsignal(signal.SIGCONT)
    if not callable(resume):
        return

    def go_on(number: int, frame: FrameType | None) -> None:
        if not is_gone(driver):
            resume(number, frame)

    signal.signal(signal.SIGCONT, go_on)


def let_go(driver: Any) -> None:
    """Write nothing more to a terminal that is gone: Textual's writer has died of it, and what it is given piles up."""
    if is_gone(driver):
        driver.write = lambda data: None
        driver.flush = lambda: None
