"""Dense encoders: a model of the Hugging Face hub, or one in a local folder."""

from __future__ import annotations

import importlib.util
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.encoding.checkpoint import LocalModel, check
from ifir_eval.encoding.hub import HubModel
from ifir_eval.errors import MissingPackageError, RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.ranking.run import Hits, Run
from ifir_eval.retrievers.hits import documents_of, hits_of
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.prompt import Rendered, Template, document_text
from ifir_eval.retrievers.retriever import Answer, Identity

if TYPE_CHECKING:
    from ifir_eval.encoding.encoder import Encoded, Encoder

_HUB_NAME = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_QUERIES_AT_ONCE = 64
_PACKAGES = ("sentence-transformers", "transformers", "torch")


def locate(spec: str) -> LocalModel | HubModel | None:
    """Where the model that ``spec`` names is, without asking a network; None if it names none.

    Raises:
        RetrieverError: if it is a folder that cannot be loaded, or a path or revision of no use.
    """
    folder = Path(spec).expanduser()
    if folder.is_dir():
        check(folder)
        return LocalModel(folder)
    name, at, revision = spec.partition("@")
    if not _HUB_NAME.fullmatch(name):
        if "/" in spec or "\\" in spec:
            raise RetrieverError(f"there is no folder {spec!r}, and it is no name of the form org/model")
        return None
    if at and not _COMMIT.fullmatch(revision):
        raise RetrieverError(
            f"{spec!r}: the revision {revision!r} is no commit hash of 40 hexadecimal digits; branches and "
            "tags move, so a result could not be repeated"
        )
    return HubModel(name, revision or None)


class Dense:
    """Scores by the similarity of vectors. Only documents that some view asks for are encoded."""

    def __init__(self, spec: str, model: LocalModel | HubModel, options: Options) -> None:
        self._spec = spec
        self._model = model
        self._options = options
        self._template = Template.parse(options.template)

    @classmethod
    def build(cls, spec: str, model: LocalModel | HubModel, options: Options) -> Dense:
        """Make one for ``model``, which `locate` found; nothing is loaded yet."""
        if importlib.util.find_spec("sentence_transformers") is None:
            raise MissingPackageError("sentence-transformers", "a dense encoder", "ifir-eval[dense]")
        return cls(spec, model, options)

    @cached_property
    def identity(self) -> Identity:
        """Commit or fingerprint (which holds pooling, prompts and normalisation), settings and versions."""
        settings = {
            **self._model.identity,
            "template": self._template.pattern,
            "max_length": self._options.max_length,
            "dtype": self._options.dtype,
            # Builds for other devices (2.13.0+cpu) compute the same numbers.
            **{package: version(package).partition("+")[0] for package in _PACKAGES},
        }
        return Identity(self._spec, "dense", settings)

    @cached_property
    def encoder(self) -> Encoder:
        """The model, loaded when first asked for."""
        from ifir_eval.encoding.encoder import Encoder

        return Encoder.load(
            self._model.folder(),
            device=self._options.device,
            dtype=self._options.dtype,
            max_length=self._options.max_length,
            batch_size=self._options.batch_size,
        )

    def render(self, view: View) -> str:
        """Query and instruction as the template joins them; the model's own prompt comes before it."""
        return self._template.render(view).text

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Encode, compare, and say what the maximum length cut off."""
        from ifir_eval.encoding.encoder import Role

        asked = [self._template.render(view) for view in benchmark.views()]
        texts = {document.id: document_text(document) for document in benchmark.documents_asked_for()}
        queries = self.encoder.encode([query.text for query in asked], Role.QUERY, progress)
        documents = self.encoder.encode(list(texts.values()), Role.DOCUMENT, progress)
        truncated = self._truncated(asked, list(texts.values()), queries, documents)
        counts = {
            **truncated,
            "dimension": queries.vectors.shape[1],
            # The model's own where the user gave none; a model that reads texts of any length has none.
            **({"max_length": queries.limit} if queries.limit < sys.maxsize else {}),
            "texts_encoded": len(queries.rows) + len(documents.rows),
            "tokens_encoded": queries.tokens_read + documents.tokens_read,
        }
        return Answer(
            self._compare(benchmark, texts, queries, documents),
            counts,
            tuple(_warnings(truncated, len(asked), len(texts), queries.limit)),
            self.encoder.environment,
        )

    def _compare(
        self, benchmark: Benchmark, texts: Mapping[str, str], queries: Encoded, documents: Encoded
    ) -> Run:
        """Score every view; views with the same candidates share their documents' vectors."""
        groups: dict[tuple[str, ...] | None, list[View]] = defaultdict(list)
        for view in benchmark.views():
            groups[view.candidates].append(view)
        hits: dict[str, Hits] = {}
        for views in groups.values():
            asked = documents_of(views[0], benchmark)
            vectors = documents.of([texts[document] for document in asked])
            for start in range(0, len(views), _QUERIES_AT_ONCE):
                block = {view.id: self.render(view) for view in views[start : start + _QUERIES_AT_ONCE]}
                distinct = list(dict.fromkeys(block.values()))
                scores = self.encoder.similarity(queries.of(distinct), vectors)
                for view in views[start : start + _QUERIES_AT_ONCE]:
                    hits[view.id] = hits_of(view, asked, scores[distinct.index(block[view.id])])
        return Run(hits)

    def _truncated(
        self, asked: Sequence[Rendered], texts: Sequence[str], queries: Encoded, documents: Encoded
    ) -> dict[str, int]:
        """How many views and documents the model did not see whole, and how many instructions."""
        from ifir_eval.encoding.encoder import Role

        cut = [query for query in asked if queries.is_cut(query.text)]
        return {
            "queries_truncated": len(cut),
            "instructions_truncated": sum(self.encoder.loses(*query, Role.QUERY) for query in cut),
            "documents_truncated": sum(map(documents.is_cut, texts)),
        }


def _warnings(counts: Mapping[str, int], queries: int, documents: int, limit: int) -> Iterator[str]:
    if cut := counts["queries_truncated"]:
        yield (
            f"{cut} of {queries} queries are longer than {limit} tokens and were cut; "
            f"{counts['instructions_truncated']} of them lost part of their instruction"
        )
    if cut := counts["documents_truncated"]:
        yield f"{cut} of {documents} documents are longer than {limit} tokens and were cut"
