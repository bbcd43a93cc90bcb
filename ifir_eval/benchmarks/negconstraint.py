"""NegConstraint: queries that exclude something, asked with and without it (NS-IR, ACL 2025 findings).

Each judged query is split by `split` into topic and exclusion, in the authors' words. The view ``bare`` asks
for the topic alone, ``original`` adds the exclusion as instruction; both have the query's one relevant
passage and search the whole corpus. Nothing changes its relevance between the two, so that the contrast
feeds p-MRR-control only: does the right passage fall when the exclusion is said?

Layouts read: the unpacked ``NegConstraint.zip`` (``corpus.jsonl``, ``queries.jsonl``, ``test.tsv``), either in
the folder itself or in ``NegConstraint/`` below it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from ifir_eval.benchmarks import instructed
from ifir_eval.benchmarks.beir import CORPUS, QUERIES, Known, read_corpus, read_judgements
from ifir_eval.benchmarks.benchmark import ORIGINAL, Benchmark
from ifir_eval.benchmarks.fetch import Content, Download, Release
from ifir_eval.benchmarks.instructed import with_and_without
from ifir_eval.benchmarks.queries import read_queries
from ifir_eval.benchmarks.reading import FolderReader

NAME = "negconstraint"
LICENCE = "none stated; passages from Wikipedia (CC BY-SA) and written by a language model"
REVISION = "5490b8487c2c093aab99533c295b203ac9a9fbb7"
QRELS = "test.tsv"
RELEASE = Release(
    name=NAME,
    repository="https://github.com/xgl-git/NS-IR-main",
    revision=REVISION,
    downloads=(
        Download(
            f"https://raw.githubusercontent.com/xgl-git/NS-IR-main/{REVISION}/NegConstraint.zip",
            (
                Content(CORPUS, 2_802_490, "5f67427729d3f601f3aec8fd16e2344f55db2c11fc82d19c81731e2b6113caf5"),
                Content(QUERIES, 73_291, "98a76d0c55b0fe5e31e4eac2b8812f491546e8df2d8907a2abd9c58d1ceb21a5"),
                Content(QRELS, 2_490, "a630c821265925c78722fda97692c6feca018e68f236112c633b23025ec994b4"),
            ),
            archive=1_063_203,
        ),
    ),
)
VIEWS, CONTRASTS = instructed.VIEWS, instructed.CONTRASTS
MEASURES = ("nDCG@10", "MRR@10", "recall@100", "p-MRR-control")

#: "(excluding its OVA adaptations)", "(Exclude specific details about …)"
_IN_PARENTHESES = re.compile(r"\s*\((exclud(?:ing|e)\b[^()]*)\)", re.IGNORECASE)
#: ", but do not mention Moses", " without Denmark", ", excluding X, and how …": up to the end of the sentence
#: or to its next question.
_CLAUSE = re.compile(
    r",?\s+(?:but\s+)?((?:excluding|exclude|not including|avoiding|avoid|without|do not|don't)\b.*?)"
    r"(?=[.?]?$|\?\s|, and how\b)",
    re.IGNORECASE,
)


class Split(NamedTuple):
    """A query in two: what it is about, and what it excludes as sentences of their own."""

    topic: str
    exclusion: str


def split(query: str) -> Split | None:
    """``query`` without its exclusions, and these; None if no exclusion is recognised."""
    exclusions: list[str] = []
    for pattern in (_IN_PARENTHESES, _CLAUSE):
        exclusions += pattern.findall(query)
        query = pattern.sub("", query)
    if not exclusions:
        return None
    return Split(_ended(query), " ".join(_ended(words[0].upper() + words[1:]) for words in exclusions))


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "?", '."')) else f"{sentence}."


def read_negconstraint(folder: Path) -> Benchmark:
    """The benchmark from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder / "NegConstraint" if (folder / "NegConstraint").is_dir() else folder)
    corpus = read_corpus(reader)
    queries = read_queries(reader).lines
    judgements = read_judgements(reader, QRELS, Known({query.id for query in queries}, corpus))
    reader.check("NegConstraint in")
    judged = [query for query in queries if query.id in judgements]
    splits = [(query, split(query.text)) for query in judged]
    topics = tuple(
        with_and_without(query.id, parts.topic, parts.exclusion, judgements[query.id])
        for query, parts in splits
        if parts is not None
    )
    left_out = len(judged) - len(topics)
    note = f"{left_out} of {len(judged)} judged queries have no recognisable exclusion and are left out"
    return Benchmark(
        name=NAME,
        version=REVISION[:7],
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=topics,
        measures=MEASURES,
        primary=f"nDCG@10[{ORIGINAL}]",
        contrasts=CONTRASTS,
        notes=(note,) if left_out else (),
    ).validated()
