"""Records in which everything that a user, a file or a model names carries hostile text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from record_examples import MINILM, NOTE, estimate, facets, mirror

from ifir_eval.records.record import Record

HOSTILE = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</style><svg onload=alert(1)>",
    "\"' onclick=alert(1) x='",
    "javascript:alert(1)",
    "{{ 7 * 7 }}{% raw %}",
    "]]><!--",
    "\x00\x1b[31m\x7f\u202egnp.exe\u2066\u200b\ufeff\ud800",
)
# Names of measures and what is counted are the program's own words.
OWN = {"primary", "measure_facts", "topics", "documents", "relevant_grade"}


def spoiled(value: Any, hostile: str) -> Any:
    """``value`` with ``hostile`` after every string in it, keys included."""
    if isinstance(value, str):
        return value + hostile
    if isinstance(value, dict):
        return {spoiled(key, hostile): spoiled(each, hostile) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(spoiled(each, hostile) for each in value)
    return value


def hostile_record(hostile: str) -> Record:
    """A record that says ``hostile`` wherever it says anything."""
    record = facets(1)
    slices = {
        name + hostile: {value + hostile: estimates for value, estimates in values.items()}
        for name, values in mirror(1).slices.items()
    }
    facts = {
        name: {**known, "summary": known["summary"] + hostile}
        for name, known in record.benchmark["measure_facts"].items()
    }
    benchmark = {
        key: value if key in OWN else spoiled(value, hostile) for key, value in record.benchmark.items()
    }
    retriever = {
        **{key: MINILM[key] + hostile for key in ("spec", "kind")},
        "settings": spoiled(MINILM["settings"], hostile),
        "example": {"view": f"method{hostile}", "text": f"Find papers similar to this one.{hostile}"},
    }
    return replace(
        record,
        harness=record.harness + hostile,
        benchmark={**benchmark, "measure_facts": facts},
        retriever=retriever,
        slices=slices,
        measures={**record.measures, f"nDCG@10[view{hostile}]": estimate([0.5, 0.7])},
        missing_queries=(f"q1{hostile}",),
        warnings=(NOTE + hostile, f"3 queries were cut: the instruction is what was lost{hostile}"),
        counts={f"queries_truncated{hostile}": 3},
        timing=spoiled(dict(record.timing), hostile),
        environment={**spoiled(dict(record.environment), hostile), "command": f"a command{hostile}"},
    )
