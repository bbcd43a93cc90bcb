"""How long a study will take: from the cells that are done, else from a short trial on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from ifir_eval.encoding.encoder import Role
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.prompt import Template, document_text
from ifir_eval.retrievers.spec import build
from ifir_eval.training.base import find, load, token_count
from ifir_eval.training.mixes.budget import tokens_of
from ifir_eval.training.study.cells import BASE, Finished
from ifir_eval.training.study.planning import Plan, Planned, recipe_of
from ifir_eval.training.train import batches, train

_BATCHES = 2
_TEXTS = 256


class Rates(NamedTuple):
    """Tokens a second in training and in evaluation, and how they are known."""

    train: float
    evaluate: float
    measured: str


class Cost(NamedTuple):
    """What a cell takes, in seconds."""

    cell: Planned
    train_s: float
    evaluate_s: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What cells that are still to be done will take."""

    costs: tuple[Cost, ...]
    rates: Rates

    @property
    def train_s(self) -> float:
        """Seconds of training."""
        return sum(cost.train_s for cost in self.costs)

    @property
    def evaluate_s(self) -> float:
        """Seconds of evaluation."""
        return sum(cost.evaluate_s for cost in self.costs)


def forecast(plan: Plan, finished: Iterable[Finished], waiting: Sequence[Planned]) -> Forecast:
    """What ``waiting`` will take, by the rates of ``finished`` cells of the plan, or of a trial."""
    if not waiting:
        return Forecast((), Rates(0.0, 0.0, "nothing to measure"))
    measured = rates(plan, finished)
    tokens, epochs = evaluation_tokens(plan), plan.study.recipe.epochs
    costs = (
        Cost(
            cell,
            epochs * cell.drawn.tokens / measured.train if cell.drawn else 0.0,
            tokens / measured.evaluate,
        )
        for cell in waiting
    )
    return Forecast(tuple(costs), measured)


def rates(plan: Plan, finished: Iterable[Finished]) -> Rates:
    """Those of the finished cells, if some were trained, else those of a trial of a minute or so."""
    efforts = [cell.effort for cell in finished if cell.key.arm.mix != BASE and cell.effort["train_s"]]
    if efforts:
        train_tokens, train_s, evaluate_tokens, evaluate_s = (
            sum(effort[name] for effort in efforts)
            for name in ("train_tokens", "train_s", "evaluate_tokens", "evaluate_s")
        )
        told = f"in {len(efforts)} finished cells"
        return Rates(plan.study.recipe.epochs * train_tokens / train_s, evaluate_tokens / evaluate_s, told)
    cell = next(cell for cell in plan.cells if cell.drawn)
    return Rates(_train_rate(plan, cell), _evaluation_rate(plan), "in a trial just now")


def evaluation_tokens(plan: Plan) -> int:
    """The tokens of all distinct texts of all benchmarks, cut at the maximum length of the first base."""
    from ifir_eval.encoding.reading import reading  # noqa: PLC0415  (imports torch)

    base = plan.study.bases[0]
    model = load(find(base, plan.study.recipe), base, plan.study.recipe).model
    return sum(int(reading(model, role).read(texts).lengths.sum()) for role, texts in _texts(plan).items())


def _texts(plan: Plan) -> Mapping[Role, list[str]]:
    """What an evaluation encodes; nothing is shared between benchmarks but by chance."""
    template = Template.parse(plan.study.recipe.template)
    return {
        Role.QUERY: [
            text
            for benchmark in plan.benchmarks.values()
            for text in dict.fromkeys(template.render(view).text for view in benchmark.views())
        ],
        Role.DOCUMENT: [
            text
            for benchmark in plan.benchmarks.values()
            for text in dict.fromkeys(map(document_text, benchmark.documents_asked_for()))
        ],
    }


def _train_rate(plan: Plan, cell: Planned) -> float:
    assert cell.drawn is not None
    recipe = replace(recipe_of(plan.study, cell.key), epochs=1, checkpoints=1)
    first = islice(batches(cell.drawn.rows, recipe), _BATCHES)
    rows = [cell.drawn.rows[place] for batch in first for place in batch]
    base = cell.key.arm.base
    with TemporaryDirectory(prefix="ifir-eval-") as folder:
        on_cpu = plan.study.evaluation.device == "cpu"
        trained = train(base, rows, Path(folder) / "model", recipe, on_cpu=on_cpu)
    return tokens_of(rows, token_count(load(find(base, recipe), base, recipe).model)) / trained.seconds


def _evaluation_rate(plan: Plan) -> float:
    texts = _texts(plan)[Role.DOCUMENT]
    chosen = Random(0).sample(texts, min(_TEXTS, len(texts)))
    retriever = build(plan.study.bases[0], replace(plan.study.evaluation, keep_vectors=False))
    assert isinstance(retriever, ByVectors)
    embedder = retriever.embedder
    list(embedder.encode(chosen, Role.DOCUMENT, range(8)))  # loads the model
    started = time.perf_counter()
    chunks = list(embedder.encode(chosen, Role.DOCUMENT, range(len(chosen))))
    seconds = time.perf_counter() - started
    limit = embedder.limit
    return sum(min(int(tokens), limit) for chunk in chunks for tokens in chunk.tokens) / seconds
