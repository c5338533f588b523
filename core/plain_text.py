"""Text that a person or a file typed, made safe to show: control characters are spelled out, never sent.

Markup is another matter: who draws with rich or Textual wraps the result in `rich.text.Text`.
"""

import re
import unicodedata

# All but printable ASCII and Latin letters are looked at one by one; most text has none of the rest.
_TO_LOOK_AT = re.compile(r"[^ -~\u00a1-\u00ac\u00ae-\u024f]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\x1b": "\\e"}
# Zero-width joiners belong to the spelling of Persian, Hindi and other languages and move nothing on a terminal.
_HARMLESS = "\u200c\u200d"
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def visible(text: str, *, line_breaks: bool = False) -> str:
    r"""`text` with every control character, text direction mark, line separator and lone surrogate spelled out.

    `visible("a\x1b[31mb")` is `a\e[31mb`, with a backslash and an e. `line_breaks=True` keeps `\n` as it is, for
    places with room for several lines. What comes out can be sent to any terminal and encoded as UTF-8.
    """

    def spelled(match: re.Match[str]) -> str:
        character = match.group()
        if line_breaks and character == "\n":
            return character
        if unicodedata.category(character) not in _INVISIBLE or character in _HARMLESS:
            return character
        code = ord(character)
        return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}")

    return _TO_LOOK_AT.sub(spelled, text)
