"""Shares of one work, for several machines that do it together."""

from __future__ import annotations

from typing import NamedTuple

from ifir_eval.errors import IfirEvalError


class Share(NamedTuple):
    """One of ``shares`` equal shares; ``number`` counts from 0, as the tasks of a Slurm array do."""

    number: int = 0
    shares: int = 1

    @classmethod
    def parse(cls, text: str) -> Share:
        """``0/4``: the first of four.

        Raises:
            IfirEvalError: if it is none.
        """
        number, _, shares = text.partition("/")
        if number.isdecimal() and shares.isdecimal() and int(number) < int(shares):
            return cls(int(number), int(shares))
        raise IfirEvalError(f"{text!r} is no share; write 0/4 for the first of four, up to 3/4")
