"""Vectors whose content tells whose they are, for the tests of what keeps them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ifir_eval.encoding.encoder import Chunk


def key_of(number: int) -> bytes:
    return hashlib.blake2b(str(number).encode(), digest_size=16).digest()


def keys_of(numbers: Sequence[int]) -> list[bytes]:
    return [key_of(number) for number in numbers]


def chunk_of(numbers: Sequence[int], width: int = 8, ragged: bool = False) -> Chunk:
    """Item ``number`` has ``number`` tokens and, if ragged, ``number % 4`` rows, else one."""
    rows = np.array([number % 4 if ragged else 1 for number in numbers], dtype=np.int64)
    parts = [
        np.random.default_rng(number).normal(size=(count, width))
        for number, count in zip(numbers, rows, strict=True)
    ]
    values = np.concatenate([np.zeros((0, width)), *parts]).astype(np.float32)
    return Chunk(np.arange(len(numbers)), values, rows, np.array(numbers, dtype=np.int64))
