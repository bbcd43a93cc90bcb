"""InfoSearch: conditions on a document's audience, format, language … (ACL 2025, arXiv 2410.23841).

Each topic is a core query with one condition, under the authors' three modes: ``original`` without it,
``instructed`` with it, ``reversed`` with its negation. All modes search the subset's whole corpus. The one
contrast is original>instructed, so that p-MRR runs over the documents that are positive in the original and
negative in the instructed mode, as the paper's does; SICR and WISE read all three modes themselves.

Layout read: one hub data set for each subset, with ``corpus.jsonl`` (``_id``, ``title``, ``text``),
``queries.jsonl`` (``_id``, ``text``, ``instruction_og``, ``instruction_changed``, ``instruction_reversed``) and
``qrels_og/test.jsonl``, ``qrels_changed/test.jsonl``, ``qrels_reversed/test.jsonl`` (``query-id``,
``corpus-id``, ``score``). Revisions are those that the authors' code (github.com/EIT-NLP/InfoSearch) names; for
Length it repeats the one of Language, so that none is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from ifir_eval.benchmarks.beir import QUERIES, Ids, Judgements, Known, read_corpus
from ifir_eval.benchmarks.benchmark import ORIGINAL, REVERSED, Benchmark, Contrast, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.notes import dependent
from ifir_eval.benchmarks.reading import FolderReader, Line

NAME = "infosearch"
LICENCE = "none stated"
INSTRUCTED = "instructed"
#: By view: the folder of its judgements and the field of its instruction.
MODES: Mapping[str, tuple[str, str]] = {
    ORIGINAL: ("qrels_og", "instruction_og"),
    INSTRUCTED: ("qrels_changed", "instruction_changed"),
    REVERSED: ("qrels_reversed", "instruction_reversed"),
}
VIEWS = tuple(MODES)
CONTRASTS = (Contrast(ORIGINAL, INSTRUCTED),)
MEASURES = (
    "SICR",
    "WISE",
    "SICR-released",
    "WISE-released",
    "p-MRR",
    "p-MRR-control",
    "p-MRR-net",
    "nDCG@10",
    "MRR@10",
)


class Subset(NamedTuple):
    """One of the six: its hub data set, the commit (empty if none is known) and its size.

    Of topics only the sum is published, 1,598; here it is split as 100 core queries with each condition of the
    subset, the rest keywords. How many of the 6,392 documents belong to a subset no source says.
    """

    dataset: str
    revision: str
    sizes: Sizes

    def release(self, name: str) -> Release:
        """Where the subset called ``name`` is published."""
        address = f"https://huggingface.co/datasets/jianqunZ/{self.dataset}"
        return Release(f"{NAME}-{name}", address, self.revision)


SUBSETS: Mapping[str, Subset] = {
    "audience": Subset("Audience-v1", "9bc73db6f3ca419c3fdb4d98e1f0864411756fc8", Sizes(200)),
    "keyword": Subset("Clarity-v1", "4c1892c874d09877c00243fac16452f3353039aa", Sizes(298)),
    "format": Subset("Format-v1", "63b53c9e117fa16a469026650861db77f25ab823", Sizes(300)),
    "language": Subset("Language-v1", "d4915806662132e118e8df242aee059ef5669578", Sizes(200)),
    "length": Subset("Length-v1", "", Sizes(300)),
    "source": Subset("Source-v1", "67dad8949d168785706d82f93e6794e88c8fcd2e", Sizes(300)),
}


def read_infosearch(folder: Path, subset: str) -> Benchmark:
    """The benchmark of ``subset`` (a key of `SUBSETS`) from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder)
    corpus = read_corpus(reader)
    ids = Ids("query")
    queries = [(query_id, row) for row in reader.rows(QUERIES) if (query_id := ids.take(row, row.text("_id")))]
    known = Known({query_id for query_id, _ in queries}, corpus)
    judgements = {view: _judgements(reader, f"{place}/test.jsonl", known) for view, (place, _) in MODES.items()}
    # The authors' loader leaves out queries without judgements in the original mode.
    topics = tuple(
        _topic(query_id, row, judgements) for query_id, row in queries if query_id in judgements[ORIGINAL]
    )
    reader.check("InfoSearch in")
    published = SUBSETS[subset]
    risen = sum(len(topic.shift(CONTRASTS[0], grade=1).gained) for topic in topics)
    note = f"{risen} documents are positive in instructed mode only; p-MRR counts them, the paper's does not"
    return Benchmark(
        name=f"{NAME}-{subset}",
        version=published.revision[:7] or "v1",
        licence=LICENCE,
        source=published.release(subset).repository,
        corpus=corpus,
        topics=topics,
        measures=MEASURES,
        primary="WISE",
        contrasts=CONTRASTS,
        notes=(
            *published.sizes.notes(len(topics), len(corpus)),
            *dependent((topic.views[ORIGINAL].query for topic in topics), "core queries"),
            *((note,) if risen else ()),
        ),
    ).validated()


def _judgements(reader: FolderReader, file: str, known: Known) -> Judgements:
    judgements: Judgements = {}
    for row in reader.rows(file):
        query, document = row.text("query-id"), row.text("corpus-id")
        grade = _grade(row)
        if query is None or document is None or grade is None:
            continue
        if known.both(reader, (file, row.line), query, document):
            judgements.setdefault(query, {})[document] = grade
    return judgements


def _grade(row: Line) -> int | None:
    score = row.fields.get("score")
    if score in (0, 1):
        return int(score)
    row.report(f"'score' must be 0 or 1, not {score!r}")
    return None


def _topic(query_id: str, row: Line, judgements: Mapping[str, Judgements]) -> Topic:
    query = row.text("text") or ""
    views = {
        view: View(
            id=f"{query_id}-{view}",
            name=view,
            query=query,
            instruction=row.text(field, "") or "",
            judgements=judgements[view].get(query_id, {}),
        )
        for view, (_, field) in MODES.items()
    }
    return Topic(query_id, views)
