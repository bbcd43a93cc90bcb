"""How good the model is so far: the dev benchmark, asked as any benchmark is asked of any retriever.

This module imports torch: import it where training starts.
"""

from __future__ import annotations

from collections.abc import Mapping

from sentence_transformers import SentenceTransformer
from sentence_transformers.base.evaluation import BaseEvaluator

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.encoding.encoder import Setting
from ifir_eval.encoding.loaded import LoadedModel
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.evaluation import evaluate
from ifir_eval.retrievers.by_vectors import ByVectors, vector_cache
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Template


class DevEvaluator(BaseEvaluator):
    """Values of all measures of ``benchmark``, as sentence-transformers' trainer asks for them."""

    def __init__(self, benchmark: Benchmark, template: Template) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._benchmark = benchmark
        self._template = template
        self.primary_metric = benchmark.primary

    def __call__(  # type: ignore[override]  # of all the library's models, a dense one
        self, model: SentenceTransformer, output_path: str | None = None, epoch: float = -1, steps: int = -1
    ) -> dict[str, float]:
        """The values now, by the names of the measures."""
        del output_path, epoch
        cache = vector_cache(Options(keep_vectors=False))  # weights that change have no use for vectors
        retriever = ByVectors("training", "dense", _Current(model, steps), self._template, cache)
        measures = evaluate(self._benchmark, retriever).record.measures
        return {name: estimate.value for name, estimate in measures.items()}


class _Current(LoadedModel):
    """The model as it is now, as an embedder."""

    def __init__(self, model: SentenceTransformer, step: int) -> None:
        self.identity: Mapping[str, Setting] = {"step": step}
        super().__init__(model, ModelSettings(), self.identity)
