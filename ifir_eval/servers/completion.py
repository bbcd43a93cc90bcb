"""A conversation with a language model, whoever runs it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Message(NamedTuple):
    """One turn of a conversation; ``role`` is ``user`` or ``assistant``."""

    role: str
    content: str


class Completion(NamedTuple):
    """What a language model answers: its text, whether that was cut off, and the tokens read and written.

    The tokens are None where the server does not say them.
    """

    text: str
    cut: bool = False
    tokens_read: int | None = None
    tokens_written: int | None = None


Complete = Callable[[Sequence[Message]], Completion]
