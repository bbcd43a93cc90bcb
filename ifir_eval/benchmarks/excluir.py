"""ExcluIR: queries that say what they do not want (arXiv 2404.17288), built from HotpotQA.

Each topic has the two supporting documents of a HotpotQA question: under the view ``bare``, that question, both
are relevant; under ``excluding``, the annotators' query that wants one and refuses the other, only the former.
The exclusion is part of that query, so that neither view has an instruction; both search the whole corpus.
``right-rank`` here compares full rankings; the authors' script cuts them at 10 and calls a pair wrong where
neither document is among them.

Layout read: ``corpus.json`` (a list of texts; a document's id is its place in it, from 0) and
``test_manual_final.json``, in the folder itself or in ``src/data`` below it. The fields are named as the
release's README does (``question0``, ``RQ_rewrite``, ``corpus_sub_index``) or as its scripts do (``ExcluQ``,
``index``); both say the refused document first. The files are in a Google Drive folder, in no repository.
"""

from __future__ import annotations

from pathlib import Path

from ifir_eval.benchmarks.benchmark import BARE, Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Release
from ifir_eval.benchmarks.items import Item, Sizes, read_items
from ifir_eval.benchmarks.reading import FolderReader

NAME = "excluir"
LICENCE = "none stated; passages from Wikipedia (CC BY-SA)"
RELEASE = Release(NAME, "https://github.com/zwh-sdu/ExcluIR", "60478dd6897b180eb103394af9f6e69814de65d0")
BY_HAND = "its corpus.json and test_manual_final.json are in the Google Drive folder that its README links"
CORPUS = "corpus.json"
QUERIES = "test_manual_final.json"
#: The corpus size is stated by no source that we could read.
SIZES = Sizes(3452)
EXCLUDING = "excluding"
VIEWS = (BARE, EXCLUDING)
CONTRASTS = (Contrast(BARE, EXCLUDING),)
MEASURES = (
    "right-rank",
    "violations@10",
    "p-MRR",
    "p-MRR-control",
    "p-MRR-net",
    "nDCG@10",
    "MRR@10",
    "recall@100",
)


def read_excluir(folder: Path) -> Benchmark:
    """The benchmark from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    below = folder / "src" / "data"
    reader = FolderReader(below if (below / CORPUS).is_file() else folder)
    corpus = _corpus(reader)
    topics = tuple(_topic(item, len(corpus)) for item in read_items(reader, QUERIES))
    reader.check("ExcluIR in")
    return Benchmark(
        name=NAME,
        version="2024",
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=topics,
        measures=MEASURES,
        primary="right-rank",
        contrasts=CONTRASTS,
        notes=SIZES.notes(len(topics), len(corpus)),
    ).validated()


def _corpus(reader: FolderReader) -> dict[str, Document]:
    texts = reader.document(CORPUS)
    if isinstance(texts, list) and all(isinstance(text, str) for text in texts):
        return {str(place): Document(str(place), text) for place, text in enumerate(texts)}
    if texts is not None:
        reader.report("must be a list of strings", CORPUS)
    return {}


def _topic(item: Item, documents: int) -> Topic:
    topic_id = str(item.line)
    question = item.text("question0") or ""
    query = item.text("RQ_rewrite" if "RQ_rewrite" in item.fields else "ExcluQ") or ""
    refused, wanted = _pair(item, documents)
    both = {wanted: 1, refused: 1}
    return Topic(
        topic_id,
        {
            BARE: View(f"{topic_id}-{BARE}", BARE, question, "", both),
            EXCLUDING: View(f"{topic_id}-{EXCLUDING}", EXCLUDING, query, "", both | {refused: 0}),
        },
    )


def _pair(item: Item, documents: int) -> tuple[str, str]:
    """The ids of the refused and the wanted document."""
    key = "corpus_sub_index" if "corpus_sub_index" in item.fields else "index"
    match item.fields.get(key):
        case [int(refused), int(wanted)] if refused != wanted:
            for unknown in {refused, wanted} - set(range(documents)) if documents else ():
                item.report(f"document {unknown} is not in {CORPUS}")
            return str(refused), str(wanted)
    item.report(f"{key!r} must be the places of two documents: the refused, then the wanted one")
    return "", ""
