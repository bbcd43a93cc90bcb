"""A benchmark out of what mteb loaded: checked against the published sizes, every departure noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ifir_eval.benchmarks.benchmark import Benchmark, Document, Topic, View
from ifir_eval.benchmarks.mteb_tasks.shapes import INSTRUCTED, shape_of
from ifir_eval.benchmarks.mteb_tasks.task import Loaded, Selection, load_task
from ifir_eval.benchmarks.notes import dependent, left_out
from ifir_eval.benchmarks.queries import FOLLOWIR_CONTRAST
from ifir_eval.errors import IfirEvalError

#: The family whose pools are "the corpus but for these": BRIGHT's ``excluded_ids``.
_EXCLUDING = "Bright"


def load_mteb(name: str, chosen: Selection, data: Path | None) -> Benchmark:
    """The benchmark called ``name``, which is mteb's task ``chosen``.

    Raises:
        IfirEvalError: as `load_task` does.
        InvalidInputError: listing everything that cannot be measured.
    """
    loaded = load_task(name, chosen, data)
    if odd := [text for text in loaded.queries["text"] if not isinstance(text, str)]:
        raise IfirEvalError(
            f"{name}: its queries are conversations ({type(odd[0]).__name__}), which no view holds"
        )
    corpus = _corpus(loaded)
    shape = shape_of(chosen.task, loaded.main_score)
    excluding = chosen.task.startswith(_EXCLUDING)
    topics = shape.topics(name, _queries(loaded, corpus, excluding=excluding))
    return Benchmark(
        name=name,
        version=loaded.revision[:7],
        licence=loaded.licence,
        source=loaded.repository,
        corpus=corpus,
        topics=topics,
        measures=shape.measures,
        primary=shape.measures[0],
        contrasts=shape.contrasts,
        notes=(
            *_size_notes(loaded),
            *_left_out(loaded, corpus, excluding=excluding),
            *_diff_notes(loaded, topics),
            *dependent((shape.query_of(topic.id) for topic in topics), "queries"),
        ),
    ).validated()


def _corpus(loaded: Loaded) -> dict[str, Document]:
    columns = loaded.documents
    titles = columns.get("title") or [""] * len(columns["id"])
    rows = zip(columns["id"], columns["text"], titles, strict=True)
    documents = (Document(key, text or "", title or "") for key, text, title in rows)
    return {document.id: document for document in documents if document.has_text}


def _queries(loaded: Loaded, corpus: Mapping[str, Document], *, excluding: bool) -> Iterator[View]:
    """The judged queries (mteb leaves the others out as well), their judgements and pools within ``corpus``."""
    columns = loaded.queries
    instructions = columns.get("instruction") or [""] * len(columns["id"])
    for key, text, instruction in zip(columns["id"], columns["text"], instructions, strict=True):
        judged = {doc: grade for doc, grade in loaded.judgements.get(key, {}).items() if doc in corpus}
        if not judged:
            continue
        pools = loaded.top_ranked
        pool = None if pools is None else dict.fromkeys(doc for doc in pools.get(key, ()) if doc in corpus)
        excluded = frozenset({key} & corpus.keys() if loaded.ignores_own_id else ())
        if pool is not None and excluding:
            excluded |= corpus.keys() - pool.keys()
            pool = None
        candidates = None if pool is None else tuple(pool)
        yield View(key, INSTRUCTED, text, instruction or "", judged, candidates, excluded)


def _size_notes(loaded: Loaded) -> Iterator[str]:
    pools = loaded.top_ranked
    sizes = {
        "documents": len(loaded.documents["id"]),
        "queries": len(loaded.queries["id"]),
        "candidates": 0 if pools is None else sum(map(len, pools.values())),
    }
    wrong = [
        f"{sizes[what]:,} {what}, not {published:,}"
        for what, published in loaded.published.items()
        if sizes[what] != published
    ]
    if wrong:
        yield (
            f"this copy is not of the published size (mteb's descriptive statistics): {'; '.join(wrong)}; "
            "its figures do not compare with published ones"
        )


def _left_out(loaded: Loaded, corpus: Mapping[str, Document], *, excluding: bool) -> Iterator[str]:
    documents = dict.fromkeys(loaded.documents["id"])
    yield from left_out("documents", documents, corpus, "they have no text, though mteb ranks them")
    pools = {} if excluding else loaded.top_ranked or {}
    for what, by_query in (("judgements", loaded.judgements), ("candidates", pools)):
        named = (doc for listed in by_query.values() for doc in listed)
        yield from left_out(what, named, corpus, "their documents are absent or empty")


def _diff_notes(loaded: Loaded, topics: tuple[Topic, ...]) -> Iterator[str]:
    """Where FollowIR's list of changed documents, which mteb's p-MRR goes by, is not what judgements say."""
    if loaded.changed is None:
        return
    odd = []
    for topic in topics:
        if all(view in topic.views for view in FOLLOWIR_CONTRAST):
            lost, gained, _ = topic.shift(FOLLOWIR_CONTRAST, 1)
            if gained or set(lost) != set(loaded.changed.get(topic.id, ())):
                odd.append(topic.id)
    if odd:
        yield (
            f"qrel_diff and judgements disagree about the changed documents of {len(odd)} topics, the first of "
            f"them {odd[0]}; p-MRR goes by the judgements, mteb's by qrel_diff"
        )
