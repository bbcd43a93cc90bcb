"""What a method is: it asks a language model about a row and makes rows of the answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from ifir_eval.benchmarks.benchmark import PARAPHRASE, REVERSED
from ifir_eval.synthesis.answers import short_text
from ifir_eval.synthesis.asking import Asker, T
from ifir_eval.synthesis.judges.judge import Claim, Finding
from ifir_eval.synthesis.prompt import Prompt
from ifir_eval.training.rows import Row

WRITTEN_VIEWS = frozenset({REVERSED, PARAPHRASE, "poisoned-instruction", "poisoned-query"})
"""Views that are made from others: nothing is written from these."""


class Writer(NamedTuple):
    """The prompts of a method, and whom to ask."""

    prompts: Mapping[str, Prompt]
    asker: Asker

    def ask(self, name: str, parse: Callable[[str], T], **given: Any) -> T:
        """Ask with the prompt ``name``; see `Asker.ask`."""
        return self.asker.ask(self.prompts[name].render(**given), parse)

    def ask_text(self, name: str, tag: str, row: Row, **given: Any) -> str:
        """Ask for an instruction or a query in place of the row's own, with the row's fields given."""
        fields = {"query": row.query, "instruction": row.instruction, "positive": row.positive, **given}
        unlike = row.query if tag == "query" else row.instruction
        return self.ask(
            name, lambda answer: short_text(answer, tag, unlike=unlike, passages=row.passages), **fields
        )


class Method(Protocol):
    """Writes rows from one row."""

    @property
    def name(self) -> str:
        """As the command line calls it."""
        ...

    @property
    def identity(self) -> str:
        """All of it that can change what is written, prompts apart."""
        ...

    @property
    def prompts(self) -> Sequence[str]:
        """The names of its prompts."""
        ...

    def lacks(self, row: Row) -> str:
        """Why nothing can be written from ``row``; empty if something can."""
        ...

    def write(self, row: Row, writer: Writer) -> tuple[Claim, ...]:
        """The rows of the item, the given one among them if it belongs to it, and what each claims.

        Raises:
            RefusalError: if nothing comes of it.
        """
        ...

    def survivors(self, claims: Sequence[Claim], findings: Sequence[Finding]) -> tuple[Row, ...]:
        """The rows that stay after the judge has looked at each claim; empty if none do."""
        ...


class AllOrNothing:
    """The rows of an item stay together: a judge must agree with every claim."""

    name = ""

    @property
    def identity(self) -> str:
        """The name, unless there is more to it."""
        return self.name

    def survivors(self, claims: Sequence[Claim], findings: Sequence[Finding]) -> tuple[Row, ...]:
        """All rows or none."""
        return tuple(claim.row for claim in claims) if all(finding.holds for finding in findings) else ()


def lacks_instruction(row: Row) -> str:
    """The reason that all methods share."""
    if row.view in WRITTEN_VIEWS:
        return f"is a twin itself (view {row.view})"
    return "" if row.instruction.strip() else "no instruction"


def lacks_negatives(row: Row, count: int = 1) -> str:
    """As `lacks_instruction`, and for lack of ``count`` negatives of which the first breaks the instruction."""
    if reason := lacks_instruction(row):
        return reason
    if not row.instruction_negatives:
        return "no instruction negative"
    return "" if len(row.negatives) >= count else f"fewer than {count} negatives"


def without(passages: Sequence[str], *left_out: str) -> tuple[str, ...]:
    """``passages`` but for those left out."""
    return tuple(passage for passage in passages if passage not in left_out)
