"""Small copies of mteb's data sets in the hub's own layout: README.md with its configs, one folder a config."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import pytest
from datasets import Dataset
from huggingface_hub import constants

Rows = Sequence[Mapping[str, Any]]
#: config name -> split name -> rows
Configs = Mapping[str, Mapping[str, Rows]]

TOPICS, DOCUMENTS = 10, 60
_SUBJECTS = (
    "coral reefs|steam engines|sourdough bread|glaciers|jazz pianists|bridges|vaccines|owls|tides|silk".split(
        "|"
    )
)
_ASPECTS = "history|cost|danger|repair|discovery|teaching".split("|")
_PLACES = "Norway|Peru|Japan|Kenya|Canada|Portugal|Chile".split("|")


def _document(number: int) -> dict[str, str]:
    subject, aspect = _SUBJECTS[number % TOPICS], _ASPECTS[number // TOPICS]
    place = _PLACES[number % len(_PLACES)]
    text = f"A report from {place} about the {aspect} of {subject}, with {number} pictures and an interview."
    return {"_id": f"d{number}", "title": f"{subject} in {place}", "text": text}


CORPUS = [_document(number) for number in range(DOCUMENTS)]


def _about(topic: int) -> list[str]:
    return [f"d{number}" for number in range(topic, DOCUMENTS, TOPICS)]


def _qrels(judged: Mapping[str, Mapping[str, int]]) -> Rows:
    return [
        {"query-id": query, "corpus-id": document, "score": grade}
        for query, grades in judged.items()
        for document, grade in grades.items()
    ]


def _narratives() -> dict[str, tuple[str, str]]:
    """FollowIR's queries: id -> (text, instruction), two a topic."""
    found = {}
    for topic, subject in enumerate(_SUBJECTS):
        wide = f"Relevant reports tell of {subject} in any country and in any respect."
        strict = f"{wide} Reports on {_ASPECTS[topic % 6]} or {_ASPECTS[(topic + 1) % 6]} are not relevant."
        found[f"{topic}-og"] = (f"What is known about {subject}?", wide)
        found[f"{topic}-changed"] = (f"What is known about {subject}?", strict)
    return found


def _followir_judgements() -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for topic in range(TOPICS):
        own, others = _about(topic), _about((topic + 1) % TOPICS)[:3]
        lost = {own[topic % 6], own[(topic + 1) % 6]}
        # Graded as News21 is, so that nDCG's gains count.
        judged[f"{topic}-og"] = {doc: 1 + (topic + place) % 4 for place, doc in enumerate(own)} | dict.fromkeys(
            others, 0
        )
        judged[f"{topic}-changed"] = {
            doc: 0 if doc in lost else grade for doc, grade in judged[f"{topic}-og"].items()
        }
    return judged


def _followir_parts() -> dict[str, Rows]:
    judged = _followir_judgements()
    changed = {
        str(topic): [
            doc for doc, grade in judged[f"{topic}-og"].items() if grade != judged[f"{topic}-changed"][doc]
        ]
        for topic in range(TOPICS)
    }
    pool = [document["_id"] for document in CORPUS[:50]]
    narratives = _narratives()
    return {
        "corpus": CORPUS,
        "queries": [{"_id": key, "text": text} for key, (text, _) in narratives.items()],
        "instruction": [{"query-id": key, "instruction": said} for key, (_, said) in narratives.items()],
        "default": _qrels({q: {d: g for d, g in js.items() if d in pool} for q, js in judged.items()}),
        "top_ranked": [{"query-id": key, "corpus-ids": pool} for key in narratives],
        "qrel_diff": [{"query-id": q, "corpus-ids": [d for d in ds if d in pool]} for q, ds in changed.items()],
    }


def followir() -> Configs:
    """Core17, News21 and Robust04: the splits are named as the configs, the judgements' is ``test``."""
    return {name: {"test" if name == "default" else name: rows} for name, rows in _followir_parts().items()}


def mfollowir() -> Configs:
    """All languages in one data set: ``corpus-fas`` and so on."""
    return {
        f"{name}-{language}": {"test" if name == "default" else name: rows}
        for language in ("fas", "rus", "zho")
        for name, rows in _followir_parts().items()
    }


def nevir() -> Configs:
    """Two questions and two passages a topic."""
    queries, corpus, pools = [], [], []
    for topic, subject in enumerate(_SUBJECTS):
        sides = (("common", "rare"), ("rare", "common"))
        for number, (right, wrong) in enumerate(sides, 1):
            text = f"Here {subject} are {right} and were never {wrong}, say those who counted them."
            corpus.append({"_id": f"{topic}-doc{number}", "title": "", "text": text})
            queries.append(
                {"_id": f"{topic}_q{number}", "text": f"Where are {subject} {right} and not {wrong}?"}
            )
            pools.append({"query-id": f"{topic}_q{number}", "corpus-ids": [f"{topic}-doc1", f"{topic}-doc2"]})
    judged = {query["_id"]: {query["_id"].replace("_q", "-doc"): 1} for query in queries}
    return _searchable(corpus, queries, judged) | {"top_ranked": {"test": pools}}


