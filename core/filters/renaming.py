"""A filter that goes on meaning the same after a value it names was renamed."""

from __future__ import annotations

from collections.abc import Iterator

from postroom.core.filters.expressions import Joined, Node, Operand
from postroom.core.filters.matching import parse, quote
from postroom.core.filters.values import fold


def renamed(expression: str, old: str, new: str) -> str:
    """The expression with every `=old` and `<>old` naming `new`; ranges and patterns stay as they are."""
    root = parse(expression).root
    text = expression.strip()
    named = [operand for operand in _operands(root) if not operand.has_wildcards and fold(operand.text) == fold(old)]
    for operand in sorted(named, key=lambda one: one.position, reverse=True):
        for written in (quote(operand.text), operand.text):
            end = operand.position + len(written)
            if text[operand.position : end] == written:
                text = text[: operand.position] + (new if _is_plain(new) else quote(new)) + text[end:]
                break
    return text


def _is_plain(value: str) -> bool:
    """Whether a value needs no quotes in an expression."""
    return all(character.isalnum() or character in "-_" for character in value)


def _operands(node: Node | None) -> Iterator[Operand]:
    if isinstance(node, Joined):
        for part in node.parts:
            yield from _operands(part)
    elif node is not None and node.operator in ("=", "<>") and node.low is not None:
        yield node.low
