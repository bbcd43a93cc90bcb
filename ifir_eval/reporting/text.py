"""Text from records, made safe to look at: what hides or reorders characters is spelled out."""

from __future__ import annotations

import re

# Control characters (line feed and tab excepted), zero-width and bidirectional marks, lone surrogates:
# they steer a terminal, reverse the text around them, or cannot be written as UTF-8.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_MARKDOWN = {"|": "\\|", "\n": " ", "\r": " ", "<": "&lt;", "`": "\\`", "](": "]\\("}


def visible(text: str) -> str:
    """``text`` with each hidden character written out, such as ``⟨U+202E⟩``."""
    return _HIDDEN.sub(lambda match: f"⟨U+{ord(match[0]):04X}⟩", text)


def marked_down(text: str) -> str:
    """``text`` as it stands in a cell of a Markdown table, with nothing that Markdown would read as its own."""
    for char, written in _MARKDOWN.items():
        text = text.replace(char, written)
    return visible(text)


def listed(items: list[str], *, shown: int = 5) -> str:
    """``a, b, c``, cut after ``shown`` items with the number of those left out."""
    rest = f" and {len(items) - shown} more" if len(items) > shown else ""
    return ", ".join(items[:shown]) + rest
