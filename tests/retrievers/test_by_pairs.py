"""Rerankers answer benchmarks: the instruction reaches them, and every pair is scored once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_benchmarks import TEXTS, benchmark

from ifir_eval.benchmarks.benchmark import Benchmark
from ifir_eval.benchmarks.catalog import load
from ifir_eval.encoding.checkpoint import LocalModel
from ifir_eval.encoding.encoder import Pair, Role
from ifir_eval.encoding.settings import ModelSettings
from ifir_eval.errors import InstructionIgnoredError, MissingPackageError, RetrieverError
from ifir_eval.evaluation import evaluate
from ifir_eval.progress import silent
from ifir_eval.ranking.order import rank
from ifir_eval.retrievers import causal_reranker, cross_encoder
from ifir_eval.retrievers.by_pairs import ByPairs
from ifir_eval.retrievers.lexical import BM25
from ifir_eval.retrievers.options import Options

pytest.importorskip("sentence_transformers")

from small_rerankers import save_causal_reranker, save_cross_encoder, words_of

from ifir_eval.encoding.cross_encoder import CrossEncoder

KINDS = {"cross": cross_encoder.build, "causal": causal_reranker.build}


@pytest.fixture(scope="module")
def mirror() -> Benchmark:
    whole = load("mirror").limited(1)
    return replace(whole, measures=("p-MRR", "swap-accuracy"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, mirror: Benchmark) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("rerankers")
    texts = [*words_of(mirror), *words_of(benchmark())]
    return {
        "cross": save_cross_encoder(root / "ms-marco-tiny", texts),
        "causal": save_causal_reranker(root / "Qwen3-Reranker-tiny", texts),
    }


def reranker(folders: dict[str, Path], kind: str, cache: Path, **options: Any) -> ByPairs:
    folder = str(folders[kind])
    return KINDS[kind](f"{kind}:{folder}", folder, Options(device="cpu", cache=cache, **options))


@pytest.mark.parametrize("kind", KINDS)
def test_the_instruction_reaches_a_reranker(
    kind: str, folders: dict[str, Path], mirror: Benchmark, tmp_path: Path
) -> None:
    """Trap 3: rerankers that look for the instruction on the document side had a p-MRR of exactly 0.000."""
    record = evaluate(mirror, reranker(folders, kind, tmp_path)).record
    assert record.measures["p-MRR"].value != 0
    deaf = reranker(folders, kind, tmp_path, template="{query}")
    with pytest.raises(InstructionIgnoredError, match="does not reach the retriever"):
        evaluate(mirror, deaf)
    views = mirror.topics[0].views
    hits = deaf.answer(mirror, silent).run.hits
    assert np.array_equal(hits[views["original"].id].scores, hits[views["reversed"].id].scores)


@pytest.mark.parametrize("kind", KINDS)
def test_a_second_run_scores_nothing_and_answers_the_same(
    kind: str, folders: dict[str, Path], mirror: Benchmark, tmp_path: Path
) -> None:
    cold, warm = (reranker(folders, kind, tmp_path).answer(mirror, silent) for _ in range(2))
    pairs = cold.counts["pairs"]
    assert (cold.effort, warm.effort) == ({"pairs_computed": pairs}, {"pairs_computed": 0})
    assert warm.counts == cold.counts
    assert all(
        np.array_equal(hits.scores, warm.run.hits[query].scores) for query, hits in cold.run.hits.items()
    )


def test_every_candidate_has_the_scorers_own_score(folders: dict[str, Path], tmp_path: Path) -> None:
    hits = reranker(folders, "cross", tmp_path).answer(benchmark(), silent).run.hits["q-original"]
    scorer = CrossEncoder(LocalModel(folders["cross"]), ModelSettings(device="cpu"))
    pairs = [Pair("choir concerts Only free concerts.", TEXTS[document]) for document in ("d1", "d2", "d3")]
    expected = {
        hits.documents[int(place)]: score
        for chunk in scorer.encode(pairs, Role.PAIR, range(3))
        for place, score in zip(chunk.items, chunk.values[:, 0], strict=True)
    }
    assert hits.documents == ("d1", "d2", "d3")
    np.testing.assert_allclose(hits.scores, [expected[document] for document in hits.documents], atol=1e-5)


def test_without_candidates_or_first_stage_the_remedy_is_told(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(RetrieverError, match=r"too slow for the whole corpus of 'choirs'.*--first-stage bm25"):
        reranker(folders, "cross", tmp_path).answer(benchmark(candidates=None), silent)


@pytest.mark.parametrize("candidates", [None, tuple(TEXTS)])
def test_the_first_stages_best_are_reranked_and_the_others_stay_below(
    candidates: tuple[str, ...] | None, folders: dict[str, Path], tmp_path: Path
) -> None:
    asked = benchmark(candidates=candidates)
    first = rank(BM25.build("bm25", "", Options()).answer(asked, silent).run.hits["q-original"]).documents
    every = reranker(folders, "cross", tmp_path).answer(benchmark(candidates=tuple(TEXTS)), silent)
    alone = dict(zip(*_columns(every.run.hits["q-original"]), strict=True))
    answer = reranker(folders, "cross", tmp_path, first_stage="bm25", depth=2).answer(asked, silent)
    order = rank(answer.run.hits["q-original"]).documents
    assert order == (*sorted(first[:2], key=lambda document: -alone[document]), *first[2:])
    assert answer.counts["pairs"] == len(
        {(query, text) for query, hits in answer.run.hits.items() for text in rank(hits).documents[:2]}
    )


def _columns(hits: Any) -> tuple[tuple[str, ...], list[float]]:
    return hits.documents, hits.scores.tolist()


def test_excluded_documents_are_neither_scored_nor_ranked(folders: dict[str, Path], tmp_path: Path) -> None:
    asked = benchmark()
    topic = asked.topics[0]
    views = {name: replace(view, excluded=frozenset({"d2"})) for name, view in topic.views.items()}
    asked = replace(asked, topics=(replace(topic, views=views),))
    for first_stage in (None, "bm25"):
        answer = reranker(folders, "cross", tmp_path, first_stage=first_stage).answer(asked, silent)
        assert answer.run.hits["q-original"].documents == ("d1", "d3")
        assert answer.counts["pairs"] == 4


def test_the_identity_holds_first_stage_and_depth(folders: dict[str, Path], tmp_path: Path) -> None:
    staged = reranker(folders, "cross", tmp_path, first_stage="bm25", depth=7).identity
    assert staged.kind == "cross"
    assert staged.settings["first_stage"] == "bm25"
    assert staged.settings["first_stage.k1"] == 1.5
    assert staged.settings["depth"] == 7
    others: list[dict[str, Any]] = [
        {"first_stage": "bm25", "depth": 8},
        {"first_stage": "random:0", "depth": 7},
        {},
        {"max_length": 64},
    ]
    assert len({repr(reranker(folders, "cross", tmp_path, **each).identity) for each in others}) == len(others)
    assert (
        reranker(folders, "cross", tmp_path, batch_tokens=64).identity
        == reranker(folders, "cross", tmp_path).identity
    )


def test_what_was_cut_is_counted_and_said(folders: dict[str, Path], tmp_path: Path) -> None:
    """96 tokens: beside a short query only the long document is cut, a long instruction always."""
    long = "choir concerts in churches and halls " * 40
    texts = {"d1": long, "d2": "Soil.", "d3": "The choir."}
    asked = benchmark(texts, instructions={"original": "Only free ones.", "long": long, "bare": ""})
    answer = reranker(folders, "cross", tmp_path).answer(asked, silent)
    names = ("pairs", "pairs_truncated", "queries_truncated", "instructions_truncated", "max_length")
    assert [answer.counts[name] for name in names] == [9, 5, 1, 1, 96]
    assert answer.warnings == (
        "5 of 9 pairs are longer than 96 tokens, and their documents were cut",
        "1 of 3 queries are too long even so and were cut; 1 of them lost part of their instruction",
    )


def test_options_that_cannot_reach_a_reranker_are_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(RetrieverError, match="a reranker takes no --pooling, --adapter, --backend"):
        reranker(folders, "cross", tmp_path, pooling="mean", adapter="org/a", backend="onnx")


def test_a_missing_package_is_named(folders: dict[str, Path], tmp_path: Path, monkeypatch: Any) -> None:
    """The package is here, so it has to be hidden."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match="sentence-transformers"):
        reranker(folders, "cross", tmp_path)


