"""The embedded benchmark: hand-written text banks and the generator that composes topics from them."""

from ifir_eval.benchmarks.mirror.generate import PINNED_SEED, load_mirror

__all__ = ["PINNED_SEED", "load_mirror"]
