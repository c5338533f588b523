"""Filter expressions as text: their grammar, read into terms and what joins them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from postroom.core.errors import UsageError

DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Operand:
    """A value as written: literal characters, `None` standing for `*` and `...` (Ellipsis) for `?`."""

    parts: tuple[Any, ...]
    position: int

    @property
    def has_wildcards(self) -> bool:
        return any(not isinstance(part, str) for part in self.parts)

    @property
    def text(self) -> str:
        return "".join(part if isinstance(part, str) else "*" if part is None else "?" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `..` ranges have the operator `..` and either end may be open (None)."""

    operator: str
    low: Operand | None
    high: Operand | None = None


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts of which `all` or `any` must hold."""

    glue: str
    parts: tuple[Node, ...]


Node = Term | Joined


def opens_quote(text: str, at: int) -> bool:
    """A quote opens a literal at the start of a value or after a sign; in `O'Brien` it is an apostrophe."""
    if text[at] != "'":
        return False
    before = text[:at]
    return not before or before[-1].isspace() or before[-1] in "=<>|&*?(" or before.endswith("..")


def end_of_quotes(text: str, at: int) -> int:
    """The place after the literal that opens at `at`."""
    end = at + 1
    while True:
        end = text.find("'", end)
        if end < 0:
            raise wrong(text, at, "a quote opens and never closes", "Write '...' around a value, a quote in it twice.")
        if text[end + 1 : end + 2] != "'":
            return end + 1
        end += 2


class Parser:
    """Recursive descent over one expression."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def whole(self) -> Node:
        node = self._any()
        if self.at < len(self.text):
            raise self._wrong(f"{self.text[self.at]} is not expected here", "Put a value with special signs in quotes.")
        return node

    def bare_word(self) -> Operand:
        """A word to search: everything but quotes and wildcards is literal."""
        return self._operand(stop="")

    def _any(self) -> Node:
        return self._joined("|", lambda: self._joined("&", self._term))

    def _joined(self, glue: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self.text.startswith(glue, self.at):
            self.at += 1
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(glue, tuple(parts))

    def _term(self) -> Node:
        self._skip()
        if self.text.startswith("(", self.at):
            return self._group()
        for sign in ("<>", "<=", ">=", "<", ">", "="):
            if self.text.startswith(sign, self.at):
                self.at += len(sign)
                return self._compared(sign)
        return self._value_or_range()

    def _group(self) -> Node:
        if self.depth == DEEPEST:
            raise self._wrong(f"more than {DEEPEST} parentheses are open", "Write a simpler expression.")
        opened = self.at
        self.at += 1
        self.depth += 1
        node = self._any()
        self.depth -= 1
        if not self.text.startswith(")", self.at):
            self.at = opened
            raise self._wrong("a parenthesis opens and never closes", "Close it, or put the value in quotes.")
        self.at += 1
        self._skip()
        return node

    def _compared(self, sign: str) -> Term:
        value = self._operand()
        if not value.parts and not self._was_blank(value):
            raise self._wrong(f"a value must follow {sign}", f"Write {sign}VALUE, or {sign}'' for blank.")
        if self.text.startswith("..", self.at):
            raise self._wrong(f"a range cannot follow {sign}", "Write either a comparison or FROM..TO.")
        if value.has_wildcards and sign not in ("<>", "="):
            raise self._wrong(
                f"{sign} takes no * or ?", "Put the value in quotes if the sign is meant.", value.position
            )
        return Term(sign, value)

    def _value_or_range(self) -> Term:
        low = self._operand()
        has_low = bool(low.parts) or self._was_blank(low)
        if not self.text.startswith("..", self.at):
            if not has_low:
                raise self._wrong("a value is missing", "Write a value, or '' for blank.")
            return Term("=", low)
        self.at += 2
        high = self._operand()
        has_high = bool(high.parts) or self._was_blank(high)
        if not has_low and not has_high:
            raise self._wrong("a range needs at least one end", "Write FROM..TO, FROM.. or ..TO.", low.position)
        if self.text.startswith("..", self.at):
            raise self._wrong("a range has two ends at most", "Write FROM..TO.")
        for end in (low, high):
            if end.has_wildcards:
                raise self._wrong(
                    "a range takes no * or ?", "Put the value in quotes if the sign is meant.", end.position
                )
        return Term("..", low if has_low else None, high if has_high else None)

    def _was_blank(self, value: Operand) -> bool:
        """Whether an operand without characters was written as `''` rather than left out."""
        return "'" in self.text[value.position : self.at]

    def _operand(self, stop: str = "|&<>") -> Operand:
        self._skip()
        start, nested = self.at, 0
        parts: list[Any] = []
        literal_until = 0
        while self.at < len(self.text):
            char = self.text[self.at]
            if opens_quote(self.text, self.at):
                end = end_of_quotes(self.text, self.at)
                parts += self.text[self.at + 1 : end - 1].replace("''", "'")
                self.at, literal_until = end, len(parts)
                continue
            if stop and (char in "|&" or self.text.startswith("..", self.at)):
                break
            if stop and char in "<>":
                raise self._wrong(f"{char} stands before a value, not within one", "Write & or | between two terms.")
            if stop and char == ")" and self.depth and not nested:
                break
            nested += (char == "(") - (char == ")" and nested > 0)
            parts.append(None if char == "*" else ... if char == "?" else char)
            self.at += 1
        while len(parts) > literal_until and isinstance(parts[-1], str) and parts[-1].isspace():
            parts.pop()
        return Operand(tuple(parts), start)

    def _skip(self) -> None:
        while self.at < len(self.text) and self.text[self.at].isspace():
            self.at += 1

    def _wrong(self, what: str, hint: str, at: int | None = None) -> UsageError:
        return wrong(self.text, self.at if at is None else at, what, hint)


def wrong(expression: str, at: int, what: str, hint: str) -> UsageError:
    return UsageError(
        f"The filter {expression} cannot be read at position {at + 1}: {what}.",
        code="filter_invalid",
        value=expression,
        hint=hint,
    )


def refuse_unstorable(expression: str) -> None:
    for at, char in enumerate(expression):
        if char == "\0" or "\ud800" <= char <= "\udfff":
            raise UsageError(
                f"The filter holds a character that no text can hold, at position {at + 1}.",
                code="filter_invalid",
                value=expression.encode("unicode_escape").decode("ascii"),
                hint="Take it out.",
            )