def instructir() -> Configs:
    """Three users' instructions a query, each with its own passage."""
    queries, instructions, judged = [], [], {}
    for topic, subject in enumerate(_SUBJECTS):
        for number in range(1, 4):
            key, document = f"10{topic}_{number}", _about(topic)[number]
            aspect = _ASPECTS[int(document[1:]) // TOPICS]
            queries.append({"_id": key, "text": f"tell me about {subject}"})
            instructions.append(
                {"query-id": key, "instruction": f"I write a book on {aspect} and want sources."}
            )
            judged[key] = {document: 1}
    return _searchable(CORPUS, queries, judged) | {"instruction": {"instruction": instructions}}


def ifir() -> Configs:
    """Three levels of instruction a query; one document is empty, as in IFIRFiQA and IFIRFire."""
    queries, instructions, judged = [], [], {}
    for topic, subject in enumerate(_SUBJECTS):
        for level in range(1, 4):
            key = f"{topic}-v{level}"
            queries.append({"_id": key, "text": f"papers about {subject}"})
            said = " ".join(f"Find those on {_ASPECTS[place]}." for place in range(level))
            instructions.append({"query-id": key, "instruction": said})
            judged[key] = dict.fromkeys(_about(topic)[:level], 1)
    corpus = [*CORPUS, {"_id": "empty", "title": "", "text": " "}]
    return _searchable(corpus, queries, judged) | {"instruction": {"instruction": instructions}}


def bright(*domains: str) -> Configs:
    """Splits are domains; each question excludes the first document about the topic before."""
    examples = [
        {
            "id": str(topic),
            "query": f"Why do {subject} matter?",
            "gold_ids": _about(topic)[:3],
            "gold_ids_long": ["N/A"],
            "excluded_ids": [f"d{topic - 1}"] if topic else ["N/A"],
        }
        for topic, subject in enumerate(_SUBJECTS)
    ]
    documents = [{"id": document["_id"], "content": document["text"]} for document in CORPUS]
    return {
        "documents": dict.fromkeys(domains, documents),
        "examples": dict.fromkeys(domains, examples),
    }


def scifact() -> Configs:
    """A plain search, as BEIR has it."""
    queries = [{"_id": str(topic), "text": f"all about {subject}"} for topic, subject in enumerate(_SUBJECTS)]
    return _searchable(
        CORPUS, queries, {str(topic): dict.fromkeys(_about(topic), 1) for topic in range(TOPICS)}
    )


def _searchable(
    corpus: Rows, queries: Rows, judged: Mapping[str, Mapping[str, int]]
) -> dict[str, Mapping[str, Rows]]:
    return {
        "corpus": {"corpus": corpus},
        "queries": {"queries": queries},
        "default": {"test": _qrels(judged)},
    }


def write_copy(folder: Path, configs: Configs) -> Path:
    """Write ``configs`` as ``hf download`` would leave them; returns ``folder``."""
    header = ["---", "configs:"]
    for config, splits in configs.items():
        header += [f"- config_name: {config}", "  data_files:"]
        for split, rows in splits.items():
            header += [f"  - split: {split}", f"    path: {config}/{split}-*"]
            (folder / config).mkdir(parents=True, exist_ok=True)
            Dataset.from_list(list(rows)).to_parquet(folder / config / f"{split}-00000-of-00001.parquet")
    (folder / "README.md").write_text("\n".join([*header, "---", ""]), encoding="utf-8")
    return folder


_DOMAINS = (
    "biology earth_science economics psychology robotics stackoverflow sustainable_living pony leetcode aops "
    "theoremqa_theorems theoremqa_questions"
).split()
SETS: Mapping[str, Callable[[], Configs]] = {
    **{f"mteb/{source}InstructionRetrieval": followir for source in ("Robust04", "News21", "Core17")},
    "jhu-clsp/mFollowIR-parquet-mteb": mfollowir,
    "jhu-clsp/mFollowIR-cross-lingual-parquet-mteb": mfollowir,
    "mteb/InstructIR-mteb": instructir,
    "orionweller/NevIR-mteb": nevir,
    **{f"if-ir/{name}": ifir for name in "aila cds fiqa fire nfcorpus pm scifact_open".split()},
    "mteb/BRIGHT": partial(bright, *_DOMAINS),
    "mteb/scifact": scifact,
}


def write_copies(folder: Path) -> Path:
    """Write what a user passes as ``--data``: one folder for each data set, under its name on the hub."""
    for name, configs in SETS.items():
        write_copy(folder / name, configs())
    return folder


def keep_apart(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let datasets build in ``cache``, and let no test wait for a network."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", cache)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
