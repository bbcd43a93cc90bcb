"""How much is trained on: so many rows, or so many tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ifir_eval.errors import IfirEvalError
from ifir_eval.training.rows import Row

TokenCount = Callable[[str], int]
"""How many tokens a text has."""

_WRITTEN = re.compile(r"\s*([\d_,]+)\s*(rows?|tokens?)?\s*", re.IGNORECASE)


def words(text: str) -> int:
    """The number of words between white space: what counts as tokens where no tokenizer is given."""
    return len(text.split())


@dataclass(frozen=True, slots=True)
class Budget:
    """A number of ``rows`` or, if that is None, of ``tokens``.

    The tokens of a row are those of its query, its instruction and all its passages, each counted in every
    row where it stands, though a batch encodes it once.

    Raises:
        IfirEvalError: unless exactly one of them is given, above 0.
    """

    rows: int | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        if (self.rows is None) == (self.tokens is None) or self.amount < 1:
            raise IfirEvalError("a budget is a number of rows or a number of tokens above 0")

    @classmethod
    def parse(cls, text: str) -> Budget:
        """The budget written as ``2000``, ``2,000 rows`` or ``500000 tokens``.

        Raises:
            IfirEvalError: if it is none of these.
        """
        found = _WRITTEN.fullmatch(text)
        if not found or not found[1].strip("_,"):
            raise IfirEvalError(f"{text!r} is no budget; write 2000 (rows) or '500000 tokens'")
        amount = int(found[1].replace(",", "").replace("_", ""))
        return cls(tokens=amount) if (found[2] or "").lower().startswith("token") else cls(rows=amount)

    @property
    def amount(self) -> int:
        """The number, in `unit`."""
        return self.rows if self.rows is not None else self.tokens or 0

    @property
    def unit(self) -> str:
        """What is counted: ``rows`` or ``tokens``."""
        return "tokens" if self.rows is None else "rows"

    def cost(self, rows: Sequence[Row], count: TokenCount) -> int:
        """What ``rows`` take of it."""
        return len(rows) if self.rows is not None else tokens_of(rows, count)

    def __str__(self) -> str:
        return f"{self.amount:,} {self.unit}"


def tokens_of(rows: Sequence[Row], count: TokenCount) -> int:
    """All tokens of ``rows``."""
    return sum(count(text) for row in rows for text in (row.query, row.instruction, *row.passages))