def test_a_spec_without_a_model_is_refused() -> None:
    with pytest.raises(RetrieverError, match="'cross:' names no model; after the colon write org/model"):
        cross_encoder.build("cross:", "", Options())


def test_a_causal_model_reads_its_authors_instruction_where_a_view_has_none(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    bare = next(benchmark(instructions={"bare": ""}).views())
    rendered = reranker(folders, "causal", tmp_path).render(bare)
    assert rendered == (
        "<Instruct>: Given a web search query, retrieve relevant passages that answer the query\n"
        "<Query>: choir concerts"
    )
    followir = causal_reranker.build("x", "jhu-clsp/FollowIR-7B", Options(cache=tmp_path))
    assert followir.render(bare) == "choir concerts"


def test_a_folder_may_bring_its_own_prompt(folders: dict[str, Path], tmp_path: Path) -> None:
    """A checkpoint's folder is seldom called as its family is."""
    folder = tmp_path / "checkpoint-500"
    folder.symlink_to(folders["causal"])
    with pytest.raises(
        RetrieverError, match=r"its name is none of FollowIR-\.\*, Qwen3-Reranker-\.\*; write its"
    ):
        causal_reranker.reranker_for(str(tmp_path / "checkpoint-501"))
    own = tmp_path / "own"
    own.mkdir()
    for file in folders["causal"].iterdir():
        (own / file.name).symlink_to(file)
    (own / "reranker.toml").write_text(
        'prompt = "Q: {query} D: {document} A:"\nrelevant = "true"\nirrelevant = "false"\nmax_length = 128\n'
    )
    model = reranker({"causal": own}, "causal", tmp_path / "cache")
    assert model.identity.settings["prompt"] == "Q: {query} D: {document} A:"
    assert model.answer(benchmark(), silent).counts["max_length"] == 128
    (own / "reranker.toml").write_text('prompt = "Q: {query} D: {document} A:"\n')
    with pytest.raises(
        RetrieverError, match=r"reranker\.toml: a reranker's prompt lacks relevant, irrelevant, max"
    ):
        causal_reranker.reranker_for(str(own))
