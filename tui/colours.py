"""The colours: the terminal's own theme, and what is done where a terminal has few of them or none are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from textual.theme import Theme

THEME = Theme(
    name="postroom",
    primary="#7aa2c8",
    secondary="#8fb0a9",
    accent="#c8a96b",
    warning="#d7b56d",
    error="#d9777b",
    success="#8fb97c",
    foreground="#d4d8de",
    background="#161a20",
    surface="#1b2027",
    panel="#232a33",
    boost="#2a323d",
    dark=True,
    variables={
        "block-cursor-background": "#33506e",
        "block-cursor-foreground": "#f2f5f8",
        "block-cursor-text-style": "none",
        "block-cursor-blurred-background": "#2a3644",
        "border": "#3a4553",
        "primary-background": "#22303f",
        "input-selection-background": "#4a6f94",
    },
)


def terminal_palette() -> Any:
    """What the sixteen colour names mean where there are more: the theme's own tones."""
    from rich.terminal_theme import TerminalTheme

    def rgb(text: str) -> tuple[int, int, int]:
        return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)

    normal = ["#161a20", "#d9777b", "#8fb97c", "#d7b56d", "#7aa2c8", "#b294bb", "#7fb5b5", "#d4d8de"]
    bright = ["#6f7a87", "#e88b8f", "#a5cc92", "#e5c885", "#93b8da", "#c7abcf", "#98cccc", "#f2f5f8"]
    return TerminalTheme(rgb("#161a20"), rgb("#d4d8de"), [rgb(tone) for tone in normal], [rgb(tone) for tone in bright])


def has_few_colours(environ: Mapping[str, str]) -> bool:
    """Whether the terminal has only its own sixteen colours, or none are wanted (NO_COLOR)."""
    if "NO_COLOR" in environ:
        return True
    return Console(force_terminal=True, _environ=environ).color_system in (None, "standard")
