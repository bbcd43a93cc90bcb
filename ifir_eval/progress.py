"""How long work tells where it stands, without knowing who listens."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Protocol


class Advance(Protocol):
    """Called with the number of units finished since the last call."""

    def __call__(self, count: int = 1, /) -> None:
        """Report ``count`` finished units."""
        ...


class Progress(Protocol):
    """Opens one bar: ``with progress("encoding documents", total=4800) as advance: advance(32)``."""

    def __call__(self, task: str, *, total: int) -> AbstractContextManager[Advance]:
        """Open a bar for ``task`` of ``total`` units."""
        ...


def silent(task: str, *, total: int) -> AbstractContextManager[Advance]:
    """A `Progress` that shows nothing: the default of every library call."""
    del task, total
    return nullcontext(lambda count=1: None)
