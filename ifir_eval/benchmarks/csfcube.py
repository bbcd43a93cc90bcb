"""CSFCube: which papers are similar to this one in background, method or result? (arXiv 2103.12906).

A topic is a query paper, its views are the facets under which experts judged the very same pool of papers
(grades 0 to 3, the adjudicated ones; relevant from 2). The query is the paper's title and abstract, the
instruction one sentence of ours that names the facet. 34 papers under 50 facets; 16 papers have two facets,
between which 212 judgements differ.

All six ordered pairs of facets are contrasts, as none comes first. Both directions of a pair say the same
about p-MRR and the swap family, while p-MRR-control cancels to exactly 0 whatever the retriever does. So
neither it nor p-MRR-net is measured here: p-MRR counts rises and falls with opposite signs, which is its
guard against damage, and swap accuracy leads, since neither ignorance (0) nor noise (0.25) can raise it.

Layouts read: the official release (``abstracts-csfcube-preds.jsonl``, ``test-pid2anns-csfcube-<facet>.json``)
and the same with the abstracts in ``corpus.jsonl``; both give ``paper_id``, ``title`` and the sentences of
``abstract``.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import permutations
from pathlib import Path

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.reading import FolderReader, Line

NAME = "csfcube"
LICENCE = "CC BY-NC 4.0"
RELEASE = Release(
    name=NAME,
    repository="https://github.com/iesl/CSFCube",
    revision="7ffe012c1d92c470f185fc086086caf5b8e05ef3",
)
INSTRUCTIONS: Mapping[str, str] = {
    "background": "Find papers that are similar in their background: the problem they address and its setting.",
    "method": "Find papers that are similar in their method: how they go about solving their problem.",
    "result": "Find papers that are similar in their result: what they find, show or conclude.",
}
VIEWS = tuple(INSTRUCTIONS)
CONTRASTS = tuple(Contrast(*pair) for pair in permutations(VIEWS, 2))
MEASURES = (
    "swap-accuracy",
    "topic-lock",
    "follow-rate",
    "swap-margin",
    "pairwise-accuracy",
    "p-MRR",
    "nDCG@10",
    "nDCG@20",
    "MAP@1000",
    "robustness@10",
)
CORPUS_FILES = ("abstracts-csfcube-preds.jsonl", "corpus.jsonl")

Grades = Mapping[str, int]


def read_csfcube(folder: Path, instructions: Mapping[str, str] = INSTRUCTIONS) -> Benchmark:
    """The benchmark from ``folder``, with ``instructions`` by facet.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder)
    papers = _papers(reader)
    grades: dict[str, dict[str, Grades]] = {}
    for facet in VIEWS:
        for paper, judged in _annotations(reader, facet, papers).items():
            grades.setdefault(paper, {})[facet] = judged
    for paper, facets in grades.items():
        if len({frozenset(judged) for judged in facets.values()}) > 1:
            reader.report(f"paper {paper!r} is judged over different pools under its facets")
    reader.check("CSFCube in")
    return Benchmark(
        name=NAME,
        version=RELEASE.revision[:7],
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=papers,
        topics=tuple(_topic(papers[paper], facets, instructions) for paper, facets in grades.items()),
        measures=MEASURES,
        primary="swap-accuracy",
        contrasts=CONTRASTS,
        relevant_grade=2,
        partial_contrasts=True,
    ).validated()


def _papers(reader: FolderReader) -> dict[str, Document]:
    file = next((name for name in CORPUS_FILES if reader.has(name)), CORPUS_FILES[0])
    papers: dict[str, Document] = {}
    for row in reader.rows(file):
        paper, title = row.text("paper_id"), row.text("title")
        if paper is not None and title is not None:
            papers[paper] = Document(paper, _abstract(row), title)
    return papers


def _abstract(row: Line) -> str:
    sentences = row.fields.get("abstract")
    if isinstance(sentences, list) and all(isinstance(sentence, str) for sentence in sentences):
        return " ".join(sentences)
    row.report("'abstract' must be a list of sentences")
    return ""


def _annotations(reader: FolderReader, facet: str, papers: Mapping[str, Document]) -> dict[str, Grades]:
    """The adjudicated grades of one facet by query paper; a query paper never judges itself."""
    file = f"test-pid2anns-csfcube-{facet}.json"
    content = reader.document(file)
    judged: dict[str, Grades] = {}
    for paper, pool in content.items() if isinstance(content, dict) else ():
        match pool:
            case {"cands": [*ids], "relevance_adju": [*grades]} if len(ids) == len(grades) and _whole(grades):
                judged[paper] = {doc: grade for doc, grade in zip(ids, grades, strict=True) if doc != paper}
            case _:
                reader.report(f"paper {paper!r} needs 'cands' and a grade for each in 'relevance_adju'", file)
        for unknown in sorted({paper, *judged.get(paper, ())} - papers.keys()) if papers else ():
            reader.report(f"paper {unknown!r} has no abstract", file)
    return judged


def _whole(grades: list[object]) -> bool:
    return all(type(grade) is int for grade in grades)


def _topic(paper: Document, facets: Mapping[str, Grades], instructions: Mapping[str, str]) -> Topic:
    views = {
        facet: View(
            id=f"{paper.id}_{facet}",
            name=facet,
            query=f"{paper.title} {paper.text}",
            instruction=instructions[facet],
            judgements=grades,
            candidates=tuple(sorted(grades)),
        )
        for facet, grades in facets.items()
    }
    return Topic(paper.id, views)
