"""From a study to its cells: every row drawn and every address known before the first hour is spent."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

from ifir_eval.benchmarks.benchmark import BARE, Benchmark
from ifir_eval.benchmarks.catalog import load
from ifir_eval.encoding.encoder import Setting
from ifir_eval.errors import InvalidInputError, Mistakes, Problem
from ifir_eval.progress import Progress, silent
from ifir_eval.retrievers.spec import build
from ifir_eval.training.base import find as find_base
from ifir_eval.training.base import load as load_base
from ifir_eval.training.base import token_count
from ifir_eval.training.mixes import Drawn, Screen, TokenCount, draw
from ifir_eval.training.recipe import Recipe
from ifir_eval.training.rows import as_line
from ifir_eval.training.study.cells import BASE, Finished, Key
from ifir_eval.training.study.definition import Study
from ifir_eval.training.train import batches

QUALITY = "nDCG@10[bare]"
"""The column of general quality."""


class Planned(NamedTuple):
    """A cell to come: its address, and what it is trained on (None: the base model itself)."""

    key: Key
    address: str
    drawn: Drawn | None


@dataclass(frozen=True)
class Plan:
    """A study with all that it needs at hand.

    ``benchmarks`` go by what the study calls them; ``cells`` are in the order in which they are done.
    """

    study: Study
    benchmarks: Mapping[str, Benchmark]
    dev: Benchmark | None
    cells: tuple[Planned, ...]

    def is_done(self, cell: Planned, finished: Finished) -> bool:
        """Whether ``finished`` is ``cell``, judged on all that judges this study as it is today."""
        judged = {name: record.benchmark["content_hash"] for name, record in finished.records.items()}
        return (finished.key, finished.address) == (cell.key, cell.address) and all(
            judged.get(name) == benchmark.content_hash for name, benchmark in self.benchmarks.items()
        )

    def done(self, finished: Sequence[Finished]) -> Mapping[Key, Finished]:
        """Those of ``finished`` that are cells of this plan, in its order."""
        found: dict[Key, Finished] = {}
        for cell in self.cells:
            match = next((one for one in finished if self.is_done(cell, one)), None)
            if match:
                found[cell.key] = match
        return found


def plan(study: Study, data: Path | None = None, progress: Progress = silent) -> Plan:
    """Load what judges, find the bases, and draw the rows of every cell.

    Raises:
        IfirEvalError: with everything that stands in the way: unknown benchmarks or sources, a base that cannot
            be trained, a budget that is larger than the data.
    """
    mistakes = Mistakes()
    benchmarks: dict[str, Benchmark] = {}
    dev: list[Benchmark] = []
    for name in study.benchmarks:
        with mistakes:
            benchmarks[name] = load(name, data=data, progress=progress).validated()
            if name in study.general:
                _check_general(benchmarks[name])
    with mistakes:
        dev = [load(study.dev, data=data, progress=progress)] if study.dev else []
    for base in study.bases:
        with mistakes:
            find_base(base, study.recipe)
    with mistakes:
        _check_names(study, benchmarks.values())
    mistakes.raise_all()
    screen = Screen([*benchmarks.values(), *dev])
    cells: list[Planned] = []
    identities = {base: dict(build(base, study.evaluation).identity.settings) for base in study.bases}
    # Loaded as for training, so that a base that cannot be trained is refused before the hours are spent.
    models = {base: load_base(find_base(base, study.recipe), base, study.recipe).model for base in study.bases}
    counts = {base: token_count(model) for base, model in models.items()}
    keys = study.keys()
    with progress("drawing rows", total=len(keys)) as advance:
        for key in keys:
            with mistakes:
                base = key.arm.base
                drawn = _drawn(study, key, data, screen, counts[base])
                if drawn:
                    batches(drawn.rows, recipe_of(study, key))
                cells.append(Planned(key, _address(study, key, identities[base], drawn, dev), drawn))
            advance()
    mistakes.raise_all()
    return Plan(study, benchmarks, dev[0] if dev else None, tuple(cells))


def recipe_of(study: Study, key: Key) -> Recipe:
    """How the cell at ``key`` is trained."""
    return replace(study.recipe, seed=key.seed)


def _check_names(study: Study, benchmarks: Iterable[Benchmark]) -> None:
    """Results go by the names of benchmarks.

    Raises:
        InvalidInputError: naming those that two benchmarks share.
    """
    counts = Counter(benchmark.name for benchmark in benchmarks)
    if problems := [Problem(f"two benchmarks are called {name!r}") for name in counts if counts[name] > 1]:
        raise InvalidInputError(f"the study {study.name!r}", problems)


def _check_general(benchmark: Benchmark) -> None:
    """General quality is asked of the bare query.

    Raises:
        InvalidInputError: if the benchmark cannot tell it.
    """
    if (
        BARE not in {view.name for view in benchmark.views()}
        or QUALITY.partition("[")[0] not in benchmark.measures
    ):
        raise InvalidInputError(
            f"benchmark {benchmark.name!r}",
            [Problem(f"it cannot judge general quality, which is {QUALITY}: it has no such view or measure")],
        )


def _drawn(study: Study, key: Key, data: Path | None, screen: Screen, count: TokenCount) -> Drawn | None:
    if key.arm.mix == BASE:
        return None
    (mix,) = (mix for mix in study.mixes if mix.name == key.arm.mix)
    (budget,) = (budget for budget in study.budgets if str(budget) == key.arm.budget)
    return draw(replace(mix, seed=key.seed), budget, data, screen, count=count)


def _address(
    study: Study,
    key: Key,
    identity: Mapping[str, Setting],
    drawn: Drawn | None,
    dev: Sequence[Benchmark],
) -> str:
    """The hash of all that determines a cell's vectors."""
    content: dict[str, Any] = {"base": identity}
    if drawn:
        rows = hashlib.sha256("".join(map(as_line, drawn.rows)).encode())
        content["recipe"] = asdict(recipe_of(study, key))
        content["rows"] = rows.hexdigest()
        content["dev"] = [benchmark.content_hash for benchmark in dev]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]
