"""CACM: abstracts of the Communications of the ACM, 1958 to 1979, and what readers asked for (SMART, Fox 1983).

A topic is a query with judgements (52 of 64), its only view ``bare``: general retrieval quality, without an
instruction. The whole corpus is searched. Documents are read as they are published, but for the numbers of
citations at their ends.

Layout read: ``cacm.tar.gz`` (an HTML file a document), ``topics.cacm.txt``, ``qrels.cacm.txt``, as in Anserini.
"""

from __future__ import annotations

import re
import tarfile
from collections import defaultdict
from pathlib import Path, PurePosixPath

from ifir_eval.benchmarks.benchmark import BARE, Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.fetch import Content, Download, Release
from ifir_eval.benchmarks.items import Sizes
from ifir_eval.benchmarks.reading import FolderReader

NAME = "cacm"
LICENCE = "none stated; distributed freely for research"
CORPUS, TOPICS, QRELS = "cacm.tar.gz", "topics.cacm.txt", "qrels.cacm.txt"
REVISION = "81e3414573a39ad7433d271c5cadc360bc821945"
_TOOLS = "5b819c1a45c8a0a3ec9426f476694f44a29dfaf3"
_RAW = "https://raw.githubusercontent.com/castorini"
RELEASE = Release(
    name=NAME,
    repository="https://github.com/castorini/anserini",
    revision=REVISION,
    downloads=tuple(
        Download(url, (Content(*content),))
        for url, content in (
            (
                f"{_RAW}/anserini/{REVISION}/src/main/resources/cacm/{CORPUS}",
                (CORPUS, 808_000, "4e318d8920a384dfe11f81410abdc19d96a0e23e5fb7832c385be75c7cb75bf9"),
            ),
            (
                f"{_RAW}/anserini-tools/{_TOOLS}/topics/{TOPICS}",
                (TOPICS, 12_445, "1dc7b94fbf4adeb0c49be44fc6d7802ddc7bc4ad1b869013af10d09b44019799"),
            ),
            (
                f"{_RAW}/anserini-tools/{_TOOLS}/qrels/{QRELS}",
                (QRELS, 14_194, "359f77ee6aab89333745a7f25f56370268a493abe1baff76979ad37a4d5428ef"),
            ),
        )
    ),
)
SIZES = Sizes(52, 3204)
VIEWS = (BARE,)
CONTRASTS: tuple[Contrast, ...] = ()
MEASURES = ("nDCG@10", "MAP@1000", "recall@100")
_CITATIONS = re.compile(r"^\d+\t\d\t\d+", re.MULTILINE)
_TOPIC = re.compile(r"<DOCNO>\s*(\S+)\s*</DOCNO>(.*?)</DOC>", re.DOTALL)
_COLUMNS = 4


def read_cacm(folder: Path) -> Benchmark:
    """The benchmark from ``folder``.

    Raises:
        InvalidInputError: listing every problem of the files.
    """
    reader = FolderReader(folder)
    corpus = _corpus(reader)
    queries = dict(_TOPIC.findall("\n".join(line for _, line in reader.lines(TOPICS))))
    judgements = _judgements(reader, corpus)
    for unknown in judgements.keys() - queries.keys():
        reader.report(f"query {unknown!r} is judged but not asked", QRELS)
    reader.check("CACM in")
    topics = tuple(
        Topic(number, {BARE: View(number, BARE, " ".join(text.split()), "", judgements[number])})
        for number, text in queries.items()
        if number in judgements
    )
    return Benchmark(
        name=NAME,
        version=REVISION[:7],
        licence=LICENCE,
        source=RELEASE.repository,
        corpus=corpus,
        topics=topics,
        measures=MEASURES,
        primary=f"nDCG@10[{BARE}]",
        notes=SIZES.notes(len(topics), len(corpus)),
    ).validated()


def _corpus(reader: FolderReader) -> dict[str, Document]:
    """The documents by id, in the order of the archive."""
    if not reader.has(CORPUS):
        reader.report("the file is missing", CORPUS)
        return {}
    corpus = {}
    try:
        with tarfile.open(reader.folder / CORPUS) as archive:
            for member in archive:
                if (file := archive.extractfile(member)) is not None:
                    name = PurePosixPath(member.name).stem
                    corpus[name] = Document(name, _text(file.read().decode("latin-1")))
    except (tarfile.TarError, OSError, EOFError) as error:
        reader.report(f"cannot be unpacked: {error}", CORPUS)
    return corpus


def _text(page: str) -> str:
    inside = page.partition("<pre>")[2].partition("</pre>")[0]
    return _CITATIONS.split(inside, maxsplit=1)[0].strip()


def _judgements(reader: FolderReader, corpus: dict[str, Document]) -> dict[str, dict[str, int]]:
    # Judgements write CACM-46 for what the archive calls CACM-0046.
    known = {re.sub(r"-0+", "-", name): name for name in corpus}
    judgements: dict[str, dict[str, int]] = defaultdict(dict)
    for number, line in reader.lines(QRELS):
        values = line.split()
        if len(values) != _COLUMNS or not values[-1].isdecimal():
            reader.report("must be query, 0, document and grade", QRELS, number)
        elif corpus and re.sub(r"-0+", "-", values[2]) not in known:
            reader.report(f"document {values[2]!r} is not in {CORPUS}", QRELS, number)
        elif corpus:
            judgements[values[0]][known[re.sub(r"-0+", "-", values[2])]] = int(values[-1])
    return judgements
