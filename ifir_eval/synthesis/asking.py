"""One row's questions to a language model: what is asked, how often, and what is made of the answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ifir_eval.servers.completion import Complete, Message

T = TypeVar("T")
_COMPLAINT = (
    "That answer cannot be used: {reason}. Answer again, exactly in the form that was asked for, "
    "or with the one word None."
)


class MalformedError(Exception):
    """An answer that is not in the form asked for; the text says what is wrong with it."""


class RefusalError(Exception):
    """Nothing comes of this row; ``reason`` is counted, ``detail`` is an example of it."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Effort:
    """What one row took: requests that were answered, and their tokens where the server says them."""

    requests: int = 0
    tokens_read: int = 0
    tokens_written: int = 0
    untold: int = 0

    @property
    def tokens(self) -> int:
        """Read and written."""
        return self.tokens_read + self.tokens_written


class Asker:
    """Asks for one row, at most ``tries`` times a question, and adds up the ``effort``."""

    def __init__(self, complete: Complete, tries: int) -> None:
        self._complete = complete
        self._tries = tries
        self.effort = Effort()

    def ask(self, prompt: str, parse: Callable[[str], T]) -> T:
        """What ``parse`` makes of the answer; a malformed one is sent back with what is wrong with it.

        Raises:
            RefusalError: if the model still answers in another form at the last try.
        """
        messages = [Message("user", prompt)]
        reason, text = "", ""
        for _ in range(self._tries):
            completion = self._complete(messages)
            self._count(completion.tokens_read, completion.tokens_written)
            text = completion.text
            try:
                return parse(text)
            except MalformedError as error:
                reason = "it is cut off at the limit of tokens" if completion.cut else str(error)
            complaint = Message("user", _COMPLAINT.format(reason=reason))
            messages = [messages[0], Message("assistant", text), complaint]
        raise RefusalError(f"malformed: {reason}", text)

    def _count(self, read: int | None, written: int | None) -> None:
        self.effort.requests += 1
        self.effort.untold += read is None or written is None
        self.effort.tokens_read += read or 0
        self.effort.tokens_written += written or 0
