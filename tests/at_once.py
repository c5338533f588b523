"""What several do at the same moment, each on a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable

from postroom.core import company
from postroom.core import database as engine


def at_once(act: Callable[[], object], times: int = 4) -> list[object]:
    """What became of an act that several threads, each with its own connection, do at the same time."""
    barrier = threading.Barrier(times)
    told: list[object] = []

    def work() -> None:
        try:
            engine.reconnect()
            barrier.wait()
            told.append(act())
        except Exception as error:  # noqa: BLE001  it is looked at by the test
            told.append(error)
        finally:
            company.close()

    threads = [threading.Thread(target=work) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told
