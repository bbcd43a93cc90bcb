"""FollowTable: which tables satisfy an instruction about content or schema (arXiv 2605.00400).

Four collections of tables. A topic is a query; ``bare`` asks it alone and all tables on its subject are
relevant, the other views add one instruction each, under which only some of those are: on the scope of the
content (``C1``, ``C2``) or on the schema (``S1`` to ``S3``), the release's ``instruction_type`` 1.1, 1.2, 2.1,
2.2 and 2.3. Not every query has every type. All views search the whole collection; the judged tables are the
release's annotated pool, its ``all_tables``.

Layout read: ``data/<collection>/query_instruction.json`` (a list of ``query``, ``query_positive`` and ``outs``,
each of these with ``instruction``, ``instruction_type``, ``instruction_positive`` and ``all_tables``) and
``data/<collection>/tables/*.txt``, one table a file, whose name is its id. A document is the file's text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from ifir_eval.benchmarks.benchmark import BARE, Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import Item, Sizes, read_items
from ifir_eval.benchmarks.reading import FolderReader

NAME = "followtable"
LICENCE = "none stated"
RELEASE = Release(NAME, "https://github.com/deu05232/FollowTable", "b9e0075957f43a9b24472aa8cbeaba2fb0acca85")
#: Queries and tables, as the README gives them.
COLLECTIONS: Mapping[str, Sizes] = {
    "WQT": Sizes(300, 23_784),
    "WTR": Sizes(60, 9546),
    "TArX": Sizes(97, 11_586),
    "IndusTR": Sizes(216, 13_258),
}
#: By the first two numbers of ``instruction_type``.
TYPES: Mapping[str, str] = {"1.1": "C1", "1.2": "C2", "2.1": "S1", "2.2": "S2", "2.3": "S3"}
VIEWS = (BARE, *TYPES.values())
CONTRASTS = tuple(Contrast(BARE, view) for view in TYPES.values())
MEASURES = ("IRS", "p-MRR", "p-MRR-control", "p-MRR-net", "nDCG@10", "recall@100")


def name_of(collection: str) -> str:
    """What the benchmark over ``collection`` is called."""
    return f"{NAME}-{collection.lower()}"


def read_followtable(folder: Path, collection: str) -> Benchmark:
    """The benchmark over ``collection`` (a key of `COLLECTIONS`) from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder / "data" / collection)
    corpus = _tables(reader)
    topics = tuple(_topic(item) for item in read_items(reader, "query_instruction.json"))
    reader.check("FollowTable in")
    asked = {view for topic in topics for view in topic.views}
    return Benchmark(
        name=name_of(collection),
        version=RELEASE.revision[:7],
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=topics,
        measures=MEASURES,
        primary="IRS",
        contrasts=tuple(contrast for contrast in CONTRASTS if contrast.after in asked),
        partial_contrasts=True,
        notes=COLLECTIONS[collection].notes(len(topics), len(corpus)),
    ).validated()


def _tables(reader: FolderReader) -> dict[str, Document]:
    corpus: dict[str, Document] = {}
    for path in sorted((reader.folder / "tables").glob("*.txt")):
        try:
            corpus[path.name] = Document(path.name, path.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            reader.report("not UTF-8 text", f"tables/{path.name}")
    if not corpus:
        reader.report("there is no table", "tables")
    return corpus


def _topic(item: Item) -> Topic:
    topic_id, query = str(item.line), item.text("query") or ""
    on_subject = item.texts("query_positive")
    instructed: dict[str, View] = {}
    pool: set[str] = set()
    for out in _outs(item):
        view = TYPES.get((out.text("instruction_type") or "")[:3])
        if view is None or view in instructed:
            out.report(f"'instruction_type' must be one of {', '.join(TYPES)}, each once for a query")
            continue
        tables = out.texts("all_tables")
        pool.update(tables)
        judgements = _judgements(tables, out.texts("instruction_positive"))
        instruction = out.text("instruction") or ""
        instructed[view] = View(f"{topic_id}-{view}", view, query, instruction, judgements)
    bare = View(f"{topic_id}-{BARE}", BARE, query, "", _judgements(sorted(pool), on_subject))
    return Topic(topic_id, {BARE: bare, **instructed})


def _outs(item: Item) -> list[Item]:
    """The instructions of a query; their problems are reported under its number."""
    outs = item.fields.get("outs")
    if isinstance(outs, list) and all(isinstance(out, dict) for out in outs):
        return [Item(item.reader, item.file, item.line, out) for out in outs]
    item.report("'outs' must be a list of objects")
    return []


def _judgements(pool: Iterable[str], positive: Iterable[str]) -> dict[str, int]:
    return dict.fromkeys(pool, 0) | dict.fromkeys(positive, 1)
