"""How retrievers are to be run: what the command line's model options become."""

from __future__ import annotations

from dataclasses import dataclass

from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.prompt import Template

DTYPES = ("float32", "float16", "bfloat16")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings shared by all retrievers of a command; None leaves the choice to the model.

    ``template`` (a preset's name or a pattern) serves dense encoders and BM25; ``max_length`` in tokens,
    ``batch_size`` in texts, ``device`` as torch writes it and ``dtype``, one of `DTYPES`, serve encoders.

    Raises:
        RetrieverError: with every mistake in them.
    """

    template: str | None = None
    max_length: int | None = None
    batch_size: int | None = None
    device: str | None = None
    dtype: str | None = None

    def __post_init__(self) -> None:
        mistakes = []
        try:
            Template.parse(self.template)
        except RetrieverError as error:
            mistakes.append(str(error))
        for name, value in (("maximum length", self.max_length), ("batch size", self.batch_size)):
            if value is not None and value < 1:
                mistakes.append(f"the {name} is {value}, but must be at least 1")
        if self.dtype not in (None, *DTYPES):
            mistakes.append(f"there is no dtype {self.dtype!r}; existing: {', '.join(DTYPES)}")
        if mistakes:
            raise RetrieverError("\n".join(mistakes))
