"""Measure how well retrieval systems follow instructions.

The public API, loaded when first used::

    from ifir_eval import Options, build, evaluate, load

    record = evaluate(load("mirror"), build("bm25", Options())).record
    print(record.measures["swap-accuracy"])
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
    from ifir_eval.benchmarks.catalog import load
    from ifir_eval.benchmarks.folder import read_folder, write_folder
    from ifir_eval.errors import IfirEvalError
    from ifir_eval.evaluation import Evaluation, evaluate
    from ifir_eval.ranking.run import Hits, Run
    from ifir_eval.records.record import Estimate, Record
    from ifir_eval.records.storage import load_record
    from ifir_eval.retrievers.options import Options
    from ifir_eval.retrievers.retriever import Answer, Identity, Retriever
    from ifir_eval.retrievers.spec import build

_HOMES = {
    "Answer": "retrievers.retriever",
    "Benchmark": "benchmarks.benchmark",
    "Contrast": "benchmarks.benchmark",
    "Document": "benchmarks.benchmark",
    "Estimate": "records.record",
    "Evaluation": "evaluation",
    "Hits": "ranking.run",
    "Identity": "retrievers.retriever",
    "IfirEvalError": "errors",
    "Options": "retrievers.options",
    "Record": "records.record",
    "Retriever": "retrievers.retriever",
    "Run": "ranking.run",
    "Topic": "benchmarks.benchmark",
    "View": "benchmarks.benchmark",
    "build": "retrievers.spec",
    "evaluate": "evaluation",
    "load": "benchmarks.catalog",
    "load_record": "records.storage",
    "read_folder": "benchmarks.folder",
    "write_folder": "benchmarks.folder",
}

__all__ = [
    "Answer",
    "Benchmark",
    "Contrast",
    "Document",
    "Estimate",
    "Evaluation",
    "Hits",
    "Identity",
    "IfirEvalError",
    "Options",
    "Record",
    "Retriever",
    "Run",
    "Topic",
    "View",
    "build",
    "evaluate",
    "load",
    "load_record",
    "read_folder",
    "write_folder",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
