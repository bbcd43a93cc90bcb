"""``mteb:org/model[@revision]``: a model as mteb's registry loads it, with its own prompts and revision.

Whatever part of mteb's protocol a model reads, it finds the instruction there: a query's ``text`` holds
query and instruction, ``query`` and ``instruction`` hold each alone.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import IfirEvalError, MissingPackageError, RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.ranking.run import Run
from ifir_eval.retrievers.hits import DEPTH, answer_with, documents_of, hits_of
from ifir_eval.retrievers.options import Options, refuse_what_encoders_take
from ifir_eval.retrievers.prompt import Template, document_text
from ifir_eval.retrievers.retriever import Answer, Identity

if TYPE_CHECKING:
    from mteb.abstasks.task_metadata import TaskMetadata
    from mteb.models import ModelMeta
    from torch.utils.data import DataLoader

_BATCH = 32  # mteb's own
_TEXTS_AT_ONCE = 2048
_PACKAGES = ("mteb", "sentence-transformers", "transformers", "torch")


class _Query(NamedTuple):
    """The columns of a query in mteb's protocol."""

    text: str
    query: str
    instruction: str


class MtebModel:
    """Answers with an encoder, a cross-encoder or a search model of mteb's registry."""

    def __init__(self, spec: str, meta: ModelMeta, options: Options) -> None:
        self._spec = spec
        self._meta = meta
        self._options = options
        self._template = Template.parse(options.template)

    @classmethod
    def build(cls, spec: str, argument: str, options: Options) -> MtebModel:
        """Look up the model of ``mteb:org/model[@revision]``; nothing is loaded yet.

        Raises:
            MissingPackageError: if mteb is not installed.
            RetrieverError: if its registry has no such model or revision, or an option cannot reach it.
        """
        if importlib.util.find_spec("mteb") is None:
            raise MissingPackageError("mteb", spec, "ifir-eval[mteb]")
        kind, prefixes = "mteb sets its models up itself and", ("query_prefix", "document_prefix")
        refuse_what_encoders_take(spec, kind, options, "max_length", "dtype", *prefixes)
        import mteb

        name, _, revision = argument.partition("@")
        try:
            meta = mteb.get_model_meta(name, revision or None)
        except (KeyError, ValueError) as error:
            remedy = f"an encoder of the hub needs no registry: write {name} alone"
            raise RetrieverError(f"{spec!r}: {error.args[0]} {remedy}") from error
        return cls(spec, meta, options)

    @cached_property
    def identity(self) -> Identity:
        """The revision that mteb pins, the template, and the versions of what computes."""
        settings = {
            "name": self._meta.name,
            "revision": self._meta.revision,
            "template": self._template.pattern,
            **{package: version(package).partition("+")[0] for package in _PACKAGES},
        }
        return Identity(self._spec, "mteb", settings)

    def render(self, view: View) -> str:
        """Query and instruction as the template joins them; the model's own prompt comes before it."""
        return self._template.render(view).text

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Load the model and score with what it is: an encoder, a cross-encoder, or a search of its own."""
        from mteb.models import CrossEncoderProtocol, EncoderProtocol, SearchProtocol

        arguments = {
            "task_metadata": _task(benchmark),
            "hf_split": "test",
            "hf_subset": "default",
        }
        with self._blaming("answering"):
            if isinstance(self._model, SearchProtocol):
                return self._search(benchmark, arguments)
            if isinstance(self._model, EncoderProtocol):
                return Answer(self._encode_and_compare(benchmark, arguments, progress))
            if isinstance(self._model, CrossEncoderProtocol):
                return Answer(self._predict(benchmark, arguments, progress))
        raise RetrieverError(f"{self._spec}: mteb gives a {type(self._model).__name__}, which cannot retrieve")

    @cached_property
    def _model(self) -> Any:
        """The model, loaded when first asked for, and never with code of its repository."""
        import mteb

        off = {"trust_remote_code": False} if self._meta.loader_kwargs.get("trust_remote_code") else {}
        with self._blaming("loading it"), _without_remote_code(self._spec):
            return mteb.get_model(str(self._meta.name), self._meta.revision, device=self._options.device, **off)

    @contextmanager
    def _blaming(self, what: str) -> Iterator[None]:
        try:
            yield
        except IfirEvalError:
            raise
        except Exception as error:
            raise RetrieverError(
                f"{self._spec}: {what} failed in mteb with {type(error).__name__}: {error}"
            ) from error

    @property
    def _encoding(self) -> dict[str, Any]:
        return {"batch_size": _BATCH, "show_progress_bar": False}

    def _query(self, view: View) -> _Query:
        return _Query(self.render(view), view.query, view.instruction)

    def _loader(self, columns: Mapping[str, Sequence[str]]) -> DataLoader[Any]:
        from datasets import Dataset
        from torch.utils.data import DataLoader

        return DataLoader(Dataset.from_dict(columns), batch_size=self._encoding["batch_size"])

    def _vectors(
        self, columns: Mapping[str, Sequence[str]], arguments: Mapping[str, Any], progress: Progress
    ) -> NDArray[np.float32]:
        """One vector for each row of ``columns``; shape ``(rows, dimension)``."""
        rows = len(columns["text"])
        blocks = []
        with progress(f"encoding {arguments['prompt_type']} texts", total=rows) as advance:
            for start in range(0, rows, _TEXTS_AT_ONCE):
                block = {name: texts[start : start + _TEXTS_AT_ONCE] for name, texts in columns.items()}
                vectors = self._model.encode(self._loader(block), **arguments, **self._encoding)
                blocks.append(_array(vectors))
                advance(len(block["text"]))
        return np.concatenate(blocks)

    def _encode_and_compare(
        self, benchmark: Benchmark, arguments: Mapping[str, Any], progress: Progress
    ) -> Run:
        """Encode each distinct query and document once; views with the same candidates share vectors."""
        from mteb.types import PromptType

        asked = list(dict.fromkeys(self._query(view) for view in benchmark.views()))
        texts = {document.id: document_text(document) for document in benchmark.documents_asked_for()}
        distinct = list(dict.fromkeys(texts.values()))
        queries = self._vectors(_columns(asked), {**arguments, "prompt_type": PromptType.query}, progress)
        documents = self._vectors(
            {"text": distinct}, {**arguments, "prompt_type": PromptType.document}, progress
        )
        query_row = {query: row for row, query in enumerate(asked)}
        document_row = {text: row for row, text in enumerate(distinct)}
        groups: dict[tuple[str, ...] | None, list[View]] = defaultdict(list)
        for view in benchmark.views():
            groups[view.candidates].append(view)
        hits = {}
        for views in groups.values():
            pool = documents_of(views[0], benchmark)
            vectors = documents[[document_row[texts[document]] for document in pool]]
            for view in views:
                query = queries[query_row[self._query(view)]]
                scores = _array(self._model.similarity(query[None], vectors))[0]
                hits[view.id] = hits_of(view, pool, scores)
        return Run(hits)

    def _predict(self, benchmark: Benchmark, arguments: Mapping[str, Any], progress: Progress) -> Run:
        """Score every pair of a view and one of its candidates."""
        views = list(benchmark.views())
        if any(view.candidates is None for view in views):
            raise RetrieverError(
                f"{self._spec} reads query and document together, too slow for the whole corpus of "
                f"{benchmark.name!r}: give the benchmark candidates"
            )
        hits = {}
        with progress("scoring pairs", total=len(views)) as advance:
            for view in views:
                pool = documents_of(view, benchmark)
                texts = [document_text(benchmark.corpus[document]) for document in pool]
                # Most of mteb's rerankers look for the instruction only if the *documents* have that column.
                side = {"text": texts, "instruction": [""] * len(pool)}
                pairs = (_columns([self._query(view)] * len(pool)), side)
                scores = self._model.predict(*map(self._loader, pairs), **arguments, **self._encoding)
                hits[view.id] = hits_of(view, pool, _array(scores).reshape(-1))
                advance()
        return Run(hits)

    def _search(self, benchmark: Benchmark, arguments: Mapping[str, Any]) -> Answer:
        """Let the model search itself, among the candidates where there are some."""
        from datasets import Dataset

        documents = benchmark.documents_asked_for()
        views = list(benchmark.views())
        corpus = {"id": [document.id for document in documents], "text": list(map(document_text, documents))}
        # Without a column of its own, the instruction is joined by our template and by nothing else.
        queries = {"id": [view.id for view in views], "text": [self.render(view) for view in views]}
        pools = {view.id: list(view.candidates) for view in views if view.candidates is not None}
        arguments = {**arguments, "encode_kwargs": self._encoding, "num_proc": None}
        self._model.index(Dataset.from_dict(corpus), **arguments)
        scores = self._model.search(
            Dataset.from_dict(queries),
            **arguments,
            top_ranked=pools or None,
            top_k=max(map(len, pools.values()), default=DEPTH),
        )
        return answer_with(benchmark, scores)


def _columns(queries: Sequence[_Query]) -> dict[str, list[str]]:
    """Without a column for instructions where there are none, as mteb has it."""
    columns = {name: [getattr(query, name) for query in queries] for name in _Query._fields}
    if not any(columns["instruction"]):
        del columns["instruction"]
    return columns


def _array(values: Any) -> NDArray[np.float32]:
    """An array of mteb's (numpy, torch on any device, or a list of numbers) as float32."""
    import torch

    return np.asarray(torch.as_tensor(values).detach().float().cpu(), dtype=np.float32)


