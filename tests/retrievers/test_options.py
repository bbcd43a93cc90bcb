"""Options are checked as a whole before anything is built."""

from __future__ import annotations

import pytest

from ifir_eval.errors import RetrieverError
from ifir_eval.retrievers.options import Options


def test_all_wrong_options_are_reported_at_once() -> None:
    with pytest.raises(RetrieverError) as caught:
        Options(template="{text}", max_length=0, batch_tokens=-1, dtype="float8")
    sentences = str(caught.value).splitlines()
    assert len(sentences) == 4
    for part in ("{text}", "maximum length is 0", "tokens of a batch is -1", "float32, float16, bfloat16"):
        assert part in str(caught.value)
