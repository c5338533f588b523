"""Files that people get: PDFs of the File printer, each there at once and whole, and what they save themselves.

Each has a name of its own and never takes the place of another.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
from contextlib import suppress
from itertools import count
from pathlib import Path

from postroom.core.errors import PrinterFailed, Refused

_UNSAFE = re.compile(r"[^\w.-]+")
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})
"""What a file system answers that knows no hard links, such as FAT."""


def file_name(*words: str) -> str:
    """A name for a file made of what people and series call things: `sales-invoice-103001`, never a path."""
    name = "-".join(_UNSAFE.sub("_", word) for word in words if word)
    return name.strip(".-")[:150] or "report"


def put(folder: str, name: str, pdf: bytes) -> Path:
    """Write `name`.pdf into the folder (`name`-2.pdf where that is taken) and return its path.

    Raises PrinterFailed where it cannot; then nothing is left behind.
    """
    place = Path(folder)
    draft = place / f".{name}.{secrets.token_hex(4)}.part"
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(pdf)
            file.flush()
            os.fsync(file.fileno())
        return _named(draft, place, name)
    except OSError as error:
        raise PrinterFailed(
            f"The folder {folder} cannot be written: {error.strerror}.",
            code="printer_not_responding",
            field="folder",
            value=folder,
            hint="Make the folder, give the right to write there, or make room.",
        ) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _named(draft: Path, place: Path, name: str) -> Path:
    for number in count(1):
        target = place / (f"{name}.pdf" if number == 1 else f"{name}-{number}.pdf")
        with suppress(FileExistsError):
            try:
                os.link(draft, target)
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
                os.replace(draft, target)
            return target
    raise AssertionError("unreachable")


def write_new(target: Path, name: str, content: bytes) -> Path:
    """Write a file where a person says, or as `name` where that is a folder; never over another. Returns its path.

    Raises Refused where it cannot; then nothing is left behind.
    """
    path = target
    try:
        path = target / name if target.is_dir() else target
        with path.open("xb") as file:
            try:
                file.write(content)
            except OSError:
                path.unlink()
                raise
    except FileExistsError as error:
        raise Refused(f"{path} exists already.", code="file_exists", value=str(path), hint="Name another.") from error
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}.",
            code="file_not_written",
            value=str(path),
            hint="Name another place, or make room there.",
        ) from error
    return path


def look(folder: str) -> str:
    """What keeps a folder from being written, in words; blank if nothing does."""
    if not Path(folder).is_dir():
        return f"there is no folder {folder}"
    return "" if os.access(folder, os.W_OK | os.X_OK) else f"the folder {folder} may not be written"
