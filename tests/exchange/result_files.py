"""mteb's result files in each of their layouts, with figures that mteb published (CC0), cut to what is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: FollowIR-7B on News21.
BEFORE_1_11: dict[str, Any] = {
    "dataset_revision": "e0144086b45fe31ac125e9ac1a83b6a409bb6ca6",
    "mteb_dataset_name": "News21InstructionRetrieval",
    "mteb_version": "1.7.32",
    "test": {"evaluation_time": 11509.81, "p-MRR": 0.06261598925651},
}
#: bge-m3 on Core17. Its ``original`` MAP lies below its ``changed`` one, as in all 158 files of the layout.
INDIVIDUAL: dict[str, Any] = {
    "dataset_revision": "e39ff896cf3efbbdeeb950e6bd7c79f266995b07",
    "evaluation_time": 79.03231739997864,
    "kg_co2_emissions": 0.006010955016387321,
    "mteb_version": "1.12.75",
    "scores": {
        "test": [
            {
                "hf_subset": "default",
                "individual": {
                    "changed": {"map_at_1000": 0.25196, "ndcg_at_10": 0.34241, "ndcg_at_5": 0.3222},
                    "original": {"map_at_1000": 0.13089, "ndcg_at_10": 0.15264, "ndcg_at_5": 0.11875},
                },
                "languages": ["eng-Latn"],
                "main_score": -0.012533158568791294,
                "p-MRR": -0.012533158568791294,
            }
        ]
    },
    "task_name": "Core17InstructionRetrieval",
}
#: BidirLM-0.6B-Embedding on Core17. mteb writes NaN, which JSON does not have.
OG_CHANGED: dict[str, Any] = {
    "dataset_revision": "7030c7efc3585d9020f243b12862997889243b78",
    "task_name": "Core17InstructionRetrieval",
    "mteb_version": "2.7.24",
    "scores": {
        "test": [
            {
                "ndcg_at_5": 0.40114,
                "map_at_1000": 0.28865,
                "nauc_recall_at_1000_max": float("nan"),
                "p-MRR": 0.023515,
                "og": {
                    "ndcg_at_5": 0.49593,
                    "ndcg_at_10": 0.48257,
                    "map_at_1000": 0.34307,
                    "recall_at_100": float("nan"),
                },
                "changed": {"ndcg_at_5": 0.30635, "ndcg_at_10": 0.31329, "map_at_1000": 0.23423},
                "main_score": 0.023515,
                "hf_subset": "default",
                "languages": ["eng-Latn"],
            }
        ]
    },
    "evaluation_time": 79.29202651977539,
    "kg_co2_emissions": None,
}
#: SearchMap_Preview on two languages of mFollowIR, under its name of mteb 1.
MULTILINGUAL: dict[str, Any] = {
    "dataset_revision": "7a82814a53229d3c8f18b2e18762a1a959dc5ff6",
    "task_name": "mFollowIRCrossLingualInstructionRetrieval",
    "mteb_version": "1.36.10",
    "scores": {
        "test": [
            {
                "p-MRR": -0.010188,
                "individual": {"original": {"map_at_1000": 0.07261}, "changed": {"map_at_1000": 0.06875}},
                "main_score": -0.010188,
                "hf_subset": "eng-fas",
                "languages": ["eng-Latn", "fas-Arab"],
            },
            {
                "p-MRR": 0.039586,
                "individual": {"original": {"map_at_1000": 0.10286}, "changed": {"map_at_1000": 0.09502}},
                "main_score": 0.039586,
                "hf_subset": "eng-rus",
                "languages": ["eng-Latn", "rus-Cyrl"],
            },
        ]
    },
    "evaluation_time": 24029.865223407745,
}


def written(body: Mapping[str, Any], folder: Path, model: str, revision: str = "abc") -> Path:
    """The path of ``body`` as a file in mteb's folders for the results of ``model``."""
    name = body.get("task_name") or body["mteb_dataset_name"]
    file = folder / model.replace("/", "__") / revision / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(body), encoding="utf-8")
    return file
