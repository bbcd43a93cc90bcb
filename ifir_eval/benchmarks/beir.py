"""The two files that every BEIR folder has, besides its queries: ``corpus.jsonl`` and the judgements."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ifir_eval.benchmarks.benchmark import GRADES, Document
from ifir_eval.benchmarks.reading import FolderReader, Line

CORPUS = "corpus.jsonl"
QUERIES = "queries.jsonl"
QRELS_COLUMNS = ("query-id", "corpus-id", "score")

Judgements = dict[str, dict[str, int]]


class Ids:
    """The ids seen so far in one file, so that each can be used once only."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._lines: dict[str, int] = {}

    def take(self, row: Line, value: str | None) -> str | None:
        """``value`` if it can be an id and is new; reports why not otherwise."""
        if value is None:
            return None
        if value.split() != [value]:
            row.report(f"{self._what} id {value!r} has white space or is empty, which a TREC run cannot hold")
            return None
        first = self._lines.setdefault(value, row.line)
        if first != row.line:
            row.report(f"{self._what} id {value!r} stands already in line {first}")
            return None
        return value


def read_corpus(reader: FolderReader, file: str = CORPUS, *, may_be_empty: bool = False) -> dict[str, Document]:
    """The documents by id, in the order of the file. ``title`` and ``metadata`` may be absent.

    A document without text is reported, unless documents ``may_be_empty``.
    """
    corpus: dict[str, Document] = {}
    ids = Ids("document")
    for row in reader.rows(file):
        if document := read_document(row, ids, may_be_empty=may_be_empty):
            corpus[document.id] = document
    if not corpus and reader.has(file):
        reader.report("there is no document", file)
    return corpus


def read_document(row: Line, ids: Ids, *, may_be_empty: bool = False) -> Document | None:
    """The document of a row; None, reported, if it has no id that can be used."""
    document_id = ids.take(row, row.text("_id"))
    title, text = row.text("title", ""), row.text("text")
    document = Document(document_id or "", text or "", title or "", row.mapping("metadata"))
    if text is not None and title is not None and not (document.has_text or may_be_empty):
        row.report("the document has neither title nor text")
    return None if document_id is None else document


class Known(NamedTuple):
    """The query and document ids that judgements and candidates may name; empty if their file is unreadable."""

    queries: Collection[str]
    corpus: Collection[str]

    def both(self, reader: FolderReader, place: tuple[str, int], query: str, document: str) -> bool:
        """Whether both ids exist; reports at ``place`` (file, line) those that do not."""
        if self.queries and query not in self.queries:
            reader.report(f"query {query!r} is not in {QUERIES}", *place)
        if self.corpus and document not in self.corpus:
            reader.report(f"document {document!r} is not in {CORPUS}", *place)
        return query in self.queries and document in self.corpus


def read_judgements(reader: FolderReader, file: str, known: Known) -> Judgements:
    """The grades by query id and document id.

    Grades are whole numbers; one below 0 (BEIR's TREC-COVID has some) means not relevant to every measure,
    as it does to trec_eval.
    """
    judgements: Judgements = {}
    for line, (query, document, score) in reader.table(file, QRELS_COLUMNS):
        grade = _whole_number(score)
        if grade is None:
            reader.report(f"the score {score!r} is not a whole number", file, line)
        elif grade not in GRADES:
            reader.report(f"the score {score} is beyond the grades {GRADES[0]:,} to {GRADES[-1]:,}", file, line)
        if not known.both(reader, (file, line), query, document):
            continue
        if document in judgements.setdefault(query, {}):
            reader.report(f"query {query!r} and document {document!r} are judged a second time", file, line)
        judgements[query][document] = grade or 0
    return judgements


def _whole_number(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
