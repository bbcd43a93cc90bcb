"""Writing small local copies of published data sets, in their own layouts."""

from __future__ import annotations

import csv
import json
import pickle
from collections.abc import Mapping
from io import StringIO
from pathlib import Path


def write_copy(folder: Path, files: Mapping[str, object]) -> Path:
    """Write ``files`` into ``folder``, each in the format of its suffix; texts as they are."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_encoded(path.suffix, content))
    return folder


def _encoded(suffix: str, content: object) -> bytes:
    if isinstance(content, str):
        return content.encode()
    if suffix == ".pickle":
        return pickle.dumps(content)
    if suffix == ".csv" and isinstance(content, list):
        text = StringIO(newline="")
        writer = csv.DictWriter(text, content[0])
        writer.writeheader()
        writer.writerows(content)
        return text.getvalue().encode()
    if suffix == ".jsonl" and isinstance(content, list):
        return "".join(f"{json.dumps(row)}\n" for row in content).encode()
    return json.dumps(content).encode()
