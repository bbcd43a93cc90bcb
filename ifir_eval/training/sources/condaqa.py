"""CondaQA's test split as training rows: passages that imply yes, or no, to a question.

NevIR is made of the same passages: whoever reports NevIR must not train on these.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random

from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED
from ifir_eval.benchmarks.condaqa import VIEWS, read_condaqa
from ifir_eval.retrievers.prompt import document_text
from ifir_eval.training.mining import Miner
from ifir_eval.training.readers.benchmark import rows_of
from ifir_eval.training.rows import Row

_WORDINGS = {
    "yes": (
        "Find passages that imply the answer yes.",
        "I need evidence that this is the case.",
        "Only what lets one answer this in the affirmative is wanted.",
        "Relevant are texts from which it follows that this holds.",
        "Show me where it says that this is true or likely.",
        "Leave out passages by which the answer would be no.",
    ),
    "no": (
        "Find passages that imply the answer no.",
        "I need evidence that this is not the case.",
        "Only what lets one deny this is wanted.",
        "Relevant are texts from which it follows that this does not hold.",
        "Show me where it says that this is false or unlikely.",
        "Leave out passages by which the answer would be yes.",
    ),
}


def condaqa_rows(folder: Path) -> list[Row]:
    """The rows of the files in ``folder``.

    Which of the two views of a question is ``original`` is drawn, and so is its wording: one and the same
    sentence for all would teach nothing but itself.
    """
    benchmark = read_condaqa(folder, "test")
    passages = {document.id: document_text(document) for document in benchmark.corpus.values()}
    # Of the versions of a passage one is enough to be mined.
    versions = {_passage(id_): text for id_, text in reversed(passages.items())}
    passage_of = {text: _passage(id_) for id_, text in passages.items()}
    miner = Miner(versions)
    mined: dict[str, tuple[str, ...]] = {}
    rows = []
    for row in rows_of(benchmark):
        draw = Random(row.pair_id)
        first = draw.choice(VIEWS)
        wording = {view: draw.choice(texts) for view, texts in _WORDINGS.items()}
        if row.query not in mined:
            mined[row.query] = miner.negatives(row.query, [passage_of[row.positive]])
        rows.append(
            replace(
                row,
                view=ORIGINAL if row.view == first else REVERSED,
                instruction=wording[row.view],
                hard_negatives=mined[row.query],
            )
        )
    return rows


def _passage(document: str) -> str:
    """The id of the passage of which a document is a version."""
    return document.rpartition("-")[0]
