"""Cystic Fibrosis: MEDLINE records of 1974 to 1979, asked and judged by experts (Shaw, Wood, Wood, Tibbo 1991).

A topic is a query, its only view ``bare``: general retrieval quality, without an instruction. The whole corpus
is searched. Four judges gave each document 0 to 2; the grade is their sum, and 2 of 8 are relevant. Of pairs
that the file judges twice the first line counts.

Layout read: the database as JSON lines, in ``corpus.jsonl`` (``_id``, ``title``, ``text``), ``queries.jsonl``
(``_id``, ``text``) and ``qrels.tsv`` (query-id, corpus-id, score_sum_0_8, four_judges).
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from ifir_eval.benchmarks.beir import CORPUS, QUERIES, Judgements, read_corpus
from ifir_eval.benchmarks.benchmark import BARE, Benchmark, Contrast, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.reading import FolderReader

NAME = "cystic-fibrosis"
LICENCE = "none stated; distributed freely for research"
RELEASE = Release(
    name="cystic_fibrosis",
    repository="https://github.com/Hadartalisr/VSM_IR",
    revision="76703876cca10af7bbf31978d0b90814eddd1f4d",
)
QRELS = "qrels.tsv"
BY_HAND = f"its XML files have to be turned into {CORPUS}, {QUERIES} and {QRELS} first"
SIZES = Sizes(99, 1239)
VIEWS = (BARE,)
CONTRASTS: tuple[Contrast, ...] = ()
MEASURES = ("nDCG@10", "MAP@1000", "recall@100")
RELEVANT = 2


def read_cystic_fibrosis(folder: Path) -> Benchmark:
    """The benchmark from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder)
    corpus = read_corpus(reader)
    queries = {row.text("_id") or "": row.text("text") or "" for row in reader.rows(QUERIES)}
    judgements: Judgements = defaultdict(dict)
    for line in reader.table(QRELS, ("query-id", "corpus-id", "score_sum_0_8", "four_judges")):
        query, document, grade, _ = line.values
        if grade.isdecimal():
            judgements[query].setdefault(document, int(grade))
        else:
            reader.report(f"the grade {grade!r} is no number", QRELS, line.line)
    reader.check("Cystic Fibrosis in")
    topics = tuple(
        Topic(query, {BARE: View(query, BARE, text, "", judgements.get(query, {}))})
        for query, text in queries.items()
    )
    return Benchmark(
        name=NAME,
        version=RELEASE.revision[:7],
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=topics,
        measures=MEASURES,
        primary=f"nDCG@10[{BARE}]",
        relevant_grade=RELEVANT,
        notes=SIZES.notes(len(topics), len(corpus)),
    ).validated()
