"""``benchmark.toml``: what a benchmark folder says about itself. All of its keys may be left out."""

from __future__ import annotations

import difflib
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic
from ifir_eval.benchmarks.reading import FolderReader, json_name

MANIFEST = "benchmark.toml"


@dataclass(frozen=True, slots=True)
class Manifest:
    """The keys of ``benchmark.toml``; their meaning is that of `Benchmark`'s fields of the same names.

    ``primary`` is a measure, or one of its columns such as ``nDCG@10[original]``.
    """

    name: str = ""
    version: str = ""
    licence: str = "unknown"
    source: str = ""
    primary: str = ""
    measures: tuple[str, ...] = ()
    contrasts: tuple[Contrast, ...] = ()
    relevant_grade: int = 1
    partial_contrasts: bool = False
    notes: tuple[str, ...] = ()
    is_limited: bool = False

    def toml(self) -> str:
        """The file's text."""
        return "".join(f"{key} = {_toml(getattr(self, key))}\n" for key in KEYS)

    def benchmark(self, corpus: Mapping[str, Document], topics: tuple[Topic, ...]) -> Benchmark:
        """The benchmark that this manifest describes."""
        return Benchmark(corpus=corpus, topics=topics, **{key: getattr(self, key) for key in KEYS})


KEYS = tuple(field.name for field in fields(Manifest))


def manifest_of(benchmark: Benchmark) -> Manifest:
    """What ``benchmark`` says about itself."""
    return Manifest(**{key: getattr(benchmark, key) for key in KEYS})


def read_manifest(reader: FolderReader) -> Manifest:
    """The folder's manifest; the defaults where the file or a key is absent or faulty (which is reported)."""
    if not reader.has(MANIFEST):
        return Manifest()
    try:
        text = (reader.folder / MANIFEST).read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except ValueError as error:
        line = re.search(r"at line (\d+)", str(error))
        reader.report(f"not valid TOML: {error}", MANIFEST, int(line[1]) if line else None)
        return Manifest()
    return Manifest(**_checked(reader, values))


def key_line(reader: FolderReader, key: str) -> int | None:
    """The line in which the manifest sets ``key``; None where it does not, or is absent."""
    if not reader.has(MANIFEST):
        return None
    text = (reader.folder / MANIFEST).read_text(encoding="utf-8-sig", errors="replace")
    found = re.search(rf"^[ \t]*[\"']?{re.escape(key)}[\"']?[ \t]*=", text, flags=re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None


def _checked(reader: FolderReader, values: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in KEYS:
            near = difflib.get_close_matches(key, KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"existing: {', '.join(KEYS)}"
            reader.report(f"there is no key {key!r}; {hint}", MANIFEST, key_line(reader, key))
        elif fault := _fault(key, value):
            reader.report(f"{key!r} {fault}", MANIFEST, key_line(reader, key))
        elif key == "contrasts":
            checked[key] = tuple(Contrast(*pair) for pair in value)
        else:
            checked[key] = tuple(value) if isinstance(value, list) else value
    return checked


def _fault(key: str, value: object) -> str:
    """What is wrong with the ``value`` of ``key``; empty if nothing is."""
    match key:
        case "measures" | "notes":
            return "" if _strings(value) else "must be a list of strings"
        case "contrasts":
            good = isinstance(value, list) and all(_two_views(pair) for pair in value)
            return "" if good else "must be a list of two views each, as in [['original', 'changed']]"
        case "relevant_grade":
            good = type(value) is int and value >= 1
            return "" if good else "must be a whole number of at least 1"
        case _:
            kind = bool if key in {"partial_contrasts", "is_limited"} else str
            return "" if type(value) is kind else f"must be {json_name(kind)}, not {json_name(type(value))}"


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _two_views(pair: object) -> bool:
    match pair:
        case [str(before), str(after)]:
            return before != after
        case _:
            return False


def _toml(value: object) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's strings, numbers and booleans are TOML's, but for one character that JSON leaves unescaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
