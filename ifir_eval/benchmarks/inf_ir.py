"""InF-IR: poisoned instructions and queries as a swap benchmark (arXiv 2505.21439).

A row of the corpus holds three passages and three ways to ask, each answered by one of them: ``original``
(Q+ with I+) by the positive, ``other-instruction`` (Q+ with the poisoned I-) by the first hard negative,
``other-query`` (the poisoned Q- with I+) by the second. A topic is a row, its pool exactly its three passages:
nobody judged those of other rows for it, so that a larger pool would hold unknown labels. The contrast is
original>other-instruction: the query stays, the instruction flips, and with it the right passage.

The corpus was published for training. It is a held-out benchmark only for models that were not trained on it,
which every record notes.

Layouts read: the hub data set's parquet files of a split, ``<split>*.parquet`` in any folder, or
``<split>.jsonl`` with the same fields. No revision of it is known to this package.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ifir_eval.benchmarks.benchmark import ORIGINAL, Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.reading import FolderReader, Line
from ifir_eval.benchmarks.shards import parquet_rows

NAME = "inf-ir"
LICENCE = "none known; built on MS MARCO, MetaMath and LeetCode"
RELEASE = Release(NAME, "https://huggingface.co/datasets/InF-IR/InF-IR", "")
BY_HAND = "no revision of it is known to this package"
#: Rows of each split, three passages each.
SPLITS: Mapping[str, Sizes] = {
    split: Sizes(rows, 3 * rows)
    for split, rows in {"msmarco": 38_759, "metamath": 7104, "leetcode": 2540}.items()
}
#: By view: the fields of its query, its instruction and the passage that answers it.
FIELDS: Mapping[str, tuple[str, str, str]] = {
    ORIGINAL: ("query_positive", "instruction_positive", "document_positive"),
    "other-instruction": ("query_positive", "instruction_negative", "hard_negative_document_1"),
    "other-query": ("query_negative", "instruction_positive", "hard_negative_document_2"),
}
VIEWS = tuple(FIELDS)
CONTRASTS = (Contrast(ORIGINAL, "other-instruction"),)
MEASURES = ("swap-accuracy", "topic-lock", "follow-rate", "swap-margin", "pairwise-accuracy", "p-MRR", "nDCG@1")
NOTE = "InF-IR is a training corpus: these figures are held-out only for models that were not trained on it"


def name_of(split: str) -> str:
    """What the benchmark from ``split`` is called."""
    return NAME if split == "msmarco" else f"{NAME}-{split}"


def read_inf_ir(folder: Path, split: str = "msmarco") -> Benchmark:
    """The benchmark from ``split`` (a key of `SPLITS`) in ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
        MissingPackageError: if they are parquet files and pyarrow is not installed.
    """
    reader = FolderReader(folder)
    corpus: dict[str, Document] = {}
    topics = []
    for row in _rows(reader, split):
        passages = {view: _passage(row, view) for view in VIEWS}
        corpus.update((passage.id, passage) for passage in passages.values())
        topics.append(_topic(row, passages))
    reader.check("InF-IR in")
    return Benchmark(
        name=name_of(split),
        version="2025",
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=tuple(topics),
        measures=MEASURES,
        primary="swap-accuracy",
        contrasts=CONTRASTS,
        notes=(NOTE, *SPLITS[split].notes(len(topics), len(corpus))),
    ).validated()


def _rows(reader: FolderReader, split: str) -> Iterator[Line]:
    """The rows of ``split``, numbered from 1 through all its files."""
    shards = sorted(reader.folder.rglob(f"{split}*.parquet"))
    return parquet_rows(reader, shards) if shards else reader.rows(f"{split}.jsonl")


def _passage(row: Line, view: str) -> Document:
    return Document(f"{row.line}-{view}", row.text(FIELDS[view][2]) or "")


def _topic(row: Line, passages: Mapping[str, Document]) -> Topic:
    pool = tuple(passage.id for passage in passages.values())
    views = {
        view: View(
            id=f"{row.line}-{view}",
            name=view,
            query=row.text(query) or "",
            instruction=row.text(instruction) or "",
            judgements={passage.id: int(name == view) for name, passage in passages.items()},
            candidates=pool,
        )
        for view, (query, instruction, _) in FIELDS.items()
    }
    return Topic(str(row.line), views)
