"""The texts of a benchmark: found again by its content, and cut until they fit into a page."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ifir_eval.benchmarks.benchmark import Benchmark, Document
from ifir_eval.errors import IfirEvalError
from ifir_eval.records.record import Record
from ifir_eval.reporting.text import visible

#: Licences under which anybody may pass texts on, as SPDX and the hubs spell them.
OPEN_LICENCES = frozenset(
    "0bsd apache-2.0 bsd-2-clause bsd-3-clause cc-by-3.0 cc-by-4.0 cc-by-sa-3.0 cc-by-sa-4.0 cc0-1.0 mit "
    "odc-by odc-by-1.0".split()
)
LEFT_OUT = "left out (--no-texts)"
_LENGTHS = (4000, 2000, 1000, 700, 500, 350, 250, 180, 120, 80)
"""Characters of a text, from the most that may be shown of long ones to the least that is worth it."""
_NOTE = 200
"""Characters of one value of a document's metadata."""


class Texts(NamedTuple):
    """The benchmark that a record was made on, or None and why its texts are missing."""

    benchmark: Benchmark | None
    missing: str = ""


def find_texts(
    record: Record, load: Callable[[str], Benchmark], names: Sequence[str] = (), *, wanted: bool | None = None
) -> Texts:
    """The benchmark of ``record``: the first of ``names``, or else what its own name brings, of equal content.

    Unless they are ``wanted``, texts under a licence that is not known to let them be passed on are missing.
    """
    benchmark = record.benchmark
    licence = str(benchmark.get("licence") or "none stated")
    if wanted is False:
        return Texts(None, LEFT_OUT)
    if wanted is None and licence.lower().replace(" ", "-") not in OPEN_LICENCES:
        kept = "--texts puts them into a page that you keep to yourself"
        return Texts(None, f"left out, since their licence ({licence}) may not let them be passed on; {kept}")
    reasons = []
    for name in dict.fromkeys([*names, str(benchmark["name"])]):
        try:
            found = load(name)
        except IfirEvalError as error:
            reasons.append(f"{name}: {error}")
            continue
        if not record.complete:
            found = found.limited(int(benchmark["topics"]))
        if found.content_hash == benchmark["content_hash"]:
            return Texts(found)
        reasons.append(f"{name} has other content now ({found.content_hash[:8]})")
    return Texts(None, f"not found ({'; '.join(reasons)}); those of a folder come with --benchmark FOLDER")


class Packed(NamedTuple):
    """Texts by document id as gzip in base64: prose takes a third of the room so, and is read on demand only.

    ``cut`` is the length at which all were cut: None where none was, 0 where there was no room for any.
    """

    documents: str
    cut: int | None


def pack_texts(texts: Texts, documents: Iterable[str], room: int) -> Packed:
    """Title, text and metadata of ``documents``, cut until they take no more than ``room`` bytes."""
    corpus = texts.benchmark.corpus if texts.benchmark else {}
    found = [corpus[document] for document in dict.fromkeys(documents) if document in corpus]
    longest = max((max(len(one.text), len(one.title)) for one in found), default=0)
    for length in (longest, *(length for length in _LENGTHS if length < longest)):
        packed = _pack({one.id: _told(one, length) for one in found})
        if len(packed) <= room:
            return Packed(packed, None if length == longest else length)
    return Packed(_pack({}), 0)


def _pack(told: Mapping[str, Any]) -> str:
    content = json.dumps(written_out(told), ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(gzip.compress(content, mtime=0)).decode()


def _told(document: Document, length: int) -> list[Any]:
    facts = [[name, cut(str(value), _NOTE)] for name, value in document.metadata.items()]
    return [cut(document.title, length), cut(document.text, length), facts]


def cut(text: str, limit: int) -> str:
    """``text``, or its first ``limit`` characters with a word that says so."""
    return text if len(text) <= limit else f"{text[:limit]} … (cut)"


def page_bytes(value: object) -> int:
    """Bytes that ``value`` takes in the page, where ``tojson`` writes five more for each of ``<>&'``."""
    text = json.dumps(written_out(value), ensure_ascii=False, separators=(",", ":"))
    return len(text.encode()) + 5 * sum(map(text.count, "<>&'"))


def written_out(value: Any) -> Any:
    """``value`` with everything that hides or reorders text written out, in all strings of all depths."""
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, Mapping):
        return {visible(str(key)): written_out(each) for key, each in value.items()}
    return [written_out(each) for each in value] if isinstance(value, list | tuple) else value
