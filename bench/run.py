"""The benchmark: background posting beside the floor, the same rows as bare SQL, in the same run, on both databases.

    python bench/run.py            quick, some minutes
    python bench/run.py --full     more documents, more repeats, a burst of 10,000, full ledgers

Writes a table and JSON to bench/results/ and leaves nothing else behind.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import load
import measures
import printing
import psycopg
import terminal
from deep_queue import deep_queue
from measures import Rate
from trade import Site

from postroom.core.counted import counted

RESULTS = Path(__file__).with_name("results")
FLOORS = {
    "keys": "A, spec's rows, keys only",
    "spec": "B, spec's rows, our tables",
    "product": "C, our rows, our tables",
}
SERVER = os.environ.get("POSTROOM_TEST_POSTGRES", "postgresql://postgres@127.0.0.1:5432/postgres")


@dataclass(frozen=True)
class Row:
    """One line of the result: rates of the repeats, and how it stands to its floor (median to median)."""

    engine: str
    what: str
    unit: str
    rates: list[float]
    p50: float | None
    p95: float | None
    of_floor: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.rates)


def measure(engine: str, site: Site, count: int, repeats: int, *, is_full: bool) -> tuple[list[Row], dict[str, str]]:
    """All rows of one engine, and what is known of its consumer besides.

    The repeats go round, so that a slow moment of the machine meets all of them alike.
    """
    floor_kinds = ["multi-row"] if engine == "sqlite" else ["multi-row", "pipelined"]
    taken: dict[str, list[Rate]] = {}

    def keep(name: str, act: Callable[[], Rate]) -> None:
        taken.setdefault(name, []).append(act())

    for _ in range(repeats):
        for rows in FLOORS:
            for kind, rate in measures.floors(site, engine, rows, count).items():
                taken.setdefault(f"floor {FLOORS[rows]}, {kind}", []).append(rate)
        keep("posted in session", lambda: measures.in_session(site, engine, count))
        for workers in (1, 2, 4):
            posted, queued = measures.in_background(site, engine, count, workers)
            taken.setdefault(f"background, {counted(workers, 'worker')}", []).append(posted)
            taken.setdefault("queueing a batch", []).append(queued)
        for workers in (1, 2):
            name = f"two categories, {counted(workers, 'worker')}"
            keep(name, lambda workers=workers: load.two_categories(site, engine, count, workers))  # type: ignore[misc]
        keep("blank category, 2 workers", lambda: load.blank_category(site, engine, count, 2))
        if engine == "postgres":
            for name, rate in load.floor_of_two(site, count).items():
                taken.setdefault(name, []).append(rate)
        keep("check", lambda: load.checked(site, engine, count))
        keep("import, 3 lines", lambda: measures.imported(site, engine, count * 4))
        keep("verify", lambda: measures.verified(site, engine, count))
        for waiting in (100, 100_000):
            for name, rate in deep_queue(site, engine, waiting).items():
                taken.setdefault(f"{waiting:,} entries waiting: {name}", []).append(rate)
        say(f"{engine}: one round done")
    rest = load.at_rest(site, engine)
    taken["idle: from queued to posted, 2 workers"] = [rest.latency]
    if is_full:
        taken["background, 1 worker, a burst of 10,000"] = [measures.in_background(site, engine, 10_000, 1)[0]]
        for name, rate in load.growth(site, engine, count).items():
            taken[name] = [rate]
    printed, (early, late) = printing.posted_and_printed(site, engine, count)
    for name, rate in printed.items():
        taken[name] = [rate]
    for name, rate in terminal.long_log(site, engine).items():
        taken[f"a million log entries: {name}"] = [rate]
    say(f"{engine}: the terminal is measured")
    beside = [f"floor {name}, {floor_kinds[-1]}" for name in FLOORS.values()]
    middle = {name: statistics.median(rate.per_second for rate in rates) for name, rates in taken.items()}
    rows = [
        Row(
            engine,
            name,
            _unit(name),
            [rate.per_second for rate in rates],
            _middle([rate.p50 for rate in rates]),
            _middle([rate.p95 for rate in rates]),
            _ratio(name, middle, beside),
        )
        for name, rates in taken.items()
    ]
    known = {
        f"{engine}: consumer at rest": f"{rest.idle_percent:.1f} % of a core, {rest.memory:.1f} MB (PSS)",
        f"{engine}: consumer while it prints": f"{early:.1f} MB early, {late:.1f} MB late (PSS)",
    }
    return rows, known


def _unit(name: str) -> str:
    if name == "verify":
        return "rows/s"
    return "looks/s" if " entries waiting" in name or " log entries" in name else "documents/s"


def _ratio(name: str, middle: dict[str, float], beside: list[str]) -> str:
    """How a product's rate stands to floors A, B and C."""
    if not name.startswith(("posted", "background")):
        return ""
    return "  ".join(f"{middle[name] / middle[floor]:.2f}" for floor in beside)


