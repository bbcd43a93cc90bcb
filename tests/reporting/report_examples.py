"""Results folders of small real evaluations, for the report's tests."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from hostile_records import HOSTILE

from ifir_eval.benchmarks.benchmark import Benchmark, Contrast, Document, Topic, View
from ifir_eval.benchmarks.catalog import load
from ifir_eval.campaign import store
from ifir_eval.evaluation import evaluate
from ifir_eval.records.record import TopicValues
from ifir_eval.records.storage import DOCUMENTS
from ifir_eval.reporting.report.sources import Source
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build

MEASURES = ("swap-accuracy", "topic-lock", "p-MRR", "nDCG@10")
LONG = "long " * 200_000
"""A megabyte in one line."""


def few(topics: int = 24) -> Benchmark:
    """The first topics of mirror-dev, taken for a whole benchmark."""
    return replace(load("mirror-dev").limited(topics), is_limited=False)


def evaluated(folder: Path, benchmark: Benchmark, specs: Sequence[str], command: str = "") -> list[Source]:
    """The records of ``specs`` on ``benchmark``, stored as `run` stores them."""
    sources = []
    for number, spec in enumerate(specs):
        evaluation = evaluate(benchmark, build(spec, Options()), measures=MEASURES)
        place = folder / str(number) / "benchmark"
        sources.append(Source(store(place, evaluation, command), place))
    return sources


def multiplied(source: Source, benchmark: Benchmark, folder: Path, topics: int) -> tuple[Source, Benchmark]:
    """``source`` and ``benchmark`` again and again, topics and documents each time under other names."""
    lines = (source.folder / DOCUMENTS).read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    corpus: dict[str, Document] = {}
    asked: list[Topic] = []
    values: list[TopicValues] = []
    folder.mkdir(parents=True)
    with (folder / DOCUMENTS).open("w", encoding="utf-8") as out:
        for time in range(-(-topics // len(benchmark.topics))):
            corpus |= {
                f"{old}-{time}": replace(one, id=f"{old}-{time}") for old, one in benchmark.corpus.items()
            }
            asked += [replace(topic, id=f"{topic.id}-{time}") for topic in benchmark.topics]
            values += [replace(row, topic=f"{row.topic}-{time}") for row in source.record.topics]
            for row in rows:
                renamed = {part: f"{row[part]}-{time}" for part in ("topic", "document")}
                out.write(json.dumps(row | renamed) + "\n")
    record = replace(source.record, topics=tuple(values[:topics]))
    return Source(record, folder), replace(benchmark, corpus=corpus, topics=tuple(asked[:topics]))


def data_of(html: str, kind: str = "data") -> Any:
    """What a report's page holds of its first benchmark: its topics, or the ``texts`` of their documents."""
    found = re.search(rf'<script type="application/json" class="{kind}">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found[1])


def runnable(hostile: str) -> str:
    """``hostile`` such that the page tells if it ran, without what no benchmark can hold (a lone surrogate)."""
    return hostile.replace("alert(1)", "window.ran=1").replace("\ud800", "")


def hostile_benchmark() -> Benchmark:
    """A topic for each hostile string, which stands in all its texts and names; one text is a megabyte long."""
    texts = [runnable(hostile) for hostile in HOSTILE]
    corpus: dict[str, Document] = {}
    topics = []
    for place, hostile in enumerate(texts):
        tight = re.sub(r"[\s\0]", "", hostile)  # ids stand in TREC files
        ids = [f"{side}{place}{tight}" for side in ("was", "is", "stays", "never")]
        for id_ in ids:
            text = LONG if place == 0 and id_ == ids[0] else f"A text. {hostile}"
            corpus[id_] = Document(id_, text, f"Title {hostile}", {f"key {hostile}": hostile})
        views = {
            name: View(
                id=f"{name}{place}{tight}",
                name=name,
                query=f"query {hostile}",
                instruction=f"{name} words {hostile}",
                judgements={ids[side]: 1, ids[1 - side]: 0, ids[2]: 1, ids[3]: 0},
                candidates=tuple(ids),
            )
            for side, name in enumerate(("first</script><svg/onload=window.ran=1>", "second'\"&"))
        }
        topics.append(Topic(f"topic {place} {hostile}", views, {f"slice {hostile}": f"value {hostile}"}))
    return Benchmark(
        name="hostile",
        version="1",
        licence="MIT",
        source=texts[0],
        corpus=corpus,
        topics=tuple(topics),
        measures=MEASURES,
        primary="swap-accuracy",
        contrasts=(Contrast(*topics[0].views),),
        notes=tuple(texts),
    )
