"""A directory with a small copy of every data set that the catalog loads through mteb."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import hub_copies
import pytest
from hub_copies import Configs, write_copy

_DOMAINS = (
    "biology earth_science economics psychology robotics stackoverflow sustainable_living pony leetcode aops "
    "theoremqa_theorems theoremqa_questions"
).split()
SETS: Mapping[str, Callable[[], Configs]] = {
    **{
        f"mteb/{source}InstructionRetrieval": hub_copies.followir for source in ("Robust04", "News21", "Core17")
    },
    "jhu-clsp/mFollowIR-parquet-mteb": hub_copies.mfollowir,
    "jhu-clsp/mFollowIR-cross-lingual-parquet-mteb": hub_copies.mfollowir,
    "mteb/InstructIR-mteb": hub_copies.instructir,
    "orionweller/NevIR-mteb": hub_copies.nevir,
    **{f"if-ir/{name}": hub_copies.ifir for name in "aila cds fiqa fire nfcorpus pm scifact_open".split()},
    "mteb/BRIGHT": partial(hub_copies.bright, *_DOMAINS),
    "mteb/scifact": hub_copies.scifact,
}


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What datasets builds from a copy goes to the test's folder, and no test waits for a network."""
    import datasets  # noqa: PLC0415 - heavy
    from huggingface_hub import constants  # noqa: PLC0415 - heavy

    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "built")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


@pytest.fixture(scope="session")
def copies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a user passes as ``--data``: one folder for each data set, under its name on the hub."""
    folder = tmp_path_factory.mktemp("copies")
    for name, configs in SETS.items():
        write_copy(folder / name, configs())
    return folder
