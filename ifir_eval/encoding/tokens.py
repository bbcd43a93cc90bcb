"""What a tokenizer is told to do beyond its own configuration."""

from __future__ import annotations

from typing import Any

from ifir_eval.errors import RetrieverError


def append_eos(tokenizer: Any) -> None:
    """Let ``tokenizer`` (of `transformers`) end every text with its end-of-text token.

    The token is added by the tokenizer's post-processor: it is counted, and truncation leaves room for it.
    A tokenizer that already ends texts with a special token is left as it is.

    Raises:
        RetrieverError: if the tokenizer has no such token, or is not a fast one.
    """
    text = "a"
    if tokenizer(text)["input_ids"][-1:] != tokenizer(text, add_special_tokens=False)["input_ids"][-1:]:
        return
    token, backend = tokenizer.eos_token, getattr(tokenizer, "backend_tokenizer", None)
    if token is None or backend is None:
        reason = "has no end-of-text token" if token is None else "is not a fast one"
        raise RetrieverError(f"no end-of-text token can be appended: the model's tokenizer {reason}")
    from tokenizers.processors import Sequence, TemplateProcessing  # noqa: PLC0415  (needed here only)

    closing = TemplateProcessing(
        single=["$A", token], pair=["$A", "$B", token], special_tokens=[(token, tokenizer.eos_token_id)]
    )
    before = backend.post_processor
    backend.post_processor = Sequence([before, closing]) if before else closing