def _middle(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def table(rows: list[Row], facts: dict[str, str]) -> str:
    """The result as text."""
    lines = [f"{name}: {value}" for name, value in facts.items()] + [""]
    lines.append(f"{'':9} {'':45} {'median':>9} {'min':>9} {'max':>9} {'p50 ms':>7} {'p95 ms':>7}  of floor A, B, C")
    for row in rows:
        small = f"{row.p50:7.2f} {row.p95:7.2f}" if row.p50 is not None and row.p95 is not None else " " * 15
        lines.append(
            f"{row.engine:9} {row.what:45} {row.median:9,.0f} {min(row.rates):9,.0f} {max(row.rates):9,.0f} {small}"
            f"  {row.of_floor}".rstrip()
        )
    return "\n".join(lines) + "\n"


def picture(rows: list[Row]) -> str:
    """The documents posted a second as bars."""
    bars = [row for row in rows if row.what.startswith(("floor", "posted", "background"))]
    most = max(row.median for row in bars)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{len(bars) * 24 + 20}"'
        ' font-family="sans-serif" font-size="13">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for index, row in enumerate(bars):
        top, width = 10 + index * 24, 380 * row.median / most
        colour = "#9aa5b1" if row.what.startswith("floor") else "#2f6f9f"
        parts.append(f'<text x="290" y="{top + 14}" text-anchor="end">{row.engine}: {row.what}</text>')
        parts.append(f'<rect x="300" y="{top + 2}" width="{width:.0f}" height="16" fill="{colour}"/>')
        parts.append(f'<text x="{306 + width:.0f}" y="{top + 14}">{row.median:,.0f}/s</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def facts(count: int, repeats: int, site: Site) -> dict[str, str]:
    """The machine, the versions, and how much was done."""
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []:
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    postgres = "none"
    if site.has_postgres():
        with psycopg.connect(SERVER) as connection:
            postgres = str(connection.info.server_version)
    return {
        "date": datetime.now().astimezone().isoformat(timespec="minutes"),
        "machine": f"{model}, {os.cpu_count()} cores, {platform.system()}",
        "versions": f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, PostgreSQL {postgres}",
        "work": f"{count} sales invoices of 5 lines, {repeats} repeats",
    }


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="5,000 documents, 5 repeats")
    parser.add_argument("--documents", type=int, metavar="N")
    parser.add_argument("--repeats", type=int, metavar="N")
    chosen = parser.parse_args()
    count = chosen.documents or (5000 if chosen.full else 1000)
    repeats = chosen.repeats or (5 if chosen.full else 3)
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as folder:
        site = Site(Path(folder), SERVER)
        rows, of_consumers = measure("sqlite", site, count, repeats, is_full=chosen.full)
        if site.has_postgres():
            more, others = measure("postgres", site, count, repeats, is_full=chosen.full)
            rows += more
            of_consumers |= others
        else:
            say(f"PostgreSQL is left out: no server answers at {SERVER}")
        known = facts(count, repeats, site)
        known |= of_consumers
        known["terminal at rest"] = str(terminal.at_rest(site, "sqlite"))
        sizes = terminal.hour_of_polling(site, "sqlite")
        known["terminal's memory"] = ", ".join(f"{size:.1f} MB after {look:,} looks" for look, size in sizes.items())
    text = table(rows, known)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.txt").write_text(text)
    (RESULTS / "latest.svg").write_text(picture(rows))
    as_json = {"facts": known, "rows": [{**row.__dict__, "median": row.median} for row in rows]}
    (RESULTS / "latest.json").write_text(json.dumps(as_json, indent=1) + "\n")
    print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
