"""What to do where memory is too small for a batch: halve it, go on, and say so once."""

from __future__ import annotations

from contextlib import suppress

from ifir_eval.errors import RetrieverError


class Room:
    """How many tokens at a time memory has proved to bear; no limit until it was too small once."""

    def __init__(self) -> None:
        self._tokens: int | None = None

    def bears(self, size: int) -> bool:
        """Whether a batch of ``size`` tokens may be tried."""
        return self._tokens is None or size <= self._tokens

    def was_too_small_for(self, size: int) -> None:
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


def failure(what: str, error: Exception) -> RetrieverError:
    """What to tell of a batch of ``what`` that a model could not compute."""
    reason = (str(error).strip() or type(error).__name__).splitlines()[0]
    return RetrieverError(
        f"the model failed on {what} ({reason}); fewer --batch-tokens or a smaller maximum length may help"
    )
