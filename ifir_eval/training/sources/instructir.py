"""The MS MARCO queries and passages that InstructIR was made from: ordinary rows without instructions."""

from __future__ import annotations

from pathlib import Path

from ifir_eval.benchmarks.beir import Known, read_corpus
from ifir_eval.benchmarks.benchmark import BARE
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.reading import FolderReader
from ifir_eval.training.mining import Miner
from ifir_eval.training.readers.triples import read_queries
from ifir_eval.training.rows import Row

RELEASE = Release(
    "instructir_partial",
    "https://github.com/kaistAI/InstructIR",
    "58162a0fb2484eaf02080a538f040221362eecba",
)
"""MIT; the texts are MS MARCO's (Microsoft's terms: not for commerce)."""

_FOLDER = Path("data_creation/msmarco/filtered_version")
_QRELS = "qrels/test.tsv"
_QRELS_COLUMNS = ("qid", "pid", "score")


def seed_rows(folder: Path) -> list[Row]:
    """The rows of InstructIR's repository in ``folder``; their hard negatives are mined.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder / _FOLDER)
    passages = {document.id: document.text for document in read_corpus(reader).values()}
    queries = read_queries(reader)
    judged = [
        (query, document)
        for line, (query, document, score) in reader.table(_QRELS, _QRELS_COLUMNS)
        if Known(queries, passages).both(reader, (_QRELS, line), query, document) and score != "0"
    ]
    reader.check("InstructIR's seeds in")
    miner = Miner(passages)
    return [
        Row(
            pair_id=f"{query}-{document}",
            view=BARE,
            query=queries[query],
            instruction="",
            positive=passages[document],
            hard_negatives=miner.negatives(queries[query], [document]),
        )
        for query, document in judged
    ]
