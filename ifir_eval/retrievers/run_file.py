"""``run:FILE[,FILE]``: the answers of any system, as TREC run files.

A line is ``query-id Q0 document-id rank score tag``; query ids are the ids of the benchmark's views. Only
the score orders documents, as in trec_eval; the rank column is not read.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.errors import InvalidInputError, Problem, RetrieverError
from ifir_eval.progress import Progress
from ifir_eval.retrievers.hits import answer_with
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.retriever import Answer, Identity

_COLUMNS = 6
_EXAMPLES = 3
_FLOAT32_END = (2 - 2**-24) * 2.0**127
"""From here on, a number becomes infinite when it is rounded to float32."""

Scores = dict[str, dict[str, float]]


class RunFile:
    """Answers a benchmark from files made elsewhere, read and checked when it is built."""

    def __init__(self, spec: str, scores: Mapping[str, Mapping[str, float]], sha256: str) -> None:
        self.identity = Identity(spec, "run", {"sha256": sha256})
        self._scores = scores

    @classmethod
    def build(cls, spec: str, argument: str, options: Options) -> RunFile:
        """Read the files of ``run:FILE[,FILE]``, their queries merged.

        Raises:
            InvalidInputError: with every problem of every file.
        """
        del options
        names = [argument] if Path(argument).is_file() else argument.split(",")
        paths = [Path(name).expanduser() for name in names if name]
        if not paths:
            raise RetrieverError(f"{spec!r} lacks its file: write run:results.trec or run:a.trec,b.trec.gz")
        scores: Scores = {}
        if problems := [problem for path in paths for problem in _read(path, scores)]:
            raise InvalidInputError(spec, problems)
        if not scores:
            raise RetrieverError(f"{spec} holds no lines")
        return cls(spec, scores, ",".join(sorted(map(_sha256, paths))))

    def render(self, view: View) -> None:
        """No text is made: the other system made it."""

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """Look up every view.

        Raises:
            RetrieverError: if the files answer none of the benchmark's queries.
        """
        del progress
        asked = [view.id for view in benchmark.views()]
        unknown = self._scores.keys() - set(asked)
        if len(unknown) == len(self._scores):
            raise RetrieverError(
                f"{self.identity.spec} answers no query of {benchmark.name!r}: it has ids such as "
                f"{_examples(sorted(self._scores))}, the benchmark has ids such as {_examples(asked)}"
            )
        answer = answer_with(benchmark, self._scores)
        if not unknown:
            return answer
        warning = f"{len(unknown)} queries of the run are not in the benchmark and were ignored"
        counts = {**answer.counts, "queries_ignored": len(unknown)}
        return Answer(answer.run, counts, (warning, *answer.warnings))


def _examples(ids: list[str]) -> str:
    return ", ".join(map(repr, ids[:_EXAMPLES]))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path, scores: Scores) -> Iterator[Problem]:
    """Add the lines of ``path`` to ``scores``; what cannot be used is yielded instead."""
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                columns = line.decode("utf-8-sig" if number == 1 else "utf-8").split()
                if columns and (mistake := _add(columns, scores)):
                    yield Problem(mistake, str(path), number)
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        yield Problem(f"cannot be read: {error}", str(path))


def _add(columns: list[str], scores: Scores) -> str:
    """Add one line; returns what is wrong with it, empty if nothing is."""
    if len(columns) != _COLUMNS:
        return f"has {len(columns)} columns, a run has {_COLUMNS}: query-id Q0 document-id rank score tag"
    query, _, document, _, written, _ = columns
    try:
        score = float(written)
    except ValueError:
        return f"the score {written!r} is not a number"
    if not math.isfinite(score):
        return f"the score is {written}; scores must be finite"
    if abs(score) >= _FLOAT32_END:
        return f"the score {written} is beyond 3.4e38, where float32 ends, in which scores are compared"
    answers = scores.setdefault(query, {})
    if document in answers:
        return f"query {query!r} ranks document {document!r} a second time"
    answers[document] = score
    return ""
