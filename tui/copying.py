"""What pages copy: to the terminal's clipboard, and to files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from postroom.tui.widgets.dialogs import AskText

if TYPE_CHECKING:
    from postroom.tui.app import PostroomApp


def to_clipboard(desk: PostroomApp, text: str) -> None:
    """To the clipboard of the terminal, over SSH too, where the terminal allows it (OSC 52)."""
    if not text:
        desk.say("There is nothing to copy.", "warning")
        return
    desk.copy_to_clipboard(text)
    desk.say(f"Copied, if the terminal allows it: {len(text):,} characters.")


async def to_file(desk: PostroomApp, text: str) -> None:
    """Ask for a file that is not there yet and write it; only inside a worker."""

    async def attempt(typed: str) -> str:
        if not typed.strip():
            return "A name is missing. Type one, such as list.csv; Esc writes nothing."
        path = Path(typed.strip()).expanduser()
        try:
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            return f"{path} is there already. Type another name."
        except (OSError, ValueError, RuntimeError) as error:
            return f"{path} cannot be written: {getattr(error, 'strerror', None) or error}."
        desk.say(f"Written: {path.absolute()}.")
        return ""

    await desk.push_screen_wait(AskText("Copy to a File", "File", attempt=attempt))
