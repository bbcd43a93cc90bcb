"""What the queries of a benchmark folder are asked of: documents, and what judges and lists them by query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ifir_eval.benchmarks.beir import CORPUS, QRELS_COLUMNS, Judgements, Known, read_corpus, read_judgements
from ifir_eval.benchmarks.benchmark import Document
from ifir_eval.benchmarks.notes import left_out
from ifir_eval.benchmarks.queries import Queries
from ifir_eval.benchmarks.reading import FolderReader

QRELS = "qrels/test.tsv"
CANDIDATES = "candidates.tsv"
CANDIDATES_COLUMNS = QRELS_COLUMNS[:2]


class Content(NamedTuple):
    """The documents by id, what names them by query id (``candidates`` is None without a list), and notes."""

    corpus: Mapping[str, Document]
    judgements: Judgements
    candidates: Mapping[str, Sequence[str]] | None
    notes: tuple[str, ...] = ()


def read_content(reader: FolderReader, queries: Queries) -> Content:
    """The content of the folder; faults are reported to ``reader``.

    Documents without text are faults, unless the folder is BEIR's: some of its sets hold them as published, so
    that they are left out, with a note.
    """
    corpus = read_corpus(reader, may_be_empty=queries.is_beir)
    known = Known({query.id for query in queries.lines}, corpus)
    judgements = read_judgements(reader, QRELS, known)
    content = Content(corpus, judgements, _read_candidates(reader, known))
    if not queries.is_beir or all(document.has_text for document in corpus.values()):
        return content
    if not any(document.has_text for document in corpus.values()):
        reader.report("there is no document with text", CORPUS)
    return _with_text(content)


def _read_candidates(reader: FolderReader, known: Known) -> dict[str, list[str]] | None:
    """The candidates by query id, or None where there is no list."""
    if not reader.has(CANDIDATES) or not known.corpus:
        return None
    candidates: dict[str, dict[str, None]] = {}  # ordered sets
    for line, (query, document) in reader.table(CANDIDATES, CANDIDATES_COLUMNS):
        if not known.both(reader, (CANDIDATES, line), query, document):
            continue
        if document in candidates.setdefault(query, {}):
            reader.report(f"query {query!r} lists the candidate {document!r} a second time", CANDIDATES, line)
        candidates[query][document] = None
    return {query: list(documents) for query, documents in candidates.items()}


def _with_text(content: Content) -> Content:
    """``content`` without the documents that have no text, with notes on what that leaves out."""
    corpus = {id_: document for id_, document in content.corpus.items() if document.has_text}
    judged = {
        query: {document: grade for document, grade in grades.items() if document in corpus}
        for query, grades in content.judgements.items()
    }
    pools = content.candidates and {
        query: [document for document in pool if document in corpus]
        for query, pool in content.candidates.items()
    }
    return Content(
        corpus,
        {query: grades for query, grades in judged.items() if grades},
        pools,
        tuple(_left_out(content, corpus)),
    )


def _left_out(content: Content, corpus: Mapping[str, Document]) -> Iterator[str]:
    yield from left_out("documents", content.corpus, corpus, "they have no text")
    for what, by_query in (("judgements", content.judgements), ("candidates", content.candidates or {})):
        documents = (document for named in by_query.values() for document in named)
        yield from left_out(what, documents, corpus, "their documents have no text")
