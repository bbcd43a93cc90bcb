"""Hub models without a hub: what lies in its cache is used, the rest is explained."""

from __future__ import annotations

from pathlib import Path

import pytest

from ifir_eval.encoding.hub import HubModel
from ifir_eval.errors import RetrieverError

constants = pytest.importorskip("huggingface_hub.constants")

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The hub's cache with one model in it, and no network."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    snapshot = tmp_path / "models--org--model" / "snapshots" / COMMIT
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    refs = tmp_path / "models--org--model" / "refs"
    refs.mkdir()
    (refs / "main").write_text(COMMIT)
    return snapshot


def test_a_cached_model_is_pinned_to_its_commit(cache: Path) -> None:
    assert HubModel("org/model").identity == {"revision": COMMIT}
    assert HubModel("org/model").folder() == cache
    assert HubModel("org/model", COMMIT).folder() == cache


@pytest.mark.parametrize("revision", [None, "f" * 40])
def test_a_model_that_is_not_there_gives_the_remedy(cache: Path, revision: str | None) -> None:
    with pytest.raises(
        RetrieverError, match=r"'org/other' is no folder here.*path of a local folder"
    ) as caught:
        HubModel("org/other", revision).folder()
    assert caught.value.__cause__ is not None
