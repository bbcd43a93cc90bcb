"""Weights that a checkpoint lacks are drawn at random, and the library only logs it: here it is refused."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ifir_eval.errors import RetrieverError

_LOGGER = "transformers.modeling_utils"
_ROW = re.compile(r"^\s*([\w.{}, *-]+?)\s*\|\s*(?:MISSING|MISMATCH)\b", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_UNUSED = ("pooler.",)
"""No vector passes it: BERT's pooling layer, which many checkpoints leave out."""


class _Reports(logging.Handler):
    """Keeps what `transformers` says about a checkpoint that does not fit its model."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.text += _COLOUR.sub("", record.getMessage()) + "\n"


@contextmanager
def refusing_untrained(folder: Path) -> Iterator[None]:
    """Refuse what is loaded inside, if some of its weights are not in the checkpoint.

    Raises:
        RetrieverError: naming one of them.
    """
    reports, logger = _Reports(), logging.getLogger(_LOGGER)
    logger.addHandler(reports)
    try:
        yield
    finally:
        logger.removeHandler(reports)
    rows = _ROW.findall(reports.text)
    missing = [name for name in rows if not any(part in name for part in _UNUSED)]
    if missing:
        raise RetrieverError(
            f"{folder} lacks weights that the model needs, such as {missing[0]!r}: they would be random, and "
            "its scores with them; is it of another kind (see `ifir-eval models`), or does it need "
            "--trust-remote-code?"
        )
