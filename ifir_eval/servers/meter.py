"""What a server was asked and what it bills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ifir_eval.progress import Advance


@dataclass(slots=True)
class Meter:
    """Counts requests (tries included), tries beyond each first, and tokens as the server counts them.

    ``price`` is for a million tokens. ``listener`` hears of billed tokens as they come. The replies that did
    not say what they took are ``unbilled``; tries that failed may have been billed without anybody saying so.
    """

    price: float | None = None
    requests: int = 0
    retries: int = 0
    tokens: int = 0
    unbilled: int = 0
    listener: Advance | None = None

    def read(self, reply: Any) -> None:
        """Add what ``reply`` says under ``usage``, as OpenAI, Jina, vLLM and llama.cpp do."""
        usage = reply.get("usage") if isinstance(reply, Mapping) else None
        usage = usage if isinstance(usage, Mapping) else {}
        tokens = usage.get("total_tokens", usage.get("prompt_tokens"))
        if not isinstance(tokens, int):
            self.unbilled += 1
            return
        self.tokens += tokens
        if self.listener is not None:
            self.listener(tokens)

    def since(self, before: Meter) -> dict[str, float]:
        """The effort after ``before``; it has a cost if there is a price and every reply said its tokens."""
        tokens = self.tokens - before.tokens
        priced = self.price is not None and self.unbilled == before.unbilled
        return {
            "requests": self.requests - before.requests,
            "retries": self.retries - before.retries,
            "tokens_billed": tokens,
            **({"cost": tokens * (self.price or 0.0) / 1e6} if priced else {}),
        }
