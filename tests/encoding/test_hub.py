"""Hub models without a hub: what lies in its cache is used, the rest is explained."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ifir_eval.encoding.checkpoint import PATTERNS, PICKLES, LocalModel
from ifir_eval.encoding.hub import HubModel, locate
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


def test_a_given_commit_is_the_identity_though_nothing_is_known_of_the_model(cache: Path) -> None:
    assert HubModel("org/other", "f" * 40).identity == {"revision": "f" * 40}


def test_an_adapters_identity_holds_the_commit_of_its_base(cache: Path) -> None:
    """Another base under the same adapter is another model."""
    (cache / "config.json").rename(cache / "adapter_config.json")
    base = cache.parents[2] / "models--org--base"
    (base / "snapshots" / ("b" * 40)).mkdir(parents=True)
    (base / "refs").mkdir()
    (base / "refs" / "main").write_text("b" * 40)
    for revision, commit in ((None, "b" * 40), ("main", "b" * 40), ("c" * 40, "c" * 40)):
        config = {"base_model_name_or_path": "org/base", "revision": revision}
        (cache / "adapter_config.json").write_text(json.dumps(config))
        assert HubModel("org/model").identity == {"revision": COMMIT, "base_revision": commit}


@pytest.mark.parametrize(
    ("allowed", "fetched"),
    [({}, set()), ({"trust_remote_code": True}, {"*.py"}), ({"allow_pickle": True}, {*PICKLES})],
)
def test_code_and_pickles_are_fetched_only_where_they_may_be_read(
    cache: Path, monkeypatch: pytest.MonkeyPatch, allowed: dict[str, bool], fetched: set[str]
) -> None:
    """The hub's client is asked for patterns; a hub that answers cannot be had here."""
    asked: list[str] = []

    def snapshot_download(name: str, *, revision: str, allow_patterns: list[str]) -> str:
        asked.extend(allow_patterns)
        return str(cache)

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    HubModel("org/model", COMMIT, **allowed).folder()
    assert set(asked) == {*PATTERNS} | fetched


def test_code_needs_the_commit_that_was_read() -> None:
    """Trap 9: code of whatever a branch holds today must not run."""
    with pytest.raises(RetrieverError, match="write org/model@ and its hash of 40"):
        HubModel("org/model", trust_remote_code=True)


def test_what_a_user_calls_a_model_is_located_without_a_network(cache: Path) -> None:
    assert locate(str(cache)) == LocalModel(cache)
    assert locate(f"org/model@{COMMIT}", allow_pickle=True) == HubModel("org/model", COMMIT, allow_pickle=True)
    assert locate("bm25") is None
    for wrong, sentence in (("./absent", "no folder"), ("org/model@main", "branches and tags move")):
        with pytest.raises(RetrieverError, match=sentence):
            locate(wrong)
