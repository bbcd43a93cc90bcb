"""How retrievers are to be run: what the command line's model options become."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.prompt import Template

DTYPES = ("float32", "float16", "bfloat16")
POOLINGS = ("cls", "mean", "last")
BACKENDS = ("torch", "torch-compile", "onnx", "onnx-int8", "openvino", "openvino-int8")


@dataclass(frozen=True, slots=True)
class Options:
    """Settings shared by all retrievers of a command; None leaves the choice to the model.

    Text: ``template`` (a preset's name or a pattern), ``query_prefix``, ``document_prefix``, ``max_length``
    in tokens. Model: ``pooling`` (one of `POOLINGS`), ``append_eos``, ``adapter`` (a LoRA adapter's name or
    folder), ``dtype`` (one of `DTYPES`), ``device`` as torch writes it, ``backend`` (one of `BACKENDS`),
    ``trust_remote_code``, ``allow_pickle`` (the specs whose pickled weights may be loaded).
    Work: ``batch_tokens``, the tokens computed at a time, and ``cache``, the folder of the vector cache
    (None: the user's); without ``keep_vectors`` vectors last as long as the command. Rerankers:
    ``first_stage``, the spec of the retriever whose best ``depth`` documents are reranked. Servers:
    ``base_url``, ``concurrency`` (requests at a time) and ``price`` (of a million tokens, in any currency).

    Raises:
        RetrieverError: with every mistake in them.
    """

    template: str | None = None
    query_prefix: str | None = None
    document_prefix: str | None = None
    max_length: int | None = None
    pooling: str | None = None
    append_eos: bool | None = None
    adapter: str | None = None
    dtype: str | None = None
    device: str | None = None
    backend: str = "torch"
    trust_remote_code: bool = False
    allow_pickle: tuple[str, ...] = ()
    batch_tokens: int | None = None
    cache: Path | None = None
    keep_vectors: bool = True
    first_stage: str | None = None
    depth: int = 100
    base_url: str | None = None
    concurrency: int = 4
    price: float | None = None

    def __post_init__(self) -> None:
        mistakes = []
        try:
            Template.parse(self.template)
        except RetrieverError as error:
            mistakes.append(str(error))
        numbers = {
            "maximum length": self.max_length,
            "number of tokens of a batch": self.batch_tokens,
            "depth": self.depth,
            "concurrency": self.concurrency,
        }
        for name, value in numbers.items():
            if value is not None and value < 1:
                mistakes.append(f"the {name} is {value}, but must be at least 1")
        if self.price is not None and not 0 <= self.price < math.inf:
            mistakes.append(f"the price is {self.price}, but must be a number of at least 0")
        choices = {
            "dtype": (self.dtype, DTYPES),
            "pooling": (self.pooling, POOLINGS),
            "backend": (self.backend, BACKENDS),
        }
        for name, (given, existing) in choices.items():
            if given is not None and given not in existing:
                mistakes.append(f"there is no {name} {given!r}; existing: {', '.join(existing)}")
        if mistakes:
            raise RetrieverError("\n".join(mistakes))


def refuse_what_encoders_take(spec: str, kind: str, options: Options, *also: str) -> None:
    """Refuse options that only a dense encoder heeds: where they are ignored, they seem to have counted.

    ``also`` are fields of ``options`` that ``kind`` does not heed either, and whose default is None.

    Raises:
        RetrieverError: naming them.
    """
    given = {
        "--pooling": options.pooling is not None,
        "--append-eos": options.append_eos is not None,
        "--adapter": options.adapter is not None,
        "--backend": options.backend != "torch",
        **{f"--{field.replace('_', '-')}": getattr(options, field) is not None for field in also},
    }
    if named := [name for name, is_given in given.items() if is_given]:
        raise RetrieverError(f"{spec!r}: {kind} takes no {', '.join(named)}; leave that out")
