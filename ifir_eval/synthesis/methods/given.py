"""Rows that somebody wrote already, for a judge to look at."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from ifir_eval.synthesis.judges.judge import Claim
from ifir_eval.synthesis.methods.method import AllOrNothing, Writer
from ifir_eval.training.rows import Row, as_line


class Given(AllOrNothing):
    """The instructed rows of each pair as they are; one row stands for its pair. Nobody is asked to write."""

    name = "judge"
    prompts = ()

    def __init__(self, rows: Sequence[Row]) -> None:
        self._pairs: dict[str, list[Row]] = {}
        for row in rows:
            if row.instruction.strip():
                self._pairs.setdefault(row.pair_id, []).append(row)
        texts = "".join(as_line(row) for pair in self._pairs.values() for row in pair)
        self._digest = hashlib.sha256(texts.encode()).hexdigest()

    @property
    def identity(self) -> str:
        """All rows."""
        return f"{self.name} {self._digest}"

    @property
    def rows(self) -> list[Row]:
        """One row of each pair."""
        return [pair[0] for pair in self._pairs.values()]

    def lacks(self, row: Row) -> str:
        """Nothing."""
        del row
        return ""

    def write(self, row: Row, writer: Writer) -> tuple[Claim, ...]:
        """See `Method.write`."""
        del writer
        return tuple(Claim.of(each) for each in self._pairs[row.pair_id])
