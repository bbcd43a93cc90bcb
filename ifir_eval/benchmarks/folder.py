"""A benchmark as a folder: a superset of BEIR's layout, so that any BEIR folder loads.

::

    benchmark.toml    name, version, licence, source, primary, measures, contrasts = [["original", "changed"]],
                      relevant_grade, partial_contrasts, notes, is_limited      (each key is optional)
    corpus.jsonl      {"_id", "title", "text", "metadata"}              (title and metadata optional)
    queries.jsonl     {"_id", "topic", "view", "text", "instruction", "slices", "excluded"}
    qrels/test.tsv    query-id <tab> corpus-id <tab> score              (with this header line)
    candidates.tsv    query-id <tab> corpus-id                          (optional; else the corpus is searched)

Without ``topic`` and ``view`` the folder is BEIR's: each query is a topic of its own under the view
``bare``, and ids that end in ``-og`` and ``-changed`` are FollowIR's two views of one topic. Queries of
such a folder without judgements belong to other splits and are left out, with a note, and so are documents
without text, which some of BEIR's sets hold; in a folder with ``topic`` and ``view`` both are mistakes, and so
are fields with unknown names.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from ifir_eval.benchmarks.beir import CORPUS, QRELS_COLUMNS, QUERIES
from ifir_eval.benchmarks.benchmark import BARE, Benchmark, Document, Topic, View
from ifir_eval.benchmarks.content import CANDIDATES, CANDIDATES_COLUMNS, QRELS, Content, read_content
from ifir_eval.benchmarks.manifest import MANIFEST, Manifest, key_line, manifest_of, read_manifest
from ifir_eval.benchmarks.queries import FOLLOWIR_CONTRAST, Queries, Query, build_topics, read_queries
from ifir_eval.benchmarks.reading import FolderReader
from ifir_eval.errors import IfirEvalError

#: What is measured where the manifest does not say.
SEARCH_MEASURES = ("nDCG@10", "MRR@10", "recall@100")
CONTRAST_MEASURES = ("p-MRR", "p-MRR-control", "p-MRR-net", "swap-accuracy", "topic-lock", *SEARCH_MEASURES)


def read_folder(path: Path) -> Benchmark:
    """The benchmark in the folder ``path``, checked whole.

    Raises:
        InvalidInputError: listing every problem with file and line.
        IfirEvalError: if ``path`` is no folder.
    """
    if not path.is_dir():
        raise IfirEvalError(f"{str(path)!r} is not a folder; give the one that holds {CORPUS} and {QUERIES}")
    reader = FolderReader(path)
    manifest = read_manifest(reader)
    queries = read_queries(reader)
    content = read_content(reader, queries)
    judged = _judged(reader, queries, content)
    topics = build_topics(judged, content.judgements, content.candidates)
    manifest = replace(manifest, notes=(*manifest.notes, *content.notes))
    benchmark = _completed(manifest, queries, judged, path).benchmark(content.corpus, topics)
    _check_manifest(reader, benchmark)
    reader.check("the benchmark folder")
    return benchmark.validated()


def _judged(reader: FolderReader, queries: Queries, content: Content) -> Sequence[Query]:
    """The queries without those that have no judgements; these are mistakes, unless the folder is BEIR's."""
    if queries.is_beir:
        judged = [query for query in queries.lines if query.id in content.judgements]
        if not judged and not reader.problems:
            reader.report(f"no query of {QUERIES} has judgements", QRELS)
        return judged
    for query in queries.lines:
        if query.id not in content.judgements and content.corpus and reader.has(QRELS):
            query.row.report(f"query {query.id!r} has no judgements in {QRELS}")
    return queries.lines


def _completed(manifest: Manifest, queries: Queries, judged: Sequence[Query], path: Path) -> Manifest:
    """``manifest`` with what it leaves open."""
    contrasts = manifest.contrasts or ((FOLLOWIR_CONTRAST,) if queries.is_followir else ())
    measures = manifest.measures or (CONTRAST_MEASURES if contrasts else SEARCH_MEASURES)
    primary = manifest.primary or measures[0]
    if measures == SEARCH_MEASURES and not manifest.primary:
        primary = f"{primary}[{judged[0].view if judged else BARE}]"
    left_out = len(queries.lines) - len(judged)
    note = f"{left_out} of {len(queries.lines)} queries have no judgements in {QRELS} and are left out"
    return replace(
        manifest,
        name=manifest.name or path.resolve().name,
        contrasts=contrasts,
        measures=measures,
        primary=primary,
        notes=(*manifest.notes, note) if left_out else manifest.notes,
    )


def _check_manifest(reader: FolderReader, benchmark: Benchmark) -> None:
    """Report contrasts that do not fit the topics and, in a folder without faults, an unmeasured primary."""
    if benchmark.topics:
        place = (MANIFEST, key_line(reader, "contrasts")) if reader.has(MANIFEST) else (QUERIES, None)
        for problem in benchmark.contrast_problems():
            reader.report(problem.message, *place)
    if reader.problems:  # which views there are is known only where all could be read
        return
    measure, _, view = benchmark.primary.removesuffix("]").partition("[")
    if measure not in benchmark.measures or (view and view not in {asked.name for asked in benchmark.views()}):
        known = f"the measures ({', '.join(benchmark.measures)}), nor one under a view"
        message = f"the primary {benchmark.primary!r} is not among {known}"
        reader.report(message, MANIFEST, key_line(reader, "primary"))


def write_folder(benchmark: Benchmark, path: Path) -> None:
    """Write ``benchmark`` into the new or empty folder ``path``; `read_folder` gives it back the same.

    Raises:
        InvalidInputError: if the benchmark could not be read again.
        IfirEvalError: if the folder holds something already.
    """
    benchmark.validated()
    refuse_occupied(path)
    (path / QRELS).parent.mkdir(parents=True, exist_ok=True)
    (path / MANIFEST).write_text(manifest_of(benchmark).toml(), encoding="utf-8", newline="\n")
    _write_lines(path / CORPUS, (_json(_document_fields(document)) for document in benchmark.corpus.values()))
    _write_lines(
        path / QUERIES,
        (_json(_query_fields(topic, view)) for topic in benchmark.topics for view in topic.views.values()),
    )
    judged = (
        (view.id, doc, str(grade)) for view in benchmark.views() for doc, grade in view.judgements.items()
    )
    _write_lines(path / QRELS, map("\t".join, [QRELS_COLUMNS, *judged]))
    if any(view.candidates is not None for view in benchmark.views()):
        listed = ((view.id, document) for view in benchmark.views() for document in view.candidates or ())
        _write_lines(path / CANDIDATES, map("\t".join, [CANDIDATES_COLUMNS, *listed]))


def refuse_occupied(path: Path) -> None:
    """Refuse to write where something stands already.

    Raises:
        IfirEvalError: if ``path`` is neither new nor an empty folder.
    """
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise IfirEvalError(f"{str(path)!r} exists already; give a new or empty folder")


def _document_fields(document: Document) -> dict[str, object]:
    fields = {"_id": document.id, "title": document.title, "text": document.text}
    return {**fields, "metadata": dict(document.metadata)} if document.metadata else dict(fields)


def _query_fields(topic: Topic, view: View) -> dict[str, object]:
    return {
        "_id": view.id,
        "topic": topic.id,
        "view": view.name,
        "text": view.query,
        "instruction": view.instruction,
        "slices": dict(topic.slices),
        **({"excluded": sorted(view.excluded)} if view.excluded else {}),
    }


def _json(fields: dict[str, object]) -> str:
    return json.dumps(fields, ensure_ascii=False)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.writelines(f"{line}\n" for line in lines)
