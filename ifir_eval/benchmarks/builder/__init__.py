"""A swap benchmark out of one's own corpus: its metadata decides, so that every label is exact."""

from ifir_eval.benchmarks.builder.build import Plan, build_benchmark
from ifir_eval.benchmarks.builder.subject import Judged

__all__ = ["Judged", "Plan", "build_benchmark"]
