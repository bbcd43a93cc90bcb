"""What a training step costs on one core under plain and under torch's fused attention.

    python perf/attention.py

Rates are tokens a second of processor time, forward and backward, of all-MiniLM-L6-v2 without dropout.
"""

from __future__ import annotations

import time
from contextlib import nullcontext
from typing import Any

import torch

from ifir_eval.training.base import find, load
from ifir_eval.training.recipe import Recipe

BASE = "demo:all-MiniLM-L6-v2"
TOKENS = 2048
STEPS = 3


def main() -> None:
    """Print a line for each length and precision."""
    torch.set_num_threads(1)
    print("length precision  fused  plain  ratio")
    for length in (48, 128, 256, 512):
        for precision in ("bf16", "fp32"):
            fused, plain = (rate(kind, length, precision) for kind in ("sdpa", "eager"))
            print(f"{length:6} {precision:9} {fused:6.0f} {plain:6.0f} {plain / fused:6.2f}")


def rate(attention: str, length: int, precision: str) -> float:
    """Tokens a second of processor time."""
    recipe = Recipe(dropout=0.0)
    model = load(find(BASE, recipe), BASE, recipe).model.train()
    transformer: Any = model[0]
    transformer.auto_model.set_attn_implementation(attention)
    mask = torch.ones(TOKENS // length, length, dtype=torch.long)
    mask[::2, -length // 10 :] = 0
    texts = {"input_ids": torch.randint(1000, 20_000, mask.shape), "attention_mask": mask}

    def step() -> None:
        with torch.autocast("cpu", dtype=torch.bfloat16) if precision == "bf16" else nullcontext():
            vectors = model(dict(texts))["sentence_embedding"].float()
        (vectors @ vectors.T).logsumexp(1).mean().backward()
        model.zero_grad()

    step()
    started = time.process_time()
    for _ in range(STEPS):
        step()
    return STEPS * mask.numel() / (time.process_time() - started)


if __name__ == "__main__":
    main()
