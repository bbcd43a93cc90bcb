"""Everything a user can do wrong, as one tree.

::

    IfirEvalError                 a sentence with its remedy; exit code 2
    ├── UnknownNameError          names that do not exist, with what exists and near names
    ├── InvalidInputError         a file or benchmark with problems: all of them, with file and line
    ├── MissingPackageError       an optional package is absent; carries the install line
    ├── RetrieverError            a retriever cannot be built, or answered with something unusable
    │   └── InstructionIgnoredError   the instruction never reached the scores
    └── IncompleteError           finished work is kept, the rest is not done; exit code 3

The command line prints ``str(error)`` and exits with ``error.exit_code``; it never shows a traceback
for one of these.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType


class IfirEvalError(Exception):
    """Base of every error that is the user's to mend."""

    exit_code = 2


class UnknownNameError(IfirEvalError):
    """One or more names that nothing answers to.

    All mistakes are reported at once, each with the nearest existing names, then what exists.
    """

    def __init__(self, kind: str, unknown: Sequence[str], known: Iterable[str]) -> None:
        known = sorted(known)
        folded = {name.casefold(): name for name in known}
        lines = []
        for name in unknown:
            close = difflib.get_close_matches(name.casefold(), folded, n=3, cutoff=0.5)
            near = [folded[match] for match in close]
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            lines.append(f"there is no {kind} {name!r}{hint}")
        super().__init__("\n".join([*lines, f"existing: {', '.join(known)}"]))
        self.unknown = tuple(unknown)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input, with the file and the 1-based line where they are known."""

    message: str
    file: str = ""
    line: int | None = None

    def __str__(self) -> str:
        if not self.file:
            return self.message
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


class InvalidInputError(IfirEvalError):
    """An input that cannot be used, with every problem found in it."""

    SHOWN = 50

    def __init__(self, what: str, problems: Sequence[Problem]) -> None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        lines = [f"{what} has {count}:", *(f"  {problem}" for problem in problems[: self.SHOWN])]
        if len(problems) > self.SHOWN:
            lines.append(f"  … and {len(problems) - self.SHOWN} more")
        super().__init__("\n".join(lines))
        self.problems = tuple(problems)


class MissingPackageError(IfirEvalError):
    """An optional package is not installed."""

    def __init__(self, package: str, purpose: str, install: str) -> None:
        super().__init__(f"{purpose} needs the package {package}: pip install '{install}'")


class RetrieverError(IfirEvalError):
    """A retriever could not be built, or gave an answer that cannot be measured."""


class InstructionIgnoredError(RetrieverError):
    """Views with different instructions got the very same texts or scores.

    Such a run would read as p-MRR exactly 0 and say nothing about the model (docs/methods.md, section 3).
    """


class IncompleteError(IfirEvalError):
    """Some work remains; what is finished is stored and the same command goes on with the rest."""

    exit_code = 3


class Mistakes:
    """Gathers errors, so that a user learns all of them at once.

    ::

    mistakes = Mistakes()
    with mistakes:
        first()
    with mistakes:
        second()
    mistakes.raise_all()
    """

    def __init__(self) -> None:
        self.errors: list[IfirEvalError] = []

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if isinstance(error, IfirEvalError):
            self.errors.append(error)
            return True
        return False

    def raise_all(self) -> None:
        """Raise what was gathered as one error; a single one as it is."""
        if len(self.errors) == 1:
            raise self.errors[0]
        if self.errors:
            raise IfirEvalError("\n".join(map(str, self.errors)))
