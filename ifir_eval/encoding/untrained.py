"""Weights that a checkpoint lacks are drawn at random, and the library only logs it: here it is refused."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ifir_eval.errors import RetrieverError

POOLER = ("pooler.",)
"""No vector of an encoder passes it: BERT's pooling layer, which many checkpoints leave out."""

_LOADERS = (
    "transformers.modeling_utils",
    "transformers.integrations.peft",
    "sentence_transformers.base.model",
)
_TALK = ("LOAD REPORT", "Converting SentenceTransformer", "model found with name")
"""What is no news to the user: our own checks refuse what must not be loaded, and say why."""

_ROW = re.compile(r"^\s*(\S.*?)\s*\|\s*(?:MISSING|MISMATCH)\b", re.MULTILINE)
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@contextmanager
def refusing_untrained(folder: Path, unused: Sequence[str] = POOLER) -> Iterator[None]:
    """Refuse what is loaded inside, if some of its weights are not in the checkpoint.

    Names with a part in ``unused`` may be missing: what they compute is not used.

    Raises:
        RetrieverError: naming one of them.
    """
    reports: list[str] = []
    try:
        with ExitStack() as stack:
            for name in _LOADERS:
                stack.enter_context(_intercepted(logging.getLogger(name), reports))
            yield
    finally:  # of weights in another shape, the library also raises an error
        rows = _ROW.findall("\n".join(reports))
        missing = [name for name in rows if not any(part in name for part in unused)]
        if missing:
            raise RetrieverError(
                f"{folder} lacks weights that the model needs, such as {missing[0]!r}: they would be random, "
                "and its scores with them; is it of another kind (see `ifir-eval models`), or does it need "
                "--trust-remote-code?"
            )


@contextmanager
def _intercepted(logger: logging.Logger, reports: list[str]) -> Iterator[None]:
    """Keep what ``logger`` says about a checkpoint that does not fit its model, and print nothing of it.

    It says so however quiet the user wants `transformers` (``TRANSFORMERS_VERBOSITY=error``).
    """

    def keep(record: logging.LogRecord) -> bool:
        said = record.getMessage()
        if is_talk := any(part in said for part in _TALK):
            reports.append(_COLOUR.sub("", said))
        return not is_talk and record.levelno >= level

    level, own_level = logger.getEffectiveLevel(), logger.level
    logger.addFilter(keep)
    if level > logging.WARNING:
        logger.setLevel(logging.WARNING - 1)  # at WARNING itself, transformers 5.23 talks of tensor parallelism
    try:
        yield
    finally:
        logger.setLevel(own_level)
        logger.removeFilter(keep)
