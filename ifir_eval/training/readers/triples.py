"""BEIR's folders as training data: a train split of judgements, or triples of ids.

``qrels/train.tsv`` has BEIR's columns; ``triples.tsv`` has the header line query-id, positive-id, negative-id
and may name a query and positive many times, with other negatives.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ifir_eval.benchmarks.beir import QUERIES, Ids, Known, read_corpus, read_judgements
from ifir_eval.benchmarks.benchmark import BARE
from ifir_eval.benchmarks.reading import FolderReader
from ifir_eval.retrievers.prompt import document_text
from ifir_eval.training.rows import MOST_HARD_NEGATIVES, Row, distinct

TRAIN_QRELS = "qrels/train.tsv"
TRIPLES = "triples.tsv"
TRIPLES_COLUMNS = ("query-id", "positive-id", "negative-id")


def read_queries(reader: FolderReader) -> dict[str, str]:
    """The texts of ``queries.jsonl`` by id."""
    ids = Ids("query")
    texts = {ids.take(row, row.text("_id")): row.text("text") for row in reader.rows(QUERIES)}
    return {query: text for query, text in texts.items() if query is not None and text is not None}


def read_train_split(path: Path) -> list[Row]:
    """A row for each document judged above 0 in ``qrels/train.tsv``; those judged 0 are hard negatives.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    folder = _Folder(path)
    judgements = read_judgements(folder.reader, TRAIN_QRELS, Known(folder.queries, folder.passages))
    negatives = {
        (query, positive): [document for document, grade in judged.items() if grade <= 0]
        for query, judged in judgements.items()
        for positive, grade in judged.items()
        if grade > 0
    }
    return folder.rows(negatives)


def read_triples(path: Path) -> list[Row]:
    """A row for each query and positive of ``triples.tsv``, with all their negatives.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    folder = _Folder(path)
    known = Known(folder.queries, folder.passages)
    negatives: dict[tuple[str, str], list[str]] = {}
    for line, (query, positive, negative) in folder.reader.table(TRIPLES, TRIPLES_COLUMNS):
        place = (TRIPLES, line)
        if known.both(folder.reader, place, query, positive) and known.both(
            folder.reader, place, query, negative
        ):
            negatives.setdefault((query, positive), []).append(negative)
            if positive == negative:
                folder.reader.report(f"the negative {negative!r} is the positive", *place)
    return folder.rows(negatives)


class _Folder:
    """Queries and passages of a folder, by id."""

    def __init__(self, path: Path) -> None:
        self.reader = FolderReader(path)
        corpus = read_corpus(self.reader, may_be_empty=True)  # as some of BEIR's sets hold
        self.passages = {id_: document_text(found) for id_, found in corpus.items()}
        self.queries = read_queries(self.reader)

    def rows(self, negatives: Mapping[tuple[str, str], Iterable[str]]) -> list[Row]:
        """A row for each query and positive that has a text, with the negatives of these ids."""
        rows = [
            Row(
                pair_id=f"{query}-{positive}",
                view=BARE,
                query=self.queries[query],
                instruction="",
                positive=self.passages[positive],
                hard_negatives=distinct(
                    filter(str.strip, map(self.passages.__getitem__, wrong)), MOST_HARD_NEGATIVES
                ),
                source=self.reader.folder.resolve().name,
            )
            for (query, positive), wrong in negatives.items()
            if self.passages[positive]
        ]
        for row in rows:
            for fault in row.faults():
                self.reader.report(f"row {row.pair_id!r}: {fault}")
        if not rows and not self.reader.problems:
            self.reader.report("there are no rows")
        self.reader.check("the training data in")
        return rows
