"""Two records that compare, in which everything that a record names carries hostile text."""

from __future__ import annotations

from dataclasses import replace

from hostile_records import hostile_record

from ifir_eval.records.record import Record


def hostile_pair(hostile: str) -> tuple[Record, Record]:
    """The same retriever twice under two names, the second one a little better on every other topic."""
    record = hostile_record(hostile)
    column = next(iter(record.topics[-1].values))
    rows = [
        replace(
            row,
            topic=row.topic + hostile,
            slices={f"kind{hostile}": f"{'odd' if place % 2 else 'even'}{hostile}"},
        )
        for place, row in enumerate(record.topics)
    ]
    better = [
        replace(row, values={**row.values, column: row.values[column] / 2 + 0.5})
        if place % 2 and column in row.values
        else row
        for place, row in enumerate(rows)
    ]
    retriever = {**record.retriever, "spec": f"other {record.retriever['spec']}"}
    return replace(record, topics=tuple(rows)), replace(record, topics=tuple(better), retriever=retriever)
