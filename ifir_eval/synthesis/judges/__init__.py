"""Who looks at written rows before they are kept, one file a kind."""

from __future__ import annotations

from pathlib import Path

from ifir_eval.synthesis.judges.judge import Judge
from ifir_eval.synthesis.language_model import Hosting, LanguageModel, Sampling, language_model
from ifir_eval.synthesis.prompt import load_prompt

_RERANKERS = ("cross:", "causal:", "rerank:")
_METADATA = "metadata:"


def build_judge(
    spec: str,
    sampling: Sampling,
    hosting: Hosting,
    *,
    prompt: Path | None = None,
    tries: int = 3,
    writer: LanguageModel | None = None,
) -> Judge:
    """The judge that ``spec`` names: metadata:CORPUS, a reranker, or else a language model.

    The ``writer`` judges its own rows if that is who is named: one model in memory does both.

    Raises:
        IfirEvalError: if it cannot be used as written.
    """
    if spec.startswith(_METADATA):
        from ifir_eval.synthesis.judges.metadata import metadata_judge  # noqa: PLC0415  (reads a corpus)

        return metadata_judge(Path(spec.removeprefix(_METADATA)))
    if spec.startswith(_RERANKERS):
        from ifir_eval.retrievers.options import Options  # noqa: PLC0415  (the packages behind it are heavy)
        from ifir_eval.synthesis.judges.reranker import RerankerJudge  # noqa: PLC0415

        options = Options(
            base_url=hosting.base_url if spec.startswith("rerank:") else None,
            concurrency=hosting.concurrency,
            device=hosting.device,
            dtype=hosting.dtype,
            keep_vectors=False,
        )
        return RerankerJudge(spec, options)
    model = writer or language_model(spec, sampling, hosting)
    from ifir_eval.synthesis.judges.llm import LanguageModelJudge  # noqa: PLC0415

    return LanguageModelJudge(model, load_prompt("judge", prompt), tries)
