"""Converted models are kept on disk: a conversion takes longer than many an evaluation."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path

from ifir_eval.encoding.encoder import Setting


def kept(identity: Mapping[str, Setting], convert: Callable[[Path], None]) -> Path:
    """The folder that ``convert`` filled for the model of ``identity``, now or in an earlier run.

    It appears as a whole or not at all; of two processes that convert at once, the first one's stays.
    """
    content = json.dumps(dict(identity), sort_keys=True)
    folders = user_cache_path("ifir-eval") / "converted"
    folder = folders / hashlib.sha256(content.encode()).hexdigest()[:32]
    if folder.is_dir():
        return folder
    folders.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".", dir=folders) as temporary:
        made = Path(temporary) / "model"
        made.mkdir()
        convert(made)
        try:
            made.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise
    return folder
