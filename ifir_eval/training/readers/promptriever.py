"""Promptriever's rows (``samaya-ai/msmarco-w-instructions`` on the hub).

Fields, by its data card: ``query_id``, ``query``, ``only_query``, ``only_instruction``, ``has_instruction``,
and lists of passages ``{"docid", "title", "text", ...}``: ``positive_passages``, ``negative_passages`` and
``new_negatives``, which are the instruction negatives, up to three. Half of its rows have no instruction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b

from ifir_eval.benchmarks.benchmark import BARE, ORIGINAL, Document
from ifir_eval.benchmarks.reading import Line
from ifir_eval.retrievers.prompt import document_text
from ifir_eval.training.rows import MOST_HARD_NEGATIVES, MOST_INSTRUCTION_NEGATIVES, Row, checked, distinct


def read(lines: Iterable[Line], stem: str) -> Iterator[Row]:
    """A row for each line, with its first positive.

    A query's row with an instruction and the one without become two views of a pair, told by their query:
    no source says how their ids belong together.
    """
    met: Counter[tuple[str, str]] = Counter()
    for line in lines:
        query, instruction = line.text("only_query", ""), line.text("only_instruction", "")
        query = query or line.text("query")
        passages = [_passages(line, key) for key in ("positive_passages", "new_negatives", "negative_passages")]
        if query is None or instruction is None or None in passages:
            continue
        positives, broken, wrong = (texts or [] for texts in passages)
        if not positives:
            line.report("'positive_passages' is empty; a row needs a positive")
            continue
        view = ORIGINAL if instruction.strip() else BARE
        key = blake2b(query.encode(), digest_size=8).hexdigest()
        met[key, view] += 1
        against = distinct(broken if instruction.strip() else (), MOST_INSTRUCTION_NEGATIVES)
        yield from checked(
            line,
            Row(
                pair_id=f"{stem}-{key}-{met[key, view]}",
                view=view,
                query=query,
                instruction=instruction,
                positive=positives[0],
                instruction_negatives=against,
                hard_negatives=distinct(wrong, MOST_HARD_NEGATIVES, against),
                source=stem,
            ),
        )


def _passages(line: Line, key: str) -> list[str] | None:
    """The texts of the passages under ``key``, with their titles; None, reported, if they are none."""
    given = line.fields.get(key) or []
    if not isinstance(given, list) or not all(isinstance(passage, dict) for passage in given):
        line.report(f"{key!r} must be a list of passages")
        return None
    read = [Line(line.reader, line.file, line.line, passage) for passage in given]
    texts = [(passage.text("text"), passage.text("title", "")) for passage in read]
    return [document_text(Document("", text or "", title or "")) for text, title in texts]