def _task(benchmark: Benchmark) -> TaskMetadata:
    """The task as which mteb's models see a benchmark: by its kind they choose their prompts."""
    from mteb.abstasks import AbsTaskRetrieval
    from mteb.abstasks.task_metadata import TaskMetadata

    ranks_candidates = all(view.candidates is not None for view in benchmark.views())
    return TaskMetadata(
        name=benchmark.name,
        description=benchmark.name,
        dataset={"path": benchmark.name, "revision": benchmark.version},
        type="InstructionReranking" if ranks_candidates else "InstructionRetrieval",
        category="t2t",
        eval_langs=["eng-Latn"],
        main_score=benchmark.primary,
        prompt=AbsTaskRetrieval.abstask_prompt,
    )


@contextmanager
def _without_remote_code(spec: str) -> Iterator[None]:
    """Refuse to run Python code out of a model's repository.

    mteb's registry asks for it in many entries, some of them inside their loader where no argument
    reaches, so it is stopped at the one function of transformers that imports such code.
    """
    from transformers import dynamic_module_utils

    module: Any = dynamic_module_utils

    def refuse(*_args: object, **_others: object) -> None:
        raise RetrieverError(
            f"{spec} wants to run code from its repository (trust_remote_code), which is off here; "
            "measure it elsewhere and bring its run: run:results.trec"
        )

    original = module.get_class_in_module
    module.get_class_in_module = refuse
    try:
        yield
    finally:
        module.get_class_in_module = original
