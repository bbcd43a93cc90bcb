"""How query and instruction become one text, and title and text: the only place.

Templates stand between the user's words and the model's own prompts: what is rendered here is handed to
the encoder, which then puts its configured prompt (``query: ``) before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from string import Formatter
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import Document, View
from ifir_eval.errors import RetrieverError

PRESETS = {
    "default": "{query} {instruction}",
    "instruction-first": "{instruction} {query}",
    "instruct": "Instruct: {instruction}\nQuery: {query}",
}
PLACEHOLDERS = ("query", "instruction")


class Rendered(NamedTuple):
    """The text of a view; its instruction is ``text[start:stop]``, empty where it carries none."""

    text: str
    start: int = 0
    stop: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """A checked pattern such as ``{query} {instruction}``; made by `parse`.

    A pattern may lack ``{instruction}``: whether a benchmark can be asked that way is not decided here.
    """

    pattern: str

    @classmethod
    def parse(cls, written: str | None) -> Template:
        r"""The template that a user wrote: a preset's name, a pattern, or None for the default.

        A literal ``\n`` typed in a shell means a line break; ``{{`` and ``}}`` stand for single braces.

        Raises:
            RetrieverError: naming what is wrong with the pattern.
        """
        pattern = PRESETS.get(written or "default") or str(written).replace("\\n", "\n")
        if wrong := _mistake(pattern):
            raise RetrieverError(
                f"template {written!r}: {wrong}; write a pattern such as '{PRESETS['default']}' "
                f"or a preset's name ({', '.join(PRESETS)})"
            )
        return cls(pattern)

    def render(self, view: View) -> Rendered:
        """The text that stands for ``view``; one without an instruction is its query alone."""
        if not view.instruction.strip():
            return Rendered(view.query)
        given = {"query": view.query, "instruction": view.instruction}
        text, start, stop = "", 0, 0
        for literal, name, _, _ in Formatter().parse(self.pattern):
            text += literal
            if name == "instruction":
                start, stop = len(text), len(text) + len(view.instruction)
            text += given[name] if name else ""
        return Rendered(text, start, stop)


def _mistake(pattern: str) -> str:
    """What is wrong with ``pattern``; empty if nothing is."""
    try:
        fields = [field for field in Formatter().parse(pattern) if field[1] is not None]
    except ValueError as error:
        return f"its braces do not pair up ({error})"
    names = [name for _, name, _, _ in fields]
    if unknown := [name for name in names if name not in PLACEHOLDERS]:
        return f"there is no placeholder {' or '.join(f'{{{name}}}' for name in unknown)}"
    if any(spec or conversion for _, _, spec, conversion in fields):
        return "placeholders take no format or conversion"
    if "query" not in names:
        return "{query} is missing"
    if len(set(names)) < len(names):
        return "each placeholder may stand once"
    return ""


def document_text(document: Document) -> str:
    """The text of a document: title and text joined by a space and stripped, as mteb does."""
    return f"{document.title} {document.text}".strip()
