"""What the topics are about: judged queries, or pairs of words that stand together in documents."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, islice
from pathlib import Path
from random import Random
from typing import NamedTuple

from ifir_eval.benchmarks.beir import Ids, Known, read_judgements
from ifir_eval.benchmarks.builder.corpus import Source
from ifir_eval.benchmarks.builder.words import Words
from ifir_eval.benchmarks.reading import FolderReader

LEAST_TOGETHER = 12
"""Documents in which the two words of a topic must stand together."""

_MOST_COMMON = 0.02
"""Share of the documents above which a word is no topic, in a large corpus."""

_BEST = 40
"""Documents on a drawn topic that a pool may show, best first by BM25: the others mention it in passing."""

_RAREST = 20
"""Words of a document that are tried as a topic, rarest first."""


class Subject(NamedTuple):
    """A query, the documents on its topic that a pool may show, sorted, and all that are ``on_topic``."""

    id: str
    query: str
    documents: tuple[str, ...]
    on_topic: frozenset[str]


class Judged(NamedTuple):
    """The files of existing judgements, both in BEIR's layout."""

    queries: Path
    qrels: Path


def judged_subjects(reader: FolderReader, files: Judged, source: Source) -> list[Subject]:
    """The queries that have a document judged above 0: these documents are on topic.

    Faults of the files are reported to ``reader``.
    """
    ids = Ids("query")
    texts = {}
    for row in reader.rows(str(files.queries)):
        query, text = ids.take(row, row.text("_id")), row.text("text")
        if text is not None and not text.strip():
            row.report("the query has no text")
        if query and text:
            texts[query] = text
    judgements = read_judgements(reader, str(files.qrels), Known(texts, source.documents))
    on_topic = {
        query: tuple(sorted(document for document, grade in judged.items() if grade > 0))
        for query, judged in judgements.items()
    }
    return [
        Subject(query, text, on_topic[query], frozenset(on_topic[query]))
        for query, text in texts.items()
        if on_topic.get(query)
    ]


def _akin(first: str, second: str) -> bool:
    """Whether two stems look like forms of one word, as those of "talkie" and "talking" do."""
    return first[:4] == second[:4]


def drawn_subjects(source: Source, words: Words, rng: Random) -> Iterator[Subject]:
    """Topics of a corpus without queries: two words of a document drawn at random.

    They are those among its rare words that stand together far more often than by chance. A document is on
    topic if it holds both, whatever else it says: a rule as exact as the metadata. No word serves twice.
    """
    too_common = max(_MOST_COMMON * len(source.documents), 10 * LEAST_TOGETHER)
    used: set[str] = set()
    for seed in rng.sample(list(source.documents), len(source.documents)):
        spoken = words.spoken(seed)
        often = {stem: len(words.holding(stem)) for stem in spoken if stem not in used}
        fitting = [stem for stem, count in often.items() if LEAST_TOGETHER <= count <= too_common]
        rarest = sorted(fitting, key=lambda stem: (often[stem], stem))[:_RAREST]
        together = {
            pair: len(words.holding(pair[0]) & words.holding(pair[1])) for pair in combinations(rarest, 2)
        }
        pairs = [pair for pair, count in together.items() if count >= LEAST_TOGETHER and not _akin(*pair)]
        if not pairs:
            continue
        first, second = max(pairs, key=lambda pair: together[pair] / (often[pair[0]] * often[pair[1]]))
        used |= {first, second}
        on_topic = frozenset(words.holding(first) & words.holding(second))
        query = " ".join(word for stem, word in spoken.items() if stem in {first, second})
        best = islice((document for document in words.ranked(query) if document in on_topic), _BEST)
        yield Subject(f"{first}-{second}", query, tuple(sorted(best)), on_topic)
