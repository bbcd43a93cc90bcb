"""How a model is trained: everything but the base and the rows that can change its weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import get_args, get_origin, get_type_hints

from ifir_eval.benchmarks.reading import json_name
from ifir_eval.errors import IfirEvalError, RetrieverError
from ifir_eval.retrievers.options import POOLINGS, Options

ATTENTION = "attention"
OBJECTIVES = ("info-nce", "inf-embed", "query-preserving")
BLOCKS = ("P", "IQ", "I")
JOINS = ("multi", "uni")
DIRECTIONS = ("forward", "reverse")
PRECISIONS = ("fp32", "bf16")


@dataclass(frozen=True, slots=True)
class Recipe:
    """Settings of a training; docs/methods.md, section 6, says which of them the papers leave open.

    Loss: ``objective`` (one of `OBJECTIVES`) and ``temperature`` (None: 0.02, InF-Embed's 0.05). ``in_batch``
    makes the other documents of a batch negatives, too, for `info-nce` and `query-preserving`. ``blocks``
    (of `BLOCKS`), ``join`` (one of `JOINS`) and ``share``, of the batch whose instructions are crossed with a
    query, are InF-Embed's; ``weight`` (lambda), ``direction`` and ``stop_gradient`` query preservation's.

    Steps: AdamW, ``learning_rate`` at its highest, after ``warmup`` (a share of all steps) falling to 0;
    ``batch_rows`` rows a process, ``accumulate`` such batches a step, ``epochs`` times over the rows.
    ``checkpoints`` times, evenly spread, the model is saved, and judged where there is a dev benchmark.
    ``seed`` decides batches and dropout.

    Model: ``precision`` (one of `PRECISIONS`; weights and losses are always fp32), ``dropout`` (None: the
    model's own), ``max_length`` in tokens, ``pooling`` (those of retrievers, or `ATTENTION`, InF-Embed's
    instruction-query attention), ``template``, ``query_prefix``, ``document_prefix`` as retrievers have them.

    Work, which changes no result but for rounding and the draws of dropout: ``micro_batch_tokens`` are
    computed at a time; of a batch of more than ``graph_tokens`` the gradients are cached. None: what the device
    is good for.

    Raises:
        IfirEvalError: with every mistake in them.
    """

    objective: str = "info-nce"
    temperature: float | None = None
    in_batch: bool = True
    blocks: tuple[str, ...] = ("P", "I")
    join: str = "multi"
    share: float = 0.5
    weight: float = 1.0
    direction: str = "forward"
    stop_gradient: bool = True
    learning_rate: float = 3e-5
    weight_decay: float = 0.01
    warmup: float = 0.1
    batch_rows: int = 64
    accumulate: int = 1
    epochs: int = 1
    checkpoints: int = 3
    seed: int = 0
    precision: str = "fp32"
    dropout: float | None = None
    max_length: int | None = None
    pooling: str | None = None
    template: str | None = None
    query_prefix: str | None = None
    document_prefix: str | None = None
    micro_batch_tokens: int | None = None
    graph_tokens: int | None = None

    def __post_init__(self) -> None:
        if mistakes := list(self._kinds()):
            raise IfirEvalError("\n".join(mistakes))
        mistakes = [*self._choices(), *self._numbers()]
        try:
            self.as_options()
        except RetrieverError as error:
            mistakes.append(str(error))
        if mistakes:
            raise IfirEvalError("\n".join(mistakes))

    def as_options(self) -> Options:
        """How the base is loaded as a retriever; the pooling `ATTENTION` comes after that."""
        return Options(
            template=self.template,
            query_prefix=self.query_prefix,
            document_prefix=self.document_prefix,
            max_length=self.max_length,
            pooling=None if self.pooling == ATTENTION else self.pooling,
            keep_vectors=False,
        )

    def _kinds(self) -> Iterator[str]:
        """Text in place of a flag would be true, a fraction in place of a count would fail hours later."""
        for name, hint in get_type_hints(Recipe).items():
            value = getattr(self, name)
            kinds = get_args(hint) if isinstance(hint, UnionType) else (get_origin(hint) or hint,)
            if type(value) not in kinds and not (type(value) is int and float in kinds):
                wanted = json_name(list if kinds[0] is tuple else kinds[0])
                yield f"{name} is {value!r}, but must be {wanted}"

    def _choices(self) -> Iterator[str]:
        given = {
            "objective": ((self.objective,), OBJECTIVES),
            "block of InF-Embed": (self.blocks, BLOCKS),
            "join of InF-Embed": ((self.join,), JOINS),
            "direction of the divergence": ((self.direction,), DIRECTIONS),
            "precision": ((self.precision,), PRECISIONS),
            "pooling": ((self.pooling,) if self.pooling else (), (*POOLINGS, ATTENTION)),
        }
        for name, (chosen, existing) in given.items():
            for unknown in [one for one in chosen if one not in existing]:
                yield f"there is no {name} {unknown!r}; existing: {', '.join(existing)}"
        if not self.blocks or len(set(self.blocks)) < len(self.blocks):
            yield f"InF-Embed takes each of the blocks {', '.join(BLOCKS)} once, and at least one"

    def _numbers(self) -> Iterator[str]:
        at_least_one = ("batch_rows", "accumulate", "epochs", "checkpoints", "micro_batch_tokens")
        for name in at_least_one:
            value = getattr(self, name)
            if value is not None and value < 1:
                yield f"{name} is {value}, but must be at least 1"
        above_zero = ("temperature", "learning_rate", "share")
        for name in above_zero:
            value = getattr(self, name)
            if value is not None and not 0 < value < math.inf:
                yield f"{name} is {value}, but must be above 0"
        for name in ("weight", "weight_decay", "graph_tokens"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < math.inf:
                yield f"{name} is {value}, but must be at least 0"
        for name, most in (("warmup", 1.0), ("dropout", 1.0), ("share", 1.0)):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= most:
                yield f"{name} is {value}, but must be a share between 0 and {most:g}"
