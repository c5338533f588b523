"""What a running process has used: its children, its memory, its processor time. Linux only, from /proc."""

from __future__ import annotations

import os
from pathlib import Path


def children_of(process_id: int) -> list[int]:
    """The processes that one has started and that live."""
    try:
        return [int(pid) for pid in Path(f"/proc/{process_id}/task/{process_id}/children").read_text().split()]
    except OSError:
        return []


def pss(process_id: int) -> float:
    """A process's proportional set size in MB; 0 once it is gone."""
    try:
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def processor_seconds(process_id: int) -> float:
    """What a process has used of the processor so far."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
