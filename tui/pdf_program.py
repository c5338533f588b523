"""The user's own PDF program: found on a desktop, given a copy that goes with the terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path


class PdfProgram:
    """Opens PDFs with the program that the desktop has for them. Over a line without a desktop there is none."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    @property
    def command(self) -> str:
        """What opens a file as a double click does; blank if there is none here."""
        if sys.platform == "darwin":
            return shutil.which("open") or ""
        has_desktop = os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
        return (shutil.which("xdg-open") or "") if has_desktop else ""

    def open(self, name: str, content: bytes) -> None:
        """Show a PDF; does not wait for it to be closed. Raises OSError where it cannot be started."""
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="postroom-", ignore_cleanup_errors=True)
        path = Path(self._folder.name, name)
        path.write_bytes(content)
        subprocess.Popen(
            [self.command, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def close(self) -> None:
        """Take the copies away."""
        if self._folder is not None:
            self._folder.cleanup()
