"""``python:package.module:factory``: one's own retriever, an object with two methods.

A complete one, in a file ``mine.py`` of the current folder, used as ``python:mine:make``::

    class SharedWords:
        identity = {"version": "1"}  # optional: recorded beside the hash of this file

        def index(self, documents):
            self.words = {document.id: set(document.text.lower().split()) for document in documents}

        def search(self, queries):
            return [self.scores(query) for query in queries]

        def scores(self, query):
            asked = set(f"{query.text} {query.instruction}".lower().split())
            return {id: len(asked & self.words[id]) for id in query.candidates or self.words}

    make = SharedWords
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol

from ifir_eval.benchmarks.benchmark import Benchmark, Document, View
from ifir_eval.encoding.encoder import Setting
from ifir_eval.errors import IfirEvalError, RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.retrievers.hits import answer_with
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Answer, Identity

BATCH = 64
"""How many queries `Searcher.search` is handed at a time."""


@dataclass(frozen=True, slots=True)
class Query:
    """One view as a searcher sees it: ``candidates`` is None where the whole corpus is searched."""

    id: str
    text: str
    instruction: str
    candidates: tuple[str, ...] | None


class Searcher(Protocol):
    """What the factory returns. It is made when its identity is asked for, so load models in `index`."""

    def index(self, documents: Sequence[Document]) -> None:
        """Take in all documents that may be asked for; called once for each benchmark."""
        ...

    def search(self, queries: Sequence[Query]) -> Sequence[Mapping[str, float]]:
        """For each query, in order, finite scores by document id (higher is better)."""
        ...


class PythonObject:
    """Answers with a `Searcher`. What goes wrong inside it is kept as the cause of the error."""

    def __init__(self, spec: str, factory: Callable[[], Searcher], module: Path | None) -> None:
        self._spec = spec
        self._factory = factory
        self._module = module

    @classmethod
    def build(cls, spec: str, argument: str, options: Options) -> PythonObject:
        """Import the module of ``python:package.module:factory``; the factory is not called yet."""
        del options
        name, _, attribute = argument.partition(":")
        if not (name and attribute):
            raise RetrieverError(f"{spec!r} is not of the form python:package.module:factory")
        if (here := str(Path.cwd())) not in sys.path:
            sys.path.insert(0, here)
        with _users_code(f"{spec}: importing {name}"):
            module = importlib.import_module(name)
        factory = getattr(module, attribute, None)
        if not callable(factory):
            raise RetrieverError(f"{spec}: the module {name} has no function or class {attribute!r} to call")
        return cls(spec, factory, Path(module.__file__) if module.__file__ else None)

    @classmethod
    def around(cls, searcher: Searcher, name: str) -> PythonObject:
        """One that asks ``searcher`` itself, which is there already."""
        return cls(f"python:{name}", lambda: searcher, None)

    @cached_property
    def identity(self) -> Identity:
        """The object's own ``identity`` and the hash of the module's file, whose numbers may change with it."""
        with _users_code(f"{self._spec}: reading its identity"):
            declared = getattr(self._searcher, "identity", {})
            settings: dict[str, Setting] = {str(key): str(value) for key, value in declared.items()}
        if self._module is not None:
            settings["sha256"] = hashlib.sha256(self._module.read_bytes()).hexdigest()
        return Identity(self._spec, "python", settings)

    @cached_property
    def _searcher(self) -> Searcher:
        with _users_code(f"{self._spec}: the factory"):
            searcher = self._factory()
        missing = [name for name in ("index", "search") if not callable(getattr(searcher, name, None))]
        if missing:
            raise RetrieverError(
                f"{self._spec}: the factory returned a {type(searcher).__name__} without the method "
                f"{' and '.join(missing)}; it needs index(documents) and search(queries)"
            )
        return searcher

    def render(self, view: View) -> None:
        """No text is made: the object is given query and instruction apart."""

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Index the documents asked for, search every view."""
        # Metadata may tell the label, so it stays out of the retriever's sight.
        documents = [replace(document, metadata={}) for document in benchmark.documents_asked_for()]
        with progress("indexing documents", total=len(documents)) as advance:
            with _users_code(f"{self._spec}: index()"):
                self._searcher.index(documents)
            advance(len(documents))
        queries = [Query(view.id, view.query, view.instruction, view.candidates) for view in benchmark.views()]
        scores: dict[str, Mapping[str, float]] = {}
        with progress("scoring queries", total=len(queries)) as advance:
            for start in range(0, len(queries), BATCH):
                batch = queries[start : start + BATCH]
                scores.update(self._search(batch, benchmark))
                advance(len(batch))
        return answer_with(benchmark, scores)

    def _search(self, queries: Sequence[Query], benchmark: Benchmark) -> Mapping[str, Mapping[str, float]]:
        with _users_code(f"{self._spec}: search()"):
            found = list(self._searcher.search(queries))
        if len(found) != len(queries):
            raise RetrieverError(
                f"{self._spec}: search() returned {len(found)} results for {len(queries)} queries; "
                "give one mapping for each query, in their order"
            )
        for query, scores in zip(queries, found, strict=True):
            if not isinstance(scores, Mapping):
                raise RetrieverError(
                    f"{self._spec}: search() returned a {type(scores).__name__} for query {query.id!r}; "
                    "give a mapping from document id to score"
                )
            if unknown := [document for document in scores if document not in benchmark.corpus]:
                raise RetrieverError(
                    f"{self._spec}: search() returned the document {unknown[0]!r} for query {query.id!r}, "
                    "which is not in the corpus"
                )
        with _users_code(f"{self._spec}: reading the scores"):
            return {
                query.id: {document: float(score) for document, score in scores.items()}
                for query, scores in zip(queries, found, strict=True)
            }


@contextmanager
def _users_code(where: str) -> Iterator[None]:
    """What the user's code prints goes to stderr, what it raises into a sentence, kept as its cause."""
    try:
        with redirect_stdout(sys.stderr):  # stdout is for data
            yield
    except IfirEvalError:
        raise
    except (Exception, SystemExit) as error:
        raise RetrieverError(f"{where} failed with {type(error).__name__}: {error}") from error
