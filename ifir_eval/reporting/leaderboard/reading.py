"""Files of a leaderboard's folder that are missing or broken are named, with what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ifir_eval.errors import InvalidInputError, Problem


@contextmanager
def reading(file: Path) -> Iterator[None]:
    """What goes wrong inside is a fault of ``file``.

    Raises:
        InvalidInputError: that says so.
    """
    try:
        yield
    except FileNotFoundError as error:
        remedy = "is missing; start from the folder leaderboards/ of ifir-eval's own repository"
        raise InvalidInputError("leaderboard", [Problem(remedy, str(file))]) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InvalidInputError("leaderboard", [Problem(f"cannot be read: {error!r}", str(file))]) from error
