"""Converted models are kept on disk: a conversion takes longer than many an evaluation."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from ifir_eval.encoding.cache import HALF_CONVERTED
from ifir_eval.files import writing


def kept(folder: Path, convert: Callable[[Path], None]) -> Path:
    """``folder``, which ``convert`` filled now or in an earlier run; the folder above it is there.

    It appears as a whole or not at all; of two processes that convert at once, the first one's stays.

    Raises:
        IfirEvalError: if it cannot be written.
    """
    if folder.is_dir():
        with suppress(OSError):  # another user's cache may be read
            os.utime(folder)  # tells `ifir-eval cache prune` that it is of use
        return folder
    with writing(folder.parent), TemporaryDirectory(prefix=HALF_CONVERTED, dir=folder.parent) as temporary:
        made = Path(temporary) / "model"
        made.mkdir()
        convert(made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder
