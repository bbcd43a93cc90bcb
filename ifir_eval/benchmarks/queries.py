"""``queries.jsonl``: each line one view of a topic; without ``topic`` and ``view``, BEIR's or FollowIR's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ifir_eval.benchmarks.beir import QUERIES, Ids, Judgements
from ifir_eval.benchmarks.benchmark import BARE, Contrast, Topic, View, view_name_fault
from ifir_eval.benchmarks.reading import FolderReader, Line

KEYS = ("_id", "topic", "view", "text", "instruction", "slices", "excluded", "metadata")
FOLLOWIR_VIEWS = {"-og": "original", "-changed": "changed"}
FOLLOWIR_CONTRAST = Contrast("original", "changed")


class Query(NamedTuple):
    """One line of the file."""

    row: Line
    id: str
    topic: str
    view: str
    text: str
    instruction: str
    slices: Mapping[str, str]
    excluded: frozenset[str]


class Queries(NamedTuple):
    """The lines of the file; ``is_beir`` where none of them says topic or view."""

    lines: tuple[Query, ...]
    is_beir: bool

    @property
    def is_followir(self) -> bool:
        """Whether ids were read as FollowIR's."""
        return self.is_beir and any(line.view in FOLLOWIR_VIEWS.values() for line in self.lines)


def read_queries(reader: FolderReader) -> Queries:
    """All queries of the folder in the order of the file."""
    rows = list(reader.rows(QUERIES))
    is_beir = not any("topic" in row.fields or "view" in row.fields for row in rows)
    ids = Ids("query")
    lines = (_query(row, ids, is_beir=is_beir) for row in rows)
    if not rows and reader.has(QUERIES):
        reader.report("there is no query", QUERIES)
    return Queries(tuple(line for line in lines if line is not None), is_beir)


def _query(row: Line, ids: Ids, *, is_beir: bool) -> Query | None:
    if not is_beir and (unknown := [key for key in row.fields if key not in KEYS]):
        row.report(f"unknown fields {', '.join(map(repr, unknown))}; existing: {', '.join(KEYS)}")
    query_id = ids.take(row, row.text("_id"))
    text, instruction, slices = row.text("text"), row.text("instruction", ""), _slices(row)
    if text is not None and not text.strip():
        row.report("the query has no text")
    topic, view = _by_id(query_id or "") if is_beir else (row.text("topic"), row.text("view"))
    if query_id is None or topic is None or view is None:
        return None
    if not topic.strip():
        row.report("'topic' is empty")
    if fault := view_name_fault(view):
        row.report(fault)
    return Query(row, query_id, topic, view, text or "", instruction or "", slices, row.strings("excluded"))


def _by_id(query_id: str) -> tuple[str, str]:
    for suffix, view in FOLLOWIR_VIEWS.items():
        if query_id.endswith(suffix) and query_id != suffix:
            return query_id.removesuffix(suffix), view
    return query_id, BARE


def _slices(row: Line) -> Mapping[str, str]:
    slices = row.mapping("slices")
    if odd := [name for name, value in slices.items() if not isinstance(value, str)]:
        row.report(f"the values of 'slices' must be strings, but not so {', '.join(map(repr, odd))}")
    return {name: value for name, value in slices.items() if isinstance(value, str)}


def build_topics(
    queries: Sequence[Query], judgements: Judgements, candidates: Mapping[str, Sequence[str]] | None
) -> tuple[Topic, ...]:
    """The topics in order of first appearance; reports views that come twice and slices that disagree."""
    grouped: dict[str, list[Query]] = {}
    for query in queries:
        grouped.setdefault(query.topic, []).append(query)
    topics = []
    for topic_id, lines in grouped.items():
        views: dict[str, View] = {}
        for query in lines:
            if query.view in views:
                query.row.report(f"topic {topic_id!r} has the view {query.view!r} already")
            pool = None if candidates is None else tuple(candidates.get(query.id, ()))
            if pool == ():
                query.row.report(f"query {query.id!r} has no candidates; name some, or none for all queries")
            judged = judgements.get(query.id, {})
            views[query.view] = View(
                query.id, query.view, query.text, query.instruction, judged, pool, query.excluded
            )
        topics.append(Topic(topic_id, views, _agreed_slices(topic_id, lines)))
    return tuple(topics)


def _agreed_slices(topic_id: str, lines: Sequence[Query]) -> Mapping[str, str]:
    agreed: dict[str, str] = {}
    for query in lines:
        for name, value in query.slices.items():
            if (first := agreed.setdefault(name, value)) != value:
                query.row.report(f"topic {topic_id!r} has the slice {name} = {first!r} already, not {value!r}")
    return agreed
