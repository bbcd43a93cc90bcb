"""What to do where memory is too small for a batch: halve it, go on, and say so once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from ifir_eval.errors import RetrieverError

Item = TypeVar("Item")
Result = TypeVar("Result")


class Room:
    """How many tokens at a time memory has proved to bear; no limit until it was too small once."""

    def __init__(self) -> None:
        self._tokens: int | None = None

    def halving(
        self, items: list[Item], width: int, compute: Callable[[list[Item]], Result], what: str
    ) -> list[Result]:
        """``compute(items)``, or the results of halves of them where memory is too small, in order.

        ``width`` is what each of ``items`` takes, in tokens with padding; ``what`` is what they are called.

        Raises:
            RetrieverError: if ``compute`` fails otherwise, or of too little memory for a single one.
        """
        size = len(items) * width
        if len(items) == 1 or self._tokens is None or size <= self._tokens:
            try:
                return [compute(items)]
            except Exception as error:  # a model may fail in any way
                if len(items) == 1 or not is_out_of_memory(error):
                    raise _failure(f"{len(items)} {what}", error) from error
            self._was_too_small_for(size)
        middle = len(items) // 2
        halves = (items[:middle], items[middle:])
        return [result for half in halves for result in self.halving(half, width, compute, what)]

    def _was_too_small_for(self, size: int) -> None:
        """From now on no more than half of ``size``; what the GPU holds in reserve is given back."""
        import torch  # noqa: PLC0415  (where this is called, a model is loaded)

        self._tokens = size // 2
        with suppress(RuntimeError):
            torch.cuda.empty_cache()

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for the user, if memory was ever too small."""
        if self._tokens is None:
            return ()
        sentence = (
            f"memory was too small for a batch; batches of {self._tokens} tokens were computed instead "
            f"(--batch-tokens {self._tokens} says so from the start)"
        )
        return (sentence,)


def is_out_of_memory(error: Exception) -> bool:
    """Whether ``error`` is what torch (on a GPU, on the CPU), OpenVINO or ONNX Runtime raise for it."""
    import torch  # noqa: PLC0415  (likewise)

    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    sentence = str(error).lower()
    return any(said in sentence for said in ("allocate memory", "bad_alloc", "bad allocation", "out of memory"))


def _failure(what: str, error: Exception) -> RetrieverError:
    """What to tell of a batch of ``what`` that a model could not compute."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return RetrieverError(
        f"the model failed on {what} ({reason}); fewer --batch-tokens or a smaller maximum length may help"
    )
