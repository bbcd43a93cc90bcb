"""What a judge is asked, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from ifir_eval.synthesis.asking import Effort
from ifir_eval.training.rows import Row


class Claim(NamedTuple):
    """A row says that its positive fits query and instruction, and that the passages ``breaking`` do not."""

    row: Row
    breaking: tuple[str, ...]

    @classmethod
    def of(cls, row: Row) -> Claim:
        """What a whole row claims; where it has no instruction negatives, its first hard one is not to fit."""
        return cls(row, row.instruction_negatives or row.hard_negatives[:1])


@dataclass(frozen=True, slots=True)
class Finding:
    """Whether a judge agrees with each part of a claim; None where it cannot tell.

    ``why`` says, where it does not agree with all of it, what comes first.
    """

    view: str
    positive: bool | None
    breaking: tuple[bool | None, ...]
    why: str = ""
    effort: Effort = field(default_factory=Effort)

    @classmethod
    def of(cls, claim: Claim, positive: bool | None, breaking: tuple[bool | None, ...], **more: Any) -> Finding:
        """A finding with its ``why``, unless that is given."""
        why = ""
        if positive is None or None in breaking:
            why = "the judge cannot tell"
        elif not positive:
            why = "the positive does not fit"
        elif not all(breaking):
            why = "a negative fits as well"
        return cls(claim.row.view, positive, breaking, more.pop("why", "") or why, **more)

    @property
    def holds(self) -> bool:
        """Whether the judge agrees with the whole claim."""
        return self.positive is True and all(part is True for part in self.breaking)


Judging = Callable[[Claim], Finding]


class Judge(Protocol):
    """Looks at claims, several threads at a time."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """All that can change what it finds."""
        ...

    def session(self) -> AbstractContextManager[Judging]:
        """What judges while the session lasts."""
        ...
