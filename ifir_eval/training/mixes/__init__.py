"""Mixes: which rows of which sources, how many, and which of them must not be trained on."""

from ifir_eval.training.mixes.budget import Budget, TokenCount
from ifir_eval.training.mixes.draw import Drawn, draw
from ifir_eval.training.mixes.leakage import Screen
from ifir_eval.training.mixes.mix import CONTROLS, EMBEDDED, Mix, Part, read_mix

__all__ = [
    "CONTROLS",
    "EMBEDDED",
    "Budget",
    "Drawn",
    "Mix",
    "Part",
    "Screen",
    "TokenCount",
    "draw",
    "read_mix",
]
