"""A retriever whose model a server runs: says what that took, and what nobody can know."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ifir_eval.benchmarks.benchmark import Benchmark, View
from ifir_eval.progress import Progress
from ifir_eval.retrievers.by_pairs import summed
from ifir_eval.retrievers.retriever import Answer, Identity, Retriever

if TYPE_CHECKING:
    from ifir_eval.servers.client import Client


class Served:
    """Answers as ``retriever`` does, which asks its model through ``client``."""

    def __init__(self, retriever: Retriever, client: Client) -> None:
        self._retriever = retriever
        self._client = client

    @property
    def identity(self) -> Identity:
        """That of the retriever: server, model and settings, without a revision."""
        return self._retriever.identity

    def render(self, view: View) -> str | None:
        """As the retriever does."""
        return self._retriever.render(view)

    def answer(self, benchmark: Benchmark, progress: Progress) -> Answer:
        """The retriever's answer, with requests, retries, billed tokens and cost among its effort.

        While it works, a bar without an end counts the tokens as they are billed.
        """
        server, meter = self._client.server, self._client.meter
        before = replace(meter)
        price = "" if meter.price is None else f" at {meter.price:g} a million"
        with progress(f"tokens billed by {server.host}{price}", total=0) as advance:
            meter.listener = advance
            answer = self._retriever.answer(benchmark, progress)
        warning = (
            f"the model runs at {server.host}, which names no revision and may change it without notice; "
            "what it cuts off texts that are too long cannot be seen"
        )
        return replace(
            answer,
            warnings=(*answer.warnings, warning),
            effort=summed(answer.effort, meter.since(before)),
        )
