"""A language model as judge: asked about each passage by itself whether it fits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ifir_eval.servers.completion import Complete
from ifir_eval.servers.server import RefusedTextError
from ifir_eval.synthesis.answers import yes_or_no
from ifir_eval.synthesis.asking import Asker, RefusalError
from ifir_eval.synthesis.judges.judge import Claim, Finding, Judging
from ifir_eval.synthesis.language_model import PROBE, LanguageModel
from ifir_eval.synthesis.prompt import Prompt


class LanguageModelJudge:
    """Agrees where ``model`` says yes to the positive, and no to each passage that is to break it."""

    def __init__(self, model: LanguageModel, prompt: Prompt, tries: int) -> None:
        self._model = model
        self._prompt = prompt
        self._tries = tries

    @property
    def identity(self) -> Mapping[str, Any]:
        """The model and its prompt."""
        return {**self._model.identity, "prompt": self._prompt.source, "tries": self._tries}

    @contextmanager
    def session(self) -> Iterator[Judging]:
        """See `Judge.session`."""
        with self._model.session() as complete:
            complete(PROBE)
            yield lambda claim: self._find(claim, complete)

    def _find(self, claim: Claim, complete: Complete) -> Finding:
        asker = Asker(complete, self._tries)
        positive, *others = (self._fits(asker, claim, text) for text in (claim.row.positive, *claim.breaking))
        breaking = tuple(None if fits is None else not fits for fits in others)
        return Finding.of(claim, positive, breaking, effort=asker.effort)

    def _fits(self, asker: Asker, claim: Claim, passage: str) -> bool | None:
        row = claim.row
        prompt = self._prompt.render(query=row.query, instruction=row.instruction, passage=passage)
        try:
            return asker.ask(prompt, yes_or_no)
        except (RefusalError, RefusedTextError):
            return None
