"""Recipe-MPR: recipe requests with several wishes, five options each (SIGIR 2023; D3M lab, Toronto).

A topic is one request and its only view, ``original``, the request itself: wishes and query are one sentence,
so that there is no instruction beside it and no contrast. Its five options are the candidates, one of them is
right. Slices say by query type (Specific, Commonsense, Negated, Analogical, Temporal) whether it applies.

Layout read: ``data/500QA.json``, a list of objects with ``query``, ``query_type`` (type -> 0 or 1), ``options``
(recipe id -> description) and ``answer`` (recipe id). The same recipe is described in other words for other
requests, so that a document is the option of one request.
"""

from __future__ import annotations

from pathlib import Path

from ifir_eval.benchmarks.benchmark import ORIGINAL, Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import Item, Sizes, read_items
from ifir_eval.benchmarks.reading import FolderReader

NAME = "recipe-mpr"
LICENCE = "none stated; recipes from FoodKG"
RELEASE = Release(NAME, "https://github.com/D3Mlab/Recipe-MPR", "a097b23964204826c92a6a766b15057a3c0b9607")
FILE = "data/500QA.json"
OPTIONS = 5
SIZES = Sizes(500, 500 * OPTIONS)
VIEWS = (ORIGINAL,)
CONTRASTS: tuple[Contrast, ...] = ()
#: Precision at 1 is nDCG@1 here, as one option is right.
MEASURES = ("nDCG@1", "MRR@10")


def read_recipe_mpr(folder: Path) -> Benchmark:
    """The benchmark from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the file.
    """
    reader = FolderReader(folder)
    corpus: dict[str, Document] = {}
    topics = []
    for item in read_items(reader, FILE):
        options = _options(item)
        corpus.update((document.id, document) for document in options.values())
        topics.append(_topic(item, options))
    reader.check("Recipe-MPR in")
    return Benchmark(
        name=NAME,
        version=RELEASE.revision[:7],
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=tuple(topics),
        measures=MEASURES,
        primary="nDCG@1",
        contrasts=CONTRASTS,
        notes=SIZES.notes(len(topics), len(corpus)),
    ).validated()


def _options(item: Item) -> dict[str, Document]:
    """The options by recipe id."""
    options = item.mapping("options")
    if len(options) != OPTIONS or not all(isinstance(text, str) for text in options.values()):
        item.report(f"'options' must give {OPTIONS} recipes with their descriptions")
        return {}
    return {recipe: Document(f"{item.line}-{recipe}", text) for recipe, text in options.items()}


def _topic(item: Item, options: dict[str, Document]) -> Topic:
    answer = item.text("answer")
    if options and answer is not None and answer not in options:
        item.report(f"the answer {answer!r} is none of the options")
    view = View(
        id=str(item.line),
        name=ORIGINAL,
        query=(item.text("query") or "").strip(),
        instruction="",
        judgements={document.id: int(recipe == answer) for recipe, document in options.items()},
        candidates=tuple(document.id for document in options.values()),
    )
    slices = {kind: "yes" if applies else "no" for kind, applies in item.mapping("query_type").items()}
    return Topic(str(item.line), {ORIGINAL: view}, slices)
